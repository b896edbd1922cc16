"""``benchmark.py frame``: tracking one frame, beside what it is built on."""
import argparse
from typing import Any, Callable, Dict, List

import torch
from mmengine.logging import MMLogger, print_log

from ipmot_mm.user_errors import positive

from ..frame_speed import FrameBench
from ..model_sections import REST, count_cuda_waits
from ..rounds import time_in_turn
from .arguments import (add_amp, add_config, add_size, add_timing,
                        read_scoped_config, set_tf32)

HELP = 'one frame of tracking, beside the detector and the loop of MeMOTR'
PARTS = ('encode', 'step', 'updater', REST)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add_size(parser)
    parser.add_argument(
        '--tracks',
        type=positive,
        nargs='+',
        default=(10, 20, 50, 100),
        help='numbers of live tracks')
    parser.add_argument(
        '--modes',
        nargs='+',
        choices=('eager', 'cuda_graph', 'compile'),
        default=('eager', 'cuda_graph') if torch.cuda.is_available() else
        ('eager', ),
        help='model.frame_mode, several to compare')
    parser.add_argument(
        '--videos',
        type=positive,
        default=8,
        help='followed together in the last comparison')
    parser.add_argument(
        '--look-ahead',
        type=positive,
        default=4,
        help='frames encoded together in the last comparison')
    add_amp(parser, 'autocast; the loop of MeMOTR is timed without, too')
    add_timing(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Compare outputs, count, then time."""
    cfg = read_scoped_config(args)
    MMLogger.get_instance('frame', log_level='ERROR')
    set_tf32(args)
    benches = {
        mode: FrameBench(cfg, args.size, mode, args.amp)
        for mode in args.modes
    }
    plain = FrameBench(cfg, args.size)
    gap = max(plain.difference(count) for count in args.tracks)
    print_log('Tracks of our frame and of the loop in the style of MeMOTR: '
              f'equal, numbers within {gap:.1g}')
    counts = _print_counts(plain, args.tracks)
    calls = _calls(args, plain, benches)
    seconds = time_in_turn(
        calls,
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        clock=args.clock)
    waits = {
        name: count_cuda_waits(call)
        for name, call in calls.items()
    } if torch.cuda.is_available() else None
    result = dict(
        cuda_waits=waits,
        size=args.size,
        amp=args.amp,
        clock=args.clock,
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        inside='from a normalised frame on the device to tracks on the host',
        weights='random',
        difference=gap,
        counts=counts,
        seconds=seconds,
        ratios=_ratios(args, seconds))
    _print_times(args, result)
    return dict(frame=result)


def _calls(args: argparse.Namespace, plain: FrameBench,
           benches: Dict[str, FrameBench]) -> Dict[str, Callable]:
    """Everything that is timed, by name."""
    calls: Dict[str, Callable] = {}
    for mode, bench in benches.items():
        calls[f'{mode} detector'] = bench.detector()
        for count in args.tracks:
            calls[f'{mode} ours {count}'] = bench.ours(count)
            if mode == 'eager':
                calls[f'{mode} memotr {count}'] = bench.memotr(count)
                for name, call in bench.stages(count).items():
                    calls[f'{mode} {name} {count}'] = call
        first = args.tracks[0]
        calls[f'{mode} videos'] = bench.ours(first, num_videos=args.videos)
        calls[f'{mode} look-ahead'] = bench.ours(
            first, num_frames=args.look_ahead)
    if args.amp:
        for count in args.tracks:
            calls[f'float32 memotr {count}'] = plain.memotr(count)
    return calls


def _ratios(args: argparse.Namespace,
            seconds: Dict[str, float]) -> Dict[str, float]:
    """Speed of what stands first over that of what stands second."""
    first, last = args.tracks[0], args.tracks[-1]
    ratios = {}
    for mode in args.modes:
        for count in args.tracks:
            ours = seconds[f'{mode} ours {count}']
            ratios[f'{mode}: {count} tracks / detector'] = (
                seconds[f'{mode} detector'] / ours)
            for loop in ('eager', 'float32'):
                theirs = seconds.get(f'{loop} memotr {count}')
                if theirs:
                    name = args.amp if args.amp and loop == 'eager' else ''
                    ratios[f'{mode}: {count} tracks / loop of MeMOTR, eager '
                           f'{name or "float32"}'] = theirs / ours
        ratios[f'{mode}: {last} tracks / {first} tracks'] = (
            seconds[f'{mode} ours {first}'] / seconds[f'{mode} ours {last}'])
        alone = seconds[f'{mode} ours {first}']
        for name, number in dict(
                videos=args.videos, **{'look-ahead': args.look_ahead}).items():
            ratios[f'{mode}: {number} frames together ({name}) / one by one'
                   ] = number * alone / seconds[f'{mode} {name}']
    return ratios


def _print_counts(bench: FrameBench,
                  tracks: List[int]) -> Dict[str, Dict[str, Any]]:
    """Kernels, syncs and uploads of one frame, as read from an eager run."""
    found: Dict[str, Dict[str, Any]] = {
        'detector': bench.counts(bench.detector())
    }
    for count in tracks:
        found[f'ours, {count} tracks'] = bench.counts(bench.ours(count))
        found[f'MeMOTR loop, {count} tracks'] = bench.counts(
            bench.memotr(count))
    lines = [
        'One frame, eager: operators that reach the device, times that the '
        'host waits, uploads', f'{"":26s}{"whole":>8s}{"encode":>8s}'
        f'{"decode":>8s}{"updater":>9s}{"rest":>6s}{"waits":>7s}'
        f'{"uploads":>9s}'
    ]
    for name, parts in found.items():
        kernels = [parts[part]['kernels'] for part in ('whole', *PARTS)]
        lines.append(
            f'{name:26s}' +
            ''.join(f'{value:{width}d}'
                    for value, width in zip(kernels, (8, 8, 8, 9, 6))) +
            f'{parts["whole"]["syncs"]:7d}{parts["whole"]["uploads"]:9d}')
    print_log('\n'.join(lines))
    return found


def _print_times(args: argparse.Namespace, result: Dict[str, Any]) -> None:
    lines = [
        'Frames of {} x {}, '.format(*args.size) +
        f'{args.amp or "float32"}, {args.clock} time, medians of '
        f'{args.num_rounds} rounds in turn, files not read', 'ms a call'
    ]
    lines += [
        f'{name:42s}{value * 1e3:10.2f}'
        for name, value in result['seconds'].items()
    ]
    if result['cuda_waits'] is not None:
        lines.append('waits that CUDA itself reports, a call')
        lines += [
            f'{name:42s}{value:7d}'
            for name, value in result['cuda_waits'].items()
        ]
    lines.append('speed over that of the second')
    lines += [
        f'{name:58s}{value:6.2f}' for name, value in result['ratios'].items()
    ]
    print_log('\n'.join(lines))
