"""Interrupt and damage small trainings, and see what comes of it.

    python tests/fault_injection.py [FAULT ...] [--list] [--warm] [--seed N]

Each fault is done to a training of its own, started by the commands that a
user starts. One row says what was done, whether the training recovered or the
fault was reported, the line that the user reads and what was lost. "Recovered"
means: every loss and learning rate, and the last checkpoint with weights,
TrackBook and optimiser states, equal those of an undisturbed training bit by
bit (where the row does not say otherwise). Exit code 1 if any fault is neither
recovered nor reported as it should be. It needs a CPU alone and takes minutes.
"""
import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

# the package of this checkout, then the folder of this file
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from faults import kills, processes, storage  # noqa: E402,F401
from faults.bench import Bench  # noqa: E402
from faults.cases import FAULTS, Outcome  # noqa: E402

COLUMNS = ('fault', 'what was done', 'outcome', 'what the user reads',
           'what was lost')
MAX_LINE = 110


def main(argv=None) -> int:
    """See the head of this file.

    Args:
        argv (list[str], optional): Arguments. Defaults to those of the
            process.

    Returns:
        int: 0 if every fault was recovered or reported.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        'faults', nargs='*', metavar='FAULT', help='default: all of them')
    parser.add_argument(
        '--list', action='store_true', help='name the faults and do nothing')
    parser.add_argument(
        '--warm', action='store_true',
        help='fork trainings of one process from a process that has\n'
        'done the imports: the same code in less than half of the time')
    parser.add_argument(
        '--seed', type=int, default=random.randrange(1000),
        help='of the random times; default: a random one, which is printed')
    parser.add_argument(
        '--keep', metavar='DIR', type=Path,
        help='empty folder for the trainings; default: one that is removed')
    args = parser.parse_args(argv)
    unknown = set(args.faults) - set(FAULTS)
    if unknown:
        parser.error(f'unknown: {", ".join(sorted(unknown))}; --list names '
                     'all faults')
    if args.list:
        for fault in FAULTS.values():
            sys.stdout.write(f'{fault.name}: {fault.deed}\n')
        return 0
    with tempfile.TemporaryDirectory() as folder:
        root = args.keep or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        bench = Bench(root.resolve(), warm=args.warm, seed=args.seed)
        try:
            return try_all(bench, args.faults or list(FAULTS))
        finally:
            bench.close()


def try_all(bench: Bench, names: list) -> int:
    """Do the faults one by one and print the table.

    Args:
        bench (:obj:`Bench`): Where.
        names (list[str]): Of the faults.

    Returns:
        int: 1 if one of them was not met as it should be.
    """
    write_row(COLUMNS)
    write_row(['---'] * len(COLUMNS))
    num_failed = 0
    for name in names:
        try:
            outcome = FAULTS[name].try_on(bench)
        except Exception as error:
            num_failed += 1
            message = f'{type(error).__name__}: {error}'
            outcome = Outcome('FAILED', message.splitlines()[0], '?')
            sys.stderr.write(f'{name}: {message}\n')
        write_row([name, FAULTS[name].deed, outcome.kind,
                   shorten(outcome.line, bench), outcome.lost])
    return int(num_failed > 0)


def write_row(cells) -> None:
    """Print one row of a Markdown table."""
    text = ' | '.join(cell.replace('|', '\\|') for cell in cells)
    sys.stdout.write(f'| {text} |\n')
    sys.stdout.flush()


def shorten(line: str, bench: Bench) -> str:
    """The line without paths of this machine, and not too long."""
    line = line.replace(f'{bench.root}{os.sep}', '')
    line = line.replace(sys.executable, 'python')
    if len(line) > MAX_LINE:
        line = f'{line[:MAX_LINE]} ...'
    return f'`{line}`' if line else 'nothing'


if __name__ == '__main__':
    sys.exit(main())
