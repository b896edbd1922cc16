"""Look at clips before and after the pipeline of a config.

Example:
    python tools/analysis_tools/browse_dataset.py CONFIG.py \
        --output-dir clips --num-clips 8
"""
import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

import cv2
from mmengine.logging import print_log
from mmengine.registry import init_default_scope

from ipmot_mm.checks.clip_pictures import draw_config_clips, write_picture
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.user_errors import positive, run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Draw clips of a data set, a picture each: as loaded '
        'above, after the pipeline below.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train')
    parser.add_argument(
        '--output-dir', type=Path, help='folder for the pictures')
    parser.add_argument('--num-clips', type=positive, default=8)
    parser.add_argument(
        '--num-frames',
        type=positive,
        default=4,
        help='frames of a clip, whatever the schedule of the config')
    parser.add_argument(
        '--show', action='store_true', help='show the pictures in a window')
    parser.add_argument(
        '--seed', type=int, default=0, help='chooses clips and augmentation')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if args.output_dir is None and not args.show:
        parser.error('nothing to do: give --output-dir, --show or both')
    return args


def browse(args: argparse.Namespace) -> None:
    """Write or show the pictures."""
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope('ipmot_mm')
    clips = draw_config_clips(
        cfg,
        args.split,
        num_clips=args.num_clips,
        num_frames=args.num_frames,
        seed=args.seed)
    for name, picture in clips:
        if args.output_dir is not None:
            write_picture(args.output_dir / name, picture)
            print_log(f'written: {args.output_dir / name}')
        if args.show:
            cv2.imshow('any key: next, q: stop', picture)
            if cv2.waitKey() & 0xFF == ord('q'):
                break


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(browse, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
