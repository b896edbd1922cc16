"""``benchmark.py loader``: data loading, stage by stage and as a whole."""
import argparse
import time
from typing import Any, Dict, List

from mmengine.logging import print_log

from ipmot_mm.user_errors import positive

from ..loader import build_loader, measure_loader, measure_stages
from ..pillow_chain import pillow_pipeline
from ..stopwatch import CLOCKS
from .arguments import (add_clip_length, add_config, add_workers,
                        read_scoped_config)

HELP = 'data loading: its stages, and with workers'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train')
    parser.add_argument(
        '--num-clips', type=positive, default=30, help='clips to time')
    parser.add_argument(
        '--pillow',
        action='store_true',
        help='also the chain of MOTR and MeMOTR on the same clips')
    parser.add_argument(
        '--clock',
        choices=tuple(CLOCKS),
        default='wall',
        help='of the stages; cpu: what other processes disturb less')
    add_workers(parser, (0, 1, 2))
    add_clip_length(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Time the stages in this process, then the loader with workers."""
    cfg = read_scoped_config(args)
    start = time.perf_counter()
    loader = build_loader(cfg, args.split, 0, args.num_frames)
    seconds = time.perf_counter() - start
    print_log(f'Annotations of {len(loader.dataset)} frames: read in '
              f'{seconds:.2f} s')
    result = measure_stages(loader, args.num_clips, clock=args.clock)
    result['annotation_seconds'] = seconds
    _print_stages('Stages, one thread', result)
    if args.pillow:
        pillow = measure_stages(loader, args.num_clips, pillow_pipeline,
                                args.clock)
        pillow['ratio'] = pillow['ms_per_frame'] / result['ms_per_frame']
        result['pillow'] = pillow
        _print_stages('Pillow chain of MOTR and MeMOTR, one thread', pillow)
        print_log(f'Pillow takes {pillow["ratio"]:.2f} times as long.')
    result['loader'] = {}
    for num_workers in args.num_workers:
        loader = build_loader(cfg, args.split, num_workers, args.num_frames)
        speed = measure_loader(loader, args.num_clips)
        result['loader'][num_workers] = speed
        print_log(f'DataLoader, {num_workers} workers: {speed:.1f} frames/s')
    return result


def _print_stages(title: str, result: Dict[str, Any]) -> None:
    """A table with a row for each stage."""
    lines = [
        f'{title}, {result["clock"]} time: {result["num_clips"]} clips, '
        f'T={result["num_frames"]}, '
        'files of {} x {}'.format(*result['image_size']),
        f'{"stage":28s}{"ms/frame":>9s}{"of clips":>9s}{"frames/s":>10s}'
    ]
    rows: List[Dict[str, Any]] = [
        *result['stages'],
        dict(name='whole', ms_per_frame=result['ms_per_frame'], share=1)
    ]
    for row in rows:
        speed = 1e3 / row['ms_per_frame'] if row['ms_per_frame'] else 0
        lines.append(f'{row["name"]:28s}{row["ms_per_frame"]:9.2f}'
                     f'{row["share"]:9.0%}{speed:10.1f}')
    print_log('\n'.join(lines))
