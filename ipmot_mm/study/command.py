"""``run_study.py``: make what is missing, then print the tables."""
import argparse
import json
import sys
from pathlib import Path
from typing import List, Optional

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.user_errors import INTERRUPTED, CommandError, positive

from .definition import Study, read_study
from .docs_blocks import fill_blocks
from .evidence import Evidence, collect, read_evidence, write_evidence
from .execution import execute, prepare
from .plan import make_plan
from .plots import check_plot_name, plot_study
from .progress import describe_plan
from .table import render_tables, to_csv, to_records


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='run_study.py',
        description='Train and test all rows of a study, and print its '
        'tables. What is done already is not done again.')
    parser.add_argument(
        'study', help='name of a file in configs/studies, or its path')
    parser.add_argument(
        '--work-dir',
        default='work_dirs/studies',
        help='folder of all studies, which share their runs')
    parser.add_argument('--scale', help='which of the scales of the study')
    parser.add_argument('--rows', nargs='+', help='only these rows')
    parser.add_argument(
        '--seeds', nargs='+', type=int, help='only these seeds')
    parser.add_argument(
        '--jobs', type=positive, default=1, help='runs at a time')
    parser.add_argument(
        '--gpus', help='numbers of the GPUs that the jobs share, as 0,1')
    parser.add_argument(
        '--prepare',
        action='store_true',
        help='make the prerequisites that are missing')
    parser.add_argument(
        '--dry-run', action='store_true', help='list what is to do')
    parser.add_argument(
        '--table',
        action='store_true',
        help='only print the tables of what is there')
    parser.add_argument(
        '--export', metavar='FILE.json', help='write all numbers to a file')
    parser.add_argument(
        '--from',
        dest='source',
        metavar='FILE.json',
        help='take the numbers from such a file, run nothing')
    parser.add_argument(
        '--plot', metavar='FILE.png', help='also draw the plot to this file')
    parser.add_argument(
        '--write-docs',
        nargs='?',
        const='docs/evidence.md',
        metavar='PAGE.md',
        help='fill the tables of this study into a page, docs/evidence.md if '
        'none is named, from evidence/STUDY.json beside it')
    return parser.parse_args(argv)


def run_study(argv: Optional[List[str]] = None) -> int:
    """Do what the command line says.

    Args:
        argv (list[str], optional): Defaults to that of the process.

    Returns:
        int: Exit code: 0, 1 where a run failed, 130 after Ctrl-C.

    Raises:
        CommandError: If it cannot be done as given.
    """
    args = parse_args(argv)
    if args.plot:
        check_plot_name(Path(args.plot))
    if args.source is not None:
        publish(read_evidence(Path(args.source)), args)
        return 0
    study = read_study(args.study, args.scale)
    if args.dry_run:
        plan = make_plan(study, Path(args.work_dir), args.rows, args.seeds)
        _say(describe_plan(study, plan))
        return 0
    root = Path(args.work_dir)
    code = 0
    if not args.table:
        prepare(study.prerequisites, make=args.prepare)
        plan = make_plan(study, root, args.rows, args.seeds)
        code = execute(study, plan, jobs=args.jobs, gpus=args.gpus)
    if code != INTERRUPTED:
        evidence = collect(study, make_plan(study, root))
        publish(evidence, args)  # first: the folder may be read-only
        write_tables(evidence, root / _folder_name(study))
    return code


def publish(evidence: Evidence, args: argparse.Namespace) -> None:
    """Print the tables, and write what the command line asks for.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.
        args (Namespace): The command line.

    Raises:
        CommandError: If a page has no table of the study.
    """
    _say(render_tables(evidence))
    if args.plot:
        plot_study(evidence, Path(args.plot))
    if args.export:
        write_evidence(evidence, Path(args.export))
    if args.write_docs:
        name, page = evidence['study'], Path(args.write_docs)
        if fill_blocks(page, name) == 0:
            raise CommandError(
                f'{page} has no table of {name}; expected lines '
                f'"<!-- study: {name} table -->" and "<!-- end -->"')


def write_tables(evidence: Evidence, folder: Path) -> None:
    """Write ``tables.md``, ``tables.csv``, ``tables.json``, ``hota.png`` and
    ``evidence.json``.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.
        folder (Path): Of the study.
    """
    records = list(to_records(evidence))
    write_atomically(folder / 'tables.md', f'{render_tables(evidence)}\n')
    write_atomically(folder / 'tables.csv', to_csv(evidence))
    write_atomically(folder / 'tables.json', json.dumps(records, indent=1))
    write_evidence(evidence, folder / 'evidence.json')
    plot_study(evidence, folder / 'hota.png')


def _folder_name(study: Study) -> str:
    is_default = study.scale in (None, 'cpu')
    return study.name if is_default else f'{study.name}-{study.scale}'


def _say(text: str) -> None:
    sys.stdout.write(f'{text}\n')
    sys.stdout.flush()
