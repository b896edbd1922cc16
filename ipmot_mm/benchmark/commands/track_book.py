"""``benchmark.py track-book``: texts, and the share of an iteration."""
import argparse
from typing import Any, Dict

from mmengine.logging import MMLogger, print_log

from ipmot_mm.cli import enable_amp

from ..rounds import time_in_turn
from ..track_book_speed import TextBench, TrackBookBench
from .arguments import (add_amp, add_clip, add_config, add_size, add_timing,
                        read_scoped_config, set_tf32)

HELP = 'the step of the TrackBook: its texts, its share of an iteration'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add_size(parser)
    add_clip(parser)
    parser.add_argument(
        '--image-dtype',
        choices=('float32', 'bfloat16'),
        help='of the image tower; default: of config')
    add_amp(parser, 'of the tracker')
    add_timing(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Compare the outputs, then time."""
    cfg = read_scoped_config(args)
    MMLogger.get_instance('track_book', log_level='ERROR')
    set_tf32(args)
    if args.amp:
        enable_amp(cfg, args.amp)
    track_book = cfg.get('model', {}).get('track_book')
    if args.image_dtype and track_book is not None:
        track_book.clip.image_dtype = args.image_dtype
    bench = TrackBookBench(cfg, args.size, args.num_frames, args.num_objects)
    timing = dict(
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        clock=args.clock)
    return dict(
        track_book=dict(
            size=args.size,
            num_frames=args.num_frames,
            num_objects=args.num_objects,
            num_crops=bench.num_crops,
            amp=args.amp,
            image_dtype=args.image_dtype or track_book.clip.get(
                'image_dtype', 'float32'),
            weights='random',
            texts=_texts(bench, args.num_objects, timing),
            iteration=_iteration(bench, timing),
            **timing))


def _texts(bench: TrackBookBench, num_texts: int,
           timing: Dict[str, Any]) -> Dict[str, Any]:
    texts = TextBench(bench.head, num_texts)
    gap = texts.difference()
    print_log(f'Texts of {num_texts} identities: 77 tokens, truncated and '
              f'with remembered prefix equal within {gap:.1g}')
    seconds, ratios = {}, {}
    for name, with_gradient in (('forward', False), ('with gradient', True)):
        found = time_in_turn(texts.calls(with_gradient), **timing)
        seconds[name] = found
        ratios[name] = {
            way: found['whole'] / found[way]
            for way in ('truncated', 'prefix')
        }
        print_log(
            f'{name}, {timing["clock"]} time: 77 tokens '
            f'{found["whole"] * 1e3:.1f} ms, truncated '
            f'{found["truncated"] * 1e3:.1f} ms '
            f'({ratios[name]["truncated"]:.1f}x), prefix '
            f'{found["prefix"] * 1e3:.1f} ms ({ratios[name]["prefix"]:.1f}x)')
    return dict(difference=gap, seconds=seconds, ratios=ratios)


def _iteration(bench: TrackBookBench,
               timing: Dict[str, Any]) -> Dict[str, Any]:
    gap = bench.difference()
    print_log(f'Features of {bench.num_crops} crops: online and cached equal '
              f'within {gap:.1g} of the largest')
    seconds = time_in_turn(bench.calls(), **timing)
    shares = {}
    for mode in ('online', 'cached'):
        step, whole = seconds[f'step_{mode}'], seconds[f'iteration_{mode}']
        shares[mode] = step / whole
        print_log(
            f'{mode}: an iteration takes {whole * 1e3:.1f} ms, the step of '
            f'the TrackBook alone {step * 1e3:.1f} ms, '
            f'{shares[mode]:.1%} of it')
    return dict(
        difference=gap,
        seconds=seconds,
        shares=shares,
        inside='step: crops or stored features, losses, backward, optimiser, '
        'new texts; iteration: also the tracker, from the frames on the host')
