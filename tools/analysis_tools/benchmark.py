"""Measure how fast a part of the package is, and how much memory it takes.

Examples:
    python tools/analysis_tools/benchmark.py loader CONFIG
    python tools/analysis_tools/benchmark.py feed CONFIG --num-workers 0 2
    python tools/analysis_tools/benchmark.py evaluation
    python tools/analysis_tools/benchmark.py memory CONFIG --size 384x192
"""
import argparse
import json
import os
import sys
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config
from mmengine.logging import MMLogger, print_log
from mmengine.registry import init_default_scope

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.benchmark import (build_loader, describe_machine,
                                measure_evaluation, measure_feeding,
                                measure_loader, measure_stages, one_thread,
                                pillow_pipeline)
from ipmot_mm.benchmark.memory import LEVELS, MemoryProbe, sharding_savings
from ipmot_mm.benchmark.random_tracks import MOT17_TRAIN_LENGTHS
from ipmot_mm.benchmark.stopwatch import CLOCKS
from ipmot_mm.cli import add_cfg_options, enable_amp, read_config
from ipmot_mm.user_errors import positive, run_tool

# Random tracks to score: lengths of the sequences, objects in a frame
EVALUATIONS = {
    'MOT17 train': (MOT17_TRAIN_LENGTHS, 20),
    'one long sequence': ((3000, ), 40)
}
NUM_RANKS = 8  # of the paper
MIB = 2**20


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    loader = commands.add_parser(
        'loader', help='data loading: its stages, and with workers')
    loader.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train')
    loader.add_argument(
        '--num-clips', type=positive, default=30, help='clips to time')
    loader.add_argument(
        '--pillow',
        action='store_true',
        help='also the chain of MOTR and MeMOTR on the same clips')
    loader.add_argument(
        '--clock',
        choices=tuple(CLOCKS),
        default='wall',
        help='of the stages; cpu: what other processes disturb less')
    feed = commands.add_parser(
        'feed', help='share of a training that waits for data')
    feed.add_argument(
        '--num-iters', type=positive, default=30, help='iterations to time')
    for command, run, workers in ((loader, run_loader, (0, 1, 2)),
                                  (feed, run_feed, (0, 2))):
        command.set_defaults(run=run)
        command.add_argument('config', help='config file')
        command.add_argument(
            '--num-workers',
            type=int,
            nargs='+',
            default=workers,
            help='numbers of worker processes to compare')
        command.add_argument(
            '--num-frames',
            type=positive,
            help='clip length; default: of config')
        add_cfg_options(command)
    evaluation = commands.add_parser(
        'evaluation', help='scoring, beside TrackEval by itself')
    evaluation.set_defaults(run=run_evaluation)
    evaluation.add_argument(
        '--num-rounds', type=positive, default=3, help='times to score')
    memory = commands.add_parser(
        'memory', help='peak of one iteration by what is recomputed')
    memory.set_defaults(run=run_memory)
    memory.add_argument('config', help='config file')
    memory.add_argument(
        '--size',
        type=image_size,
        default=(384, 192),
        metavar='WxH',
        help='width and height of the frames')
    memory.add_argument(
        '--frames',
        type=positive,
        nargs='+',
        default=(2, 3, 4, 5),
        help='clip lengths')
    memory.add_argument(
        '--num-objects', type=positive, default=20, help='in every frame')
    memory.add_argument(
        '--num-identities',
        type=positive,
        default=1000,
        help='rows of the TrackBook')
    memory.add_argument(
        '--amp',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
        help='as of training')
    add_cfg_options(memory)
    for command in (loader, feed, evaluation, memory):
        command.add_argument('--json', help='file for all numbers')
    return parser.parse_args(argv)


def image_size(text: str) -> Tuple[int, int]:
    """Width and height of an argument such as 384x192."""
    sizes = text.split('x')
    if len(sizes) != 2 or not all(size.isdigit() for size in sizes):
        raise argparse.ArgumentTypeError(
            f'expected WIDTHxHEIGHT, such as 384x192, got {text}')
    return positive(sizes[0]), positive(sizes[1])


def read_scoped_config(args: argparse.Namespace) -> Config:
    """The config, in whose scope types are looked up from now on."""
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipmot_mm'))
    return cfg


def run_loader(args: argparse.Namespace) -> Dict[str, Any]:
    """Time the stages in this process, then the loader with workers."""
    cfg = read_scoped_config(args)
    start = time.perf_counter()
    loader = build_loader(cfg, args.split, 0, args.num_frames)
    seconds = time.perf_counter() - start
    print_log(f'Annotations of {len(loader.dataset)} frames: read in '
              f'{seconds:.2f} s')
    result = measure_stages(loader, args.num_clips, clock=args.clock)
    result['annotation_seconds'] = seconds
    print_stages('Stages, one thread', result)
    if args.pillow:
        pillow = measure_stages(loader, args.num_clips, pillow_pipeline,
                                args.clock)
        pillow['ratio'] = pillow['ms_per_frame'] / result['ms_per_frame']
        result['pillow'] = pillow
        print_stages('Pillow chain of MOTR and MeMOTR, one thread', pillow)
        print_log(f'Pillow takes {pillow["ratio"]:.2f} times as long.')
    result['loader'] = {}
    for num_workers in args.num_workers:
        loader = build_loader(cfg, args.split, num_workers, args.num_frames)
        speed = measure_loader(loader, args.num_clips)
        result['loader'][num_workers] = speed
        print_log(f'DataLoader, {num_workers} workers: {speed:.1f} frames/s')
    return result


def run_feed(args: argparse.Namespace) -> Dict[str, Any]:
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


def run_evaluation(args: argparse.Namespace) -> Dict[str, Any]:
    """Score random tracks, with TrackEval and by ourselves."""
    result = {}
    for name, (num_frames, num_objects) in EVALUATIONS.items():
        seconds = measure_evaluation(num_frames, num_objects, args.num_rounds)
        result[name] = seconds
        peer = seconds['trackeval']
        print_log(
            f'{name} ({sum(num_frames)} frames of {num_objects} objects): '
            f'TrackEval {peer:.2f} s, '
            f'one process {seconds["one_process"]:.2f} s '
            f'({peer / seconds["one_process"]:.2f}x), '
            f'default {seconds["default"]:.2f} s '
            f'({peer / seconds["default"]:.2f}x)')
    return dict(evaluation=result)


def run_memory(args: argparse.Namespace) -> Dict[str, Any]:
    """Train an iteration of every length at every level."""
    cfg = read_scoped_config(args)
    if args.amp:
        enable_amp(cfg, args.amp)
    # else the table stands among notes on initial weights and on profilers
    os.environ.setdefault('KINETO_LOG_LEVEL', '9')
    MMLogger.get_instance('memory', log_level='ERROR')
    probe = MemoryProbe(cfg, args.num_objects, args.num_identities)
    standing = probe.standing()
    print_log(
        f'Most MiB that tensors held in one iteration, by the '
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
    print_log('Between two iterations, MiB: ' + ', '.join(
        f'{name} {size / MIB:.0f}' for name, size in standing.items()
        if name != 'trained') + '. During one also gradients '
              f'{standing["trained"] / MIB:.0f}.')
    print_log(f'Sharded over {NUM_RANKS} ranks would save at most, MiB: ' +
              ', '.join(f'{name} {size / MIB:.0f}'
                        for name, size in savings.items()) + '.')
    return dict(memory=dict(
        allocator=probe.allocator,
        size=args.size,
        num_objects=args.num_objects,
        amp=args.amp,
        standing=standing,
        peaks=peaks,
        savings=savings))


def print_stages(title: str, result: Dict[str, Any]) -> None:
    """Print a table with a row for each stage."""
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


def benchmark(args: argparse.Namespace) -> None:
    """Measure, print and keep."""
    with one_thread():
        result = dict(args.run(args), machine=describe_machine())
    if args.json:
        write_atomically(args.json, json.dumps(result, indent=1))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(benchmark, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
