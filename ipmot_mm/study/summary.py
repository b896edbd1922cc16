"""What the tables and plots of a study show, computed from its evidence."""
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from .evidence import Evidence
from .statistics import (Comparison, compare_pairs, correct_for_many,
                         mean_and_spread)

METRICS = dict(
    HOTA='HOTA', MOTA='MOTA', IDF1='IDF1', DetA='DetA', AssA='AssA',
    IDS='IDSW')
"""Column -> score of the evaluator."""
COUNTS = ('IDS', )
"""Columns that are no percentages."""
MAIN = 'HOTA'


@dataclass(frozen=True)
class Line:
    """A row in a group of tests.

    Attributes:
        name (str): Of the row.
        title (str): Of the row.
        seeds (tuple[int]): With all tests of the group.
        values (dict[str, tuple[float]]): By column, one per seed; in percent,
            but for counts. The mean over the tests of the group.
        paper (float, optional): HOTA that the paper reports.
        against (str, optional): Title of the row that it is compared with.
        comparison (:obj:`Comparison`, optional): Of HOTA.
        corrected (float, optional): p of the comparison after Holm's
            correction over the rows of the group.
    """
    name: str
    title: str
    seeds: Tuple[int, ...]
    values: Dict[str, Tuple[float, ...]]
    paper: Optional[float] = None
    against: Optional[str] = None
    comparison: Optional[Comparison] = None
    corrected: Optional[float] = None

    def mean(self, column: str) -> Tuple[Optional[float], Optional[float]]:
        """Mean and standard deviation over the seeds.

        Args:
            column (str): Of ``METRICS``.

        Returns:
            tuple[float | None, float | None]: See
            :func:`~.statistics.mean_and_spread`.
        """
        return mean_and_spread(self.values.get(column, ()))


@dataclass(frozen=True)
class Group:
    """All rows in some tests.

    Attributes:
        key (str): ``'same'``, ``'cross'`` or the name of a test.
        title (str): Heading.
        lines (tuple[:obj:`Line`]): One per row of the study.
    """
    key: str
    title: str
    lines: Tuple[Line, ...]


def summarise(evidence: Evidence) -> Tuple[List[Group], List[Group]]:
    """Same-domain and cross-domain groups, and one group for each test.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.

    Returns:
        tuple[list[:obj:`Group`], list[:obj:`Group`]]: The two, of which one
        may be missing, and one per test.
    """
    main = []
    for key, heading in (('same', 'Same domain'), ('cross', 'Cross-domain')):
        tests = evidence[f'{key}_domain']
        if tests:
            joined = ', '.join(tests)
            mean = f'mean of {joined}' if len(tests) > 1 else joined
            main.append(_group(evidence, key, f'{heading} ({mean})', tests))
    domains = [
        _group(evidence, name, name, [name]) for name in evidence['tests']
    ]
    return main, domains


def _group(evidence: Evidence, key: str, title: str,
           tests: Sequence[str]) -> Group:
    rows = evidence['rows']
    values = {name: _values_of(row, tests) for name, row in rows.items()}
    comparisons = [
        _compare(values[name], values.get(row['against']))
        for name, row in rows.items()
    ]
    corrected = correct_for_many(
        [found and found.p_value for found in comparisons])
    # the paper's scores are of its unseen domain
    shows_paper = key == 'cross' or not evidence['cross_domain']
    lines = []
    for (name, row), found, p_value in zip(rows.items(), comparisons,
                                           corrected):
        against = row['against']
        lines.append(
            Line(
                name=name,
                title=row['title'],
                seeds=tuple(values[name]),
                values=_columns(values[name]),
                paper=row['paper'].get(MAIN) if shows_paper else None,
                against=rows[against]['title'] if against else None,
                comparison=found,
                corrected=p_value))
    return Group(key, title, tuple(lines))


def _values_of(row: Dict, tests: Sequence[str]) -> Dict[int, Dict[str, float]]:
    """Columns by seed, the mean over tests; only seeds that have them all."""
    found = {}
    for seed, run in row['runs'].items():
        scores = [run['scores'].get(test) for test in tests]
        if all(scores):
            found[int(seed)] = {
                column: sum(score[key] for score in scores) / len(scores) *
                (1 if column in COUNTS else 100)
                for column, key in METRICS.items()
                if all(score.get(key) is not None for score in scores)
            }
    return dict(sorted(found.items()))


def _columns(values: Dict[int, Dict[str, float]]
             ) -> Dict[str, Tuple[float, ...]]:
    return {
        column: tuple(
            scores[column] for scores in values.values() if column in scores)
        for column in METRICS
    }


def _compare(values: Dict[int, Dict[str, float]],
             others: Optional[Dict[int, Dict[str, float]]]
             ) -> Optional[Comparison]:
    """HOTA of a row less that of another, over the seeds of both."""
    others = others or {}
    seeds = [
        seed for seed in values
        if MAIN in values[seed] and MAIN in others.get(seed, {})
    ]
    return compare_pairs([values[seed][MAIN] for seed in seeds],
                         [others[seed][MAIN] for seed in seeds])
