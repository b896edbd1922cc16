"""``benchmark.py memory``: peak of one iteration by what is recomputed."""
import argparse
import os
from typing import Any, Dict

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger, print_log

from ipmot_mm.cli import enable_amp
from ipmot_mm.user_errors import positive

from ..attention_memory import FORMS
from ..memory import LEVELS, MemoryProbe, sharding_savings
from ..memory_table import (MIB, RESERVE_BYTES, RESERVE_SHARE, Peak,
                            format_cards, format_peaks)
from ..simulated_memory import MemorySimulation
from .arguments import add_amp, add_config, add_size, read_scoped_config

HELP = 'peak of one iteration by what is recomputed'
NUM_RANKS = 8  # of the paper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add_size(parser)
    parser.add_argument(
        '--frames',
        type=positive,
        nargs='+',
        default=(2, 3, 4, 5),
        help='clip lengths')
    parser.add_argument(
        '--num-objects', type=positive, default=20, help='in every frame')
    parser.add_argument(
        '--num-identities',
        type=positive,
        default=1000,
        help='rows of the TrackBook')
    parser.add_argument(
        '--simulate',
        action='store_true',
        help='run on tensors without data: any size, on any machine')
    parser.add_argument(
        '--batch-size',
        type=positive,
        nargs='+',
        default=(1, ),
        help='clips, with --simulate')
    parser.add_argument(
        '--attention',
        choices=FORMS,
        default=FORMS[0],
        help='kind of deformable attention, with --simulate')
    add_amp(parser, 'as of training')
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Train an iteration of every length at every level."""
    if not args.simulate and (args.batch_size != (1, )
                              or args.attention != FORMS[0]):
        raise ValueError('--batch-size and --attention need --simulate; '
                         'without it, one clip is trained as it is.')
    cfg = read_scoped_config(args)
    # else the table stands among notes on initial weights and on profilers
    os.environ.setdefault('KINETO_LOG_LEVEL', '9')
    MMLogger.get_instance('memory', log_level='ERROR')
    if args.simulate:
        return simulate(cfg, args)
    if args.amp:
        enable_amp(cfg, args.amp)
    probe = MemoryProbe(cfg, args.num_objects, args.num_identities)
    standing = probe.standing()
    print_log(f'Most MiB that tensors held in one iteration, by the '
              f'{probe.allocator} allocator of torch: one clip of T frames of '
              '{} x {}, '.format(*args.size) + f'{args.num_objects} objects, '
              f'{args.amp or "float32"}\n{"recomputed":28s}' +
              ''.join(f'{f"T={length}":>9s}' for length in args.frames))
    peaks = {}
    for level in LEVELS:
        peaks[level] = {
            length: probe.peak(level, length, args.size)
            for length in args.frames
        }
        print_log(f'{level:28s}' + ''.join(f'{size / MIB:9.0f}'
                                           for size in peaks[level].values()))
    savings = sharding_savings(standing, NUM_RANKS)
    print_log('Between two iterations, MiB: ' +
              ', '.join(f'{name} {size / MIB:.0f}'
                        for name, size in standing.items()
                        if name != 'trained') + '. During one also gradients '
              f'{standing["trained"] / MIB:.0f}.')
    print_log(f'Sharded over {NUM_RANKS} ranks would save at most, MiB: ' +
              ', '.join(f'{name} {size / MIB:.0f}'
                        for name, size in savings.items()) + '.')
    return dict(
        memory=dict(
            allocator=probe.allocator,
            size=args.size,
            num_objects=args.num_objects,
            amp=args.amp,
            standing=standing,
            peaks=peaks,
            savings=savings))


def simulate(cfg: Config, args: argparse.Namespace) -> Dict[str, Any]:
    """Count what an iteration would hold, and which card that fits."""
    simulation = MemorySimulation(
        cfg,
        num_objects=args.num_objects,
        num_identities=args.num_identities,
        dtype=args.amp and getattr(torch, args.amp),
        attention=args.attention)
    peaks = [
        Peak(level, batch_size, length,
             simulation.peak(level, length, args.size, batch_size))
        for level in LEVELS for batch_size in args.batch_size
        for length in args.frames
    ]
    standing = simulation.standing()
    print_log(
        'Most MiB that tensors would hold in one iteration on a GPU, '
        'simulated: clips of T frames of {} x {}, '.format(*args.size) +
        f'{args.num_objects} objects, {args.amp or "float32"}, '
        f'{args.attention} attention\n' + format_peaks(peaks))
    print_standing(standing)
    print_log('Clips of T frames that fit, with '
              f'{RESERVE_SHARE:.0%} and {RESERVE_BYTES / 2**30:.0f} GiB more '
              'for gaps and the CUDA context (assumed)\n' +
              format_cards(peaks))
    return dict(simulated_memory=dict(
        size=args.size,
        num_objects=args.num_objects,
        amp=args.amp,
        attention=args.attention,
        standing=standing,
        peaks=[peak._asdict() for peak in peaks],
        reserve=dict(bytes=RESERVE_BYTES, share=RESERVE_SHARE)))


def print_standing(standing: Dict[str, int]) -> None:
    """Print what is there between two iterations."""
    print_log('Between two iterations, MiB: ' + ', '.join(
        f'{name} {size / MIB:.0f}' for name, size in standing.items()
        if name != 'trained') + '. During one also gradients '
              f'{standing["trained"] / MIB:.0f}.')
