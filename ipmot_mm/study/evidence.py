"""All numbers of a study as plain data, from its runs or from a file."""
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.user_errors import CommandError

from .definition import REPOSITORY, Row, Study
from .plan import Plan, Run
from .records import finite, read_result, seconds_of

FORMAT = 1
Evidence = Dict[str, Any]


def collect(study: Study, plan: Plan) -> Evidence:
    """Gather what the runs of a study have left so far.

    Args:
        study (:obj:`Study`): The study.
        plan (:obj:`Plan`): All of its runs.

    Returns:
        dict: ``study``, ``title``, ``scale``, ``reference``, ``same_domain``,
        ``cross_domain``, ``tests``, ``rows`` (by name, with ``runs`` by seed)
        and ``circumstances``: machines, versions and commits of the runs.
    """
    circumstances: List[Dict[str, Any]] = []
    rows = {}
    for row in study.rows.values():
        runs = {}
        for seed in row.seeds:
            cell = plan.cells.get((row.name, seed))
            entry = cell and _entry_of(*cell, circumstances)
            if entry:
                runs[str(seed)] = entry
        rows[row.name] = dict(_describe_row(row), runs=runs)
    return finite(
        dict(
            format=FORMAT,
            study=study.name,
            title=study.title,
            scale=study.scale,
            reference=study.reference,
            same_domain=list(study.same_domain),
            cross_domain=list(study.cross_domain),
            tests=list(study.tests),
            rows=rows,
            circumstances=circumstances))


def read_evidence(path: Path) -> Evidence:
    """Read what :func:`write_evidence` wrote.

    Args:
        path (Path): The file.

    Returns:
        dict: See :func:`collect`.

    Raises:
        CommandError: If it is not such a file.
    """
    try:
        evidence = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise CommandError(f'{path} cannot be read ({error}); expected a file '
                           'that run_study.py --export wrote') from error
    if not isinstance(evidence, dict) or evidence.get('format') != FORMAT:
        raise CommandError(f'{path} is no evidence of format {FORMAT}; '
                           'expected a file that run_study.py --export wrote')
    return evidence


def write_evidence(evidence: Evidence, path: Path) -> None:
    """Write all numbers to a file.

    Args:
        evidence (dict): Of :func:`collect`.
        path (Path): The file.
    """
    text = json.dumps(evidence, indent=1)
    write_atomically(path, f'{text}\n')


def _describe_row(row: Row) -> Dict[str, Any]:
    config = row.config.resolve()
    if REPOSITORY in config.parents:
        config = config.relative_to(REPOSITORY)
    return dict(
        title=row.title,
        config=config.as_posix() if not config.is_absolute() else config.name,
        options=json.loads(json.dumps(row.options, default=repr)),
        paper=dict(row.paper),
        against=row.against,
        checkpoint_of=row.checkpoint_of,
        seeds=list(row.seeds))


def _entry_of(run: Run, tests: Dict[str, str],
              circumstances: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """Scores of a row and a seed by test, None where there are none."""
    result = read_result(run)
    scores = {
        name: result['tests'][key]['scores']
        for name, key in tests.items() if key in result['tests']
    }
    if not scores:
        return None
    training = result['training'] or {}
    about = {
        key: training[key]
        for key in ('machine', 'versions') if key in training
    }
    if about and about not in circumstances:
        circumstances.append(about)
    return dict(
        key=run.key,
        commit=training.get('commit') or next(
            iter(result['tests'].values())).get('commit'),
        weights=(training.get('weights') or {}).get('sha256'),
        seconds=round(seconds_of(result), 1),
        iterations=training.get('iterations'),
        losses=training.get('losses', {}),
        scores=scores)
