"""Write the procedural data set SynthMOT in MOTChallenge layout.

Example:
    python tools/dataset_converters/make_synthmot.py data/synthmot
    python tools/dataset_converters/make_synthmot.py data/synthmot \
        --domains world --num-train 400 --num-val 8 --num-frames 8
    python tools/dataset_converters/make_synthmot.py data/synthmot \
        --domains street --dial uniform=0.5 occluders=[4,6]
"""
import argparse
import sys

from ipmot_mm.datasets.synthmot import (DOMAINS, WORLD, derive_domain,
                                        parse_dials, write_synthmot)
from ipmot_mm.user_errors import CommandError, positive, run_tool


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
        help=f'domains to write, of {[*DOMAINS, WORLD]}; all but {WORLD} '
        'where not given')
    parser.add_argument(
        '--dial',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='dials of Domain to turn, the scenes remain: uniform=0.5, '
        'num_persons=[4,8], motion=dance')
    parser.add_argument(
        '--name',
        help='name of the one domain so derived; where not given, '
        'DOMAIN-KEY-VALUE')
    parser.add_argument(
        '--num-train', type=int, default=20, help='sequences a domain')
    parser.add_argument(
        '--num-val', type=int, default=4, help='sequences a domain')
    parser.add_argument(
        '--num-frames', type=positive, default=60, help='frames a sequence')
    parser.add_argument(
        '--frame-step',
        type=positive,
        default=1,
        help='keep one of so many simulated frames: a lower frame rate')
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
    domains = args.domains
    if args.name and len(domains) > 1:
        raise CommandError(
            f'--name names one domain, got --domains {" ".join(domains)}; '
            'give one of them')
    dials = parse_dials(args.dial)
    if dials or args.name:
        domains = [derive_domain(base, args.name, **dials) for base in domains]
    write_synthmot(
        args.root,
        domains,
        args.num_train,
        args.num_val,
        args.num_frames,
        args.seed,
        size=tuple(args.size),
        frame_step=args.frame_step,
        num_workers=args.num_workers)
    for domain in domains:
        name = domain if isinstance(domain, str) else domain.name
        print(f'written: {args.root}/{name}/train, {args.root}/{name}/val')


def main() -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(write, parse_args())


if __name__ == '__main__':
    sys.exit(main())
