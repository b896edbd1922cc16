"""``benchmark.py feed``: whether loading keeps up with training."""
import argparse
from typing import Any, Dict

from mmengine.logging import print_log

from ipmot_mm.user_errors import positive

from ..feeding import measure_feeding
from .arguments import (add_clip_length, add_config, add_workers,
                        read_scoped_config)

HELP = 'share of a training that waits for data'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--num-iters', type=positive, default=30, help='iterations to time')
    add_workers(parser, (0, 2))
    add_clip_length(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Train a little with each number of workers."""
    result = measure_feeding(
        read_scoped_config(args), args.num_iters, args.num_workers,
        args.num_frames)
    for num_workers, found in result.items():
        print_log(f'{num_workers} workers: waits for data '
                  f'{found["wait_share"]:.1%} of the time, '
                  f'{found["wait_ms"]:.1f} ms beside {found["train_ms"]:.1f} '
                  'ms of training an iteration, '
                  f'{found["frames_per_second"]:.1f} frames/s')
    return dict(feed=result)
