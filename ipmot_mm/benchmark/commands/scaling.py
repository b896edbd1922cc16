"""``benchmark.py scaling``: time of a frame by tracks, chunk and pixels."""
import argparse
from typing import Any, Callable, Dict

from mmengine.logging import MMLogger, print_log

from ipmot_mm.user_errors import positive

from ..frame_speed import FrameBench
from ..rounds import time_in_turn
from .arguments import (add_amp, add_config, add_timing, image_size,
                        read_scoped_config, set_tf32)

HELP = 'time of a frame by tracks, by frames encoded together and by size'
TRACKS, CHUNKS, PIXELS = 'live tracks', 'frames encoded together', 'kilopixels'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--sizes',
        type=image_size,
        nargs='+',
        default=((192, 96), (288, 144), (384, 192)),
        metavar='WxH',
        help='sizes of the frames; the first one for all but the last panel')
    parser.add_argument(
        '--tracks',
        type=positive,
        nargs='+',
        default=(10, 20, 50, 100, 200),
        help='numbers of live tracks')
    parser.add_argument(
        '--chunks',
        type=positive,
        nargs='+',
        default=(1, 2, 4, 8),
        help='numbers of frames that are encoded together')
    parser.add_argument(
        '--mode',
        choices=('eager', 'cuda_graph', 'compile'),
        default='eager',
        help='model.frame_mode')
    parser.add_argument('--plot', metavar='FILE', help='image to write')
    add_amp(parser, 'autocast')
    add_timing(parser)
    add_config(parser)


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Compare outputs, time all three, print them and draw them."""
    cfg = read_scoped_config(args)
    MMLogger.get_instance('scaling', log_level='ERROR')
    set_tf32(args)

    def build(size: Any) -> FrameBench:
        return FrameBench(cfg, size, args.mode, args.amp)

    first, fewest = build(args.sizes[0]), args.tracks[0]
    gap = max(first.difference(count) for count in args.tracks)
    calls: Dict[str, Dict[float, Callable]] = {
        f'{TRACKS}/ours': {n: first.ours(n) for n in args.tracks},
        f'{TRACKS}/loop of MeMOTR': {n: first.memotr(n) for n in args.tracks},
        f'{TRACKS}/detector alone': dict.fromkeys(
            (args.tracks[0], args.tracks[-1]), first.detector()),
        f'{CHUNKS}/ours': {
            n: first.ours(fewest, num_frames=n) for n in args.chunks},
        f'{PIXELS}/ours': {
            width * height / 1e3: build((width, height)).ours(fewest)
            for width, height in args.sizes}
    }  # yapf: disable
    seconds = time_in_turn(
        {
            f'{name}/{x}': call
            for name, line in calls.items()
            for x, call in line.items()
        },
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        clock=args.clock)
    panels: Dict[str, Dict[str, Dict[float, float]]] = {}
    for name, line in calls.items():
        label, curve = name.split('/')
        panels.setdefault(label, {})[curve] = {
            x: seconds[f'{name}/{x}'] / (x if label == CHUNKS else 1)
            for x in line
        }
    _print_panels(args, panels)
    if args.plot:
        from ..scaling_plot import draw_scaling
        draw_scaling(panels, args.plot)
    found = dict(
        sizes=args.sizes,
        mode=args.mode,
        amp=args.amp,
        clock=args.clock,
        num_rounds=args.num_rounds,
        num_calls=args.num_calls,
        weights='random',
        difference=gap,
        inside='from a normalised frame on the device to tracks on the host',
        seconds_per_frame=panels)
    return dict(scaling=found)


def _print_panels(args: argparse.Namespace, panels: Dict[str, Any]) -> None:
    lines = [
        'ms a frame, {} x {} but for the sizes, '.format(*args.sizes[0]) +
        f'{args.tracks[0]} tracks but for the tracks, '
        f'{args.amp or "float32"}, {args.clock} time'
    ]
    for label, curves in panels.items():
        for name, points in curves.items():
            lines.append(f'{label}, {name}: ' +
                         ', '.join(f'{x:g}: {value * 1e3:.2f}'
                                   for x, value in points.items()))
    print_log('\n'.join(lines))
