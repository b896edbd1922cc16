"""``benchmark.py iteration``: training, beside a loop in MeMOTR's style."""
import argparse
from typing import Any, Dict

from mmengine.logging import MMLogger, print_log

from ipmot_mm.cli import enable_amp

from ..iteration_speed import IterationBench
from ..rounds import time_in_turn
from .arguments import (add_amp, add_clip, add_config, add_size, add_timing,
                        read_scoped_config, set_tf32)

HELP = 'one training iteration, beside a loop in the style of MeMOTR'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add_size(parser)
    add_clip(parser)
    add_amp(parser, 'of our iteration; that of MeMOTR stays in float32')
    add_timing(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Compare the losses, count, then time."""
    cfg = read_scoped_config(args)
    MMLogger.get_instance('iteration', log_level='ERROR')
    set_tf32(args)
    sizes = (args.size, args.num_frames, args.num_objects)
    bench = ours = IterationBench(cfg, *sizes)
    gap = bench.difference()
    print_log('Losses of our iteration and of the loop in the style of '
              f'MeMOTR: equal within {gap:.1g}')
    counts = bench.criterion_counts()
    for name, found in counts.items():
        print_log(f'{name}: matching, losses and choice of tracks take '
                  f'{found["kernels"]:.0f} kernels, {found["syncs"]:.1f} '
                  f'waits and {found["uploads"]:.1f} uploads a frame')
    if args.amp:
        enable_amp(cfg, args.amp)
        ours = IterationBench(cfg, *sizes)
    seconds = time_in_turn(
        dict(
            ours=ours.iterations()['ours'],
            memotr=bench.iterations()['memotr']),
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        clock=args.clock)
    ratio = seconds['memotr'] / seconds['ours']
    print_log('A clip of {} frames of {} x {}, '.format(
        args.num_frames, *args.size) +
              f'{args.num_objects} objects, without CLIP and alignment, '
              f'{args.clock} time: ours ({args.amp or "float32"}) '
              f'{seconds["ours"] * 1e3:.1f} ms, loop of MeMOTR (float32) '
              f'{seconds["memotr"] * 1e3:.1f} ms, {ratio:.2f} times as long')
    return dict(
        iteration=dict(
            size=args.size,
            num_frames=args.num_frames,
            num_objects=args.num_objects,
            amp=args.amp,
            clock=args.clock,
            num_rounds=args.num_rounds,
            num_calls=args.num_calls,
            inside='forward, losses, backward and optimiser; ours also '
            'normalises the frames',
            weights='random',
            difference=gap,
            criterion_per_frame=counts,
            seconds=seconds,
            ratio=ratio))
