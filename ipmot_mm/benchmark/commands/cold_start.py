"""``benchmark.py cold-start``: from nothing to the first tracked frame."""
import argparse
from typing import Any, Dict

from mmengine.logging import print_log

from ipmot_mm.cli import read_config
from ipmot_mm.user_errors import positive

from ..cold_start import measure_cold_start
from .arguments import add_size

HELP = 'a new process until it has tracked its first frame'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument('config', help='config file')
    add_size(parser, default=(224, 128))
    parser.add_argument(
        '--num-runs', type=positive, default=5, help='processes to time')


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Start processes, and print the median seconds of their phases."""
    read_config(args.config, None)  # a wrong path is said here
    seconds, modules = measure_cold_start(args.config, args.size,
                                          args.num_runs)
    print_log(
        f'Median seconds of {args.num_runs} processes on the CPU, one thread, '
        'random weights, files in memory:')
    print_log(f'{"":14s}{"passed":>8s}{"processor":>11s}')
    for phase, value in seconds.items():
        print_log(f'{phase:14s}{value["wall"]:8.2f}{value["cpu"]:11.2f}')
    return dict(
        cold_start=seconds,
        num_modules=len(modules),
        size=args.size,
        num_runs=args.num_runs)
