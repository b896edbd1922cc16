"""``benchmark.py profile``: where a frame and an iteration spend time."""
import argparse
import os
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List

import torch
from mmengine.logging import MMLogger, print_log
from torch.profiler import ProfilerActivity, profile

from ipmot_mm.cli import enable_amp
from ipmot_mm.user_errors import positive

from ..frame_speed import FrameBench
from ..iteration_speed import IterationBench
from ..rounds import synchronize
from .arguments import (add_amp, add_config, add_size, read_scoped_config,
                        set_tf32)

HELP = 'operators of one frame and of one iteration, by their time'
NUM_WARM_UPS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add_size(parser)
    parser.add_argument(
        '--num-tracks',
        type=positive,
        default=20,
        help='live tracks of the frame, objects of the iteration')
    parser.add_argument(
        '--num-frames', type=positive, default=5, help='clip length')
    parser.add_argument(
        '--num-rows', type=positive, default=15, help='operators to print')
    parser.add_argument(
        '--num-rounds',
        type=positive,
        default=7,
        help='runs of which the medians count')
    parser.add_argument(
        '--trace-dir',
        metavar='DIR',
        help='folder for traces that chrome://tracing and Perfetto open')
    parser.add_argument(
        '--tf32',
        action='store_true',
        help='let a GPU round the factors of float32 products')
    add_amp(parser, 'autocast')
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Profile both, ours, eagerly."""
    cfg = read_scoped_config(args)
    # else the table stands among notes on initial weights and on profilers
    os.environ.setdefault('KINETO_LOG_LEVEL', '9')
    MMLogger.get_instance('profile', log_level='ERROR')
    set_tf32(args)
    frame = FrameBench(cfg, args.size, amp=args.amp).ours(args.num_tracks)
    if args.amp:
        enable_amp(cfg, args.amp)
    bench = IterationBench(cfg, args.size, args.num_frames, args.num_tracks)
    sizes = '{} x {}, '.format(*args.size) + f'{args.amp or "float32"}, '
    return dict(
        profile=dict(
            size=args.size,
            num_tracks=args.num_tracks,
            num_frames=args.num_frames,
            num_rounds=args.num_rounds,
            amp=args.amp,
            weights='random',
            frame=_profile(
                f'One frame of {sizes}{args.num_tracks} live tracks', frame,
                args, 'frame'),
            iteration=_profile(
                f'One iteration, {args.num_frames} frames of {sizes}'
                f'{args.num_tracks} objects, without CLIP and alignment',
                bench.iterations()['ours'], args, 'iteration')))


def _profile(title: str, call: Callable[[], Any], args: argparse.Namespace,
             name: str) -> Dict[str, Any]:
    """Print the operators that take the most time by themselves.

    The medians of some runs: another process that takes the core in the midst
    of an operator would make it the first of the list.
    """
    on_gpu = torch.cuda.is_available()
    for _ in range(NUM_WARM_UPS):
        call()
    activities = [ProfilerActivity.CPU]
    if on_gpu:
        activities.append(ProfilerActivity.CUDA)
    device = 'device' if on_gpu else 'cpu'
    counts: Dict[str, int] = {}
    times: Dict[str, List[float]] = defaultdict(list)
    for _ in range(args.num_rounds):
        synchronize()
        with profile(activities=activities) as record:
            call()
            synchronize()
        for event in record.key_averages():
            counts[event.key] = event.count
            times[event.key].append(
                getattr(event, f'self_{device}_time_total') / 1e3)
    if args.trace_dir:
        Path(args.trace_dir).mkdir(parents=True, exist_ok=True)
        record.export_chrome_trace(str(Path(args.trace_dir) / f'{name}.json'))
    rows = sorted((dict(name=key, calls=counts[key], ms=median(times[key]))
                   for key in counts),
                  key=lambda row: -row['ms'])
    total = sum(row['ms'] for row in rows)
    _print_rows(
        f'{title}: {total:.1f} ms of the '
        f'{"GPU" if on_gpu else "CPU"} in operators', rows, total,
        args.num_rows)
    return dict(total_ms=total, operators=rows)


def _print_rows(title: str, rows: List[Dict[str, Any]], total: float,
                num_rows: int) -> None:
    lines = [title, f'{"operator":44s}{"calls":>7s}{"share":>8s}']
    lines += [
        f'{row["name"][:43]:44s}{row["calls"]:7d}{row["ms"] / total:8.1%}'
        for row in rows[:num_rows]
    ]
    print_log('\n'.join(lines))
