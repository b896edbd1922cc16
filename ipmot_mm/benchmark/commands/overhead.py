"""``benchmark.py overhead``: what runner, loop and hooks add."""
import argparse
from typing import Any, Dict

from mmengine.logging import print_log

from ipmot_mm.user_errors import positive

from ..overhead import NUM_LOSSES, measure_overhead
from .arguments import add_config, not_negative, read_scoped_config

HELP = 'what the framework adds to an iteration'
NAMES = dict(
    bare='loop of a few lines',
    mmengine="mmengine's loop and hooks",
    ours='loop and hooks of the config')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--num-iters', type=positive, default=300, help='iterations a round')
    parser.add_argument(
        '--num-rounds', type=positive, default=5, help='rounds to time')
    parser.add_argument(
        '--iters-before',
        type=not_negative,
        default=0,
        help='iterations in the history of the log, as of a long training')
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Train a model of one weight in three ways, in turn."""
    result = measure_overhead(
        read_scoped_config(args), args.num_iters, args.num_rounds,
        args.iters_before)
    print_log(
        f'One weight, {NUM_LOSSES} losses: processor time of an iteration, '
        f'median of {args.num_rounds} rounds of {args.num_iters}, '
        f'{args.iters_before} iterations before')
    print_log(f'{"":30s}{"ms":>7s}{"added":>8s}{"syncs":>8s}')
    for name, found in result.items():
        print_log(f'{NAMES[name]:30s}{found["ms"]:7.2f}'
                  f'{found["overhead_ms"]:8.2f}{found["syncs"]:8.2f}')
    return dict(
        overhead=result,
        num_losses=NUM_LOSSES,
        num_iters=args.num_iters,
        iters_before=args.iters_before,
        num_rounds=args.num_rounds)
