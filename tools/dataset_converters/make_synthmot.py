"""Write the procedural data set SynthMOT in MOTChallenge layout.

Example:
    python tools/dataset_converters/make_synthmot.py data/synthmot
"""
import argparse
import sys

from ipmot_mm.datasets.synthmot import DOMAINS, write_synthmot
from ipmot_mm.user_errors import run_tool


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(
        description='Write SynthMOT in MOTChallenge layout')
    parser.add_argument('root', help='folder of the data set')
    parser.add_argument(
        '--domains',
        nargs='+',
        default=list(DOMAINS),
        help=f'domains to write, of {list(DOMAINS)}')
    parser.add_argument(
        '--num-train', type=int, default=20, help='sequences a domain')
    parser.add_argument(
        '--num-val', type=int, default=4, help='sequences a domain')
    parser.add_argument(
        '--num-frames', type=int, default=60, help='frames a sequence')
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=(224, 128),
        metavar=('WIDTH', 'HEIGHT'),
        help='image size in pixels')
    parser.add_argument('--seed', type=int, default=0, help='same, same bytes')
    parser.add_argument(
        '--num-workers', type=int, default=2, help='drawing processes')
    return parser.parse_args()


def write(args: argparse.Namespace) -> None:
    """Write the data set."""
    write_synthmot(
        args.root,
        args.domains,
        args.num_train,
        args.num_val,
        args.num_frames,
        args.seed,
        size=tuple(args.size),
        num_workers=args.num_workers)


def main() -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(write, parse_args())


if __name__ == '__main__':
    sys.exit(main())
