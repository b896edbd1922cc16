"""Write a tracker as an ONNX file or as an exported program of torch.

Example:
    python tools/deployment/export_model.py CONFIG CHECKPOINT \\
        --out tracker.onnx --size 1080 1920 --check video.mp4
"""
import argparse
import sys
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Optional, Sequence

import torch

from ipmot_mm.apis import FrameSource, init_tracker
from ipmot_mm.config_errors import SettingsAction
from ipmot_mm.export import (ONNXTracker, ProgramTracker, compare, export_onnx,
                             export_program)
from ipmot_mm.user_errors import FAILURE, positive, run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file of the tracker')
    parser.add_argument('checkpoint', help='weights of the tracker')
    parser.add_argument('--out', required=True, help='file to write')
    parser.add_argument(
        '--format', choices=('onnx', 'torch'), default='onnx',
        help='default onnx')
    parser.add_argument(
        '--size',
        type=positive,
        nargs=2,
        required=True,
        metavar=('H', 'W'),
        help='height and width of the frames that will be tracked')
    parser.add_argument(
        '--num-slots',
        type=positive,
        default=100,
        help='tracks alive at once; default 100')
    parser.add_argument(
        '--check',
        metavar='VIDEO',
        help='track this with both, print differences and times')
    parser.add_argument(
        '--num-frames',
        type=positive,
        default=50,
        help='of the check; default 50')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=SettingsAction,
        metavar='KEY=VALUE',
        help='config keys to override')
    return parser.parse_args(argv)


def export_model(args: argparse.Namespace) -> int:
    """Write, and compare where that is asked for."""
    # what can be wrong with it should be said before minutes of export
    frames = FrameSource(args.check) if args.check else None
    model = init_tracker(
        args.config, args.checkpoint, cfg_options=args.cfg_options)
    write = export_onnx if args.format == 'onnx' else export_program
    metadata = write(
        model,
        args.out,
        frame_size=tuple(args.size),
        num_slots=args.num_slots)
    height, width = metadata['image_size']
    sys.stdout.write(
        f'{args.out}: written, {Path(args.out).stat().st_size / 1e6:.1f} MB, '
        f'images of {height} x {width} (height x width), '
        f'{args.num_slots} slots\n')
    return 0 if frames is None else check(args, model, frames)


def check(args: argparse.Namespace, model: torch.nn.Module,
          frames: FrameSource) -> int:
    """Print the largest differences, and the times on one thread."""
    torch.set_num_threads(1)
    exported = ONNXTracker(args.out, num_threads=1) \
        if args.format == 'onnx' else ProgramTracker(args.out)
    found = compare(model, exported, islice(frames, args.num_frames))
    times = [1e3 * median(each)
             for each in (found.model_times, found.exported_times)]
    sys.stdout.write(
        f'{found.num_frames} frames, {found.num_tracks} boxes of '
        f'{found.num_ids} tracks; frames with other ids: '
        f'{len(found.other_ids)}\n'
        f'largest difference: box {found.box_error:.1e} (share of the '
        f'frame), score {found.score_error:.1e}\n'
        f'median of a frame, one thread: PyTorch {times[0]:.1f} ms, exported '
        f'{times[1]:.1f} ms\n')
    if found.num_waiting:
        sys.stdout.write(f'up to {found.num_waiting} persons found no slot: '
                         'give more --num-slots\n')
    sys.stdout.write('equal\n' if found.is_equal else 'NOT equal\n')
    return 0 if found.is_equal else FAILURE


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(export_model, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
