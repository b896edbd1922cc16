"""Tables of a study, as text for people and for spreadsheets."""
import csv
import io
from typing import Any, Dict, Iterator, List, Optional, Sequence

from .evidence import Evidence
from .statistics import Comparison
from .summary import COUNTS, MAIN, METRICS, Group, Line, summarise

NOTHING = '-'
SMALLEST_P = 0.001


def render_tables(evidence: Evidence, part: str = 'all') -> str:
    """Tables in Markdown.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.
        part (str): ``'table'`` for same-domain and cross-domain, ``'domains'``
            for one table per test, ``'all'`` for both, the key of one group
            (``'same'``, ``'cross'`` or a test), or ``'about'`` for a sentence
            on how the numbers came about. Defaults to ``'all'``.

    Returns:
        str: One or several tables with headings.

    Raises:
        ValueError: If there is no such part.
    """
    if part == 'about':
        return describe_runs(evidence)
    main, domains = summarise(evidence)
    parts = dict(table=main, domains=domains, all=[*main, *domains])
    groups = parts.get(
        part, [group for group in (*main, *domains) if group.key == part])
    if not groups:
        known = ['about', *parts, *_keys(main), *_keys(domains)]
        raise ValueError(
            f'no table {part!r} in the study {evidence["study"]}; expected '
            f'one of {", ".join(known)}')
    return '\n\n'.join(_render_group(group) for group in groups)


def describe_runs(evidence: Evidence) -> str:
    """How the numbers came about.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.

    Returns:
        str: Number of trainings, their time, machines, versions, commits.
    """
    entries = {
        (entry['key'], seed): entry
        for row in evidence['rows'].values()
        for seed, entry in row['runs'].items()
    }
    seconds = sum(entry['seconds'] for entry in entries.values())
    trained = [entry for entry in entries.values() if entry['iterations']]
    commits = sorted({
        entry['commit'] or 'unknown'
        for entry in entries.values()
    })
    machines, versions = [], []
    for about in evidence['circumstances']:
        machine, packages = about['machine'], about['versions']
        name = machine['device'] if machine['cuda'] else machine['cpu']
        machines.append(f'{name} ({machine["torch_threads"]} thread a run)')
        versions.append(f'torch {packages["torch"]}')
    return (f'{len(trained)} trainings and their tests, {seconds / 3600:.1f} '
            f'hours of one process on {_listed(machines)}; '
            f'{_listed(versions)}; commit {_listed(commits)}.')


def to_csv(evidence: Evidence) -> str:
    """Every number of every table, one line per row and group.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.

    Returns:
        str: With a line of headings.
    """
    records = list(to_records(evidence))
    text = io.StringIO()
    writer = csv.DictWriter(
        text, fieldnames=list(records[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def to_records(evidence: Evidence) -> Iterator[Dict[str, Any]]:
    """The same as plain values, for JSON.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.

    Yields:
        dict: Scores in percent, unrounded; None for what is not known.
    """
    main, domains = summarise(evidence)
    for group in (*main, *domains):
        for line in group.lines:
            record = dict(
                group=group.key, row=line.name, num_seeds=len(line.seeds))
            for column in METRICS:
                mean, spread = line.mean(column)
                record.update({column: mean, f'{column}_sd': spread})
            found = line.comparison or Comparison(0, None)
            record.update(
                against=line.against,
                num_pairs=found.count,
                difference=found.mean,
                low=found.low,
                high=found.high,
                p=found.p_value,
                p_holm=line.corrected,
                paper=line.paper)
            yield record


def _listed(names: Sequence[str]) -> str:
    return ', '.join(dict.fromkeys(names)) or 'nothing'


def _keys(groups: Sequence[Group]) -> List[str]:
    return [group.key for group in groups]


def _render_group(group: Group) -> str:
    lines = group.lines
    compared = [line.against for line in lines if line.against]
    with_paper = any(line.paper is not None for line in lines)
    head = ['row', 'n', *METRICS]
    if compared:
        same = len(set(compared)) == 1
        head += [f'Δ{MAIN} to {compared[0]}' if same else f'Δ{MAIN}',
                 '95 % CI', 'p', 'p (Holm)']
    head += [f"paper's {MAIN}"] if with_paper else []
    cells = [head, ['---'] + ['---:'] * (len(head) - 1)]
    for line in lines:
        cells.append(
            [line.title, str(len(line.seeds))] +
            [_spread(line, column) for column in METRICS] +
            (_difference(line, not same) if compared else []) +
            ([_number(line.paper)] if with_paper else []))
    body = '\n'.join('| ' + ' | '.join(row) + ' |' for row in cells)
    return f'**{group.title}**\n\n{body}'


def _spread(line: Line, column: str) -> str:
    mean, spread = line.mean(column)
    # a fraction of an identity switch has no meaning where there are hundreds
    digits = 0 if column in COUNTS else 1
    text = _number(mean, digits)
    return text if spread is None else f'{text} ± {_number(spread, digits)}'


def _difference(line: Line, names_other: bool) -> List[str]:
    found = line.comparison
    if line.against is None or found is None:
        return [NOTHING] * 4
    mean = f'{found.mean:+.1f}'
    if found.count != len(line.seeds):
        mean += f' (n = {found.count})'
    if names_other:
        mean += f' to {line.against}'
    interval = NOTHING if found.low is None else (
        f'{found.low:+.1f} to {found.high:+.1f}')
    return [mean, interval, _p_value(found.p_value), _p_value(line.corrected)]


def _p_value(value: Optional[float]) -> str:
    if value is None:
        return NOTHING
    return f'< {SMALLEST_P}' if value < SMALLEST_P else f'{value:.3f}'


def _number(value: Optional[float], digits: int = 1) -> str:
    return NOTHING if value is None else f'{value:.{digits}f}'
