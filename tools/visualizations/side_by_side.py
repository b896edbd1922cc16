r"""Show trackers side by side on the same frames, also of several domains.

A column for each tracker and a row for each video as .mp4, .avi or .gif; or
some frames as .png or .jpg, a column each. Where there is ground truth, a
track that takes over a person from another is yellow for some frames.

Example:
    python tools/visualizations/side_by_side.py \
        data/synthmot/street/val/Street-01 data/synthmot/crowd/val/Crowd-01 \
        --model IP-MOT \
        configs/synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py \
        checkpoints/ipmot_small_street.pth \
        --ground-truth --benchmark custom --out side_by_side.mp4
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

import numpy as np
from mmengine.logging import print_log

from ipmot_mm.analysis.side_by_side_panels import (model_panel, result_panel,
                                                   truth_panel)
from ipmot_mm.apis import init_tracker
from ipmot_mm.datasets.sequence import MOTSequence, read_sequence
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.evaluation import BENCHMARKS
from ipmot_mm.user_errors import CommandError, positive, run_tool
from ipmot_mm.visualization.animation_file import open_animation
from ipmot_mm.visualization.frame_writer import FrameWriter
from ipmot_mm.visualization.picture_file import write_picture
from ipmot_mm.visualization.side_by_side import (TrackPanel,
                                                 draw_contact_sheet,
                                                 draw_side_by_side,
                                                 join_column)

PICTURES = ('.png', '.jpg', '.jpeg')
NUM_FRAMES_OF_SHEET = 4


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Show trackers side by side on the same frames')
    parser.add_argument(
        'videos', nargs='+', help='sequence folders of MOTChallenge')
    parser.add_argument(
        '--results',
        nargs=2,
        action='append',
        default=[],
        metavar=('TITLE', 'FOLDER'),
        help='a tracker by its result files; may be repeated')
    parser.add_argument(
        '--model',
        nargs=3,
        action='append',
        default=[],
        metavar=('TITLE', 'CONFIG', 'CHECKPOINT'),
        help='a tracker by its weights; may be repeated')
    parser.add_argument(
        '--ground-truth', action='store_true', help='a panel of it first')
    parser.add_argument('--benchmark', choices=BENCHMARKS, default='MOT17')
    parser.add_argument(
        '--out', required=True, help='.mp4, .avi, .gif, .png or .jpg')
    parser.add_argument(
        '--frames',
        type=positive,
        nargs='+',
        help='of a picture, from 1 on; default: four, evenly spread')
    parser.add_argument(
        '--num-frames', type=positive, help='only the first ones')
    parser.add_argument(
        '--width', type=positive, default=400, help='of a panel; default 400')
    parser.add_argument('--fps', type=float, default=10, help='default 10')
    parser.add_argument('--device', default='cpu')
    return parser.parse_args(argv)


def read_panels(sequences: Sequence[MOTSequence],
                args: argparse.Namespace) -> List[List[TrackPanel]]:
    """Panels of each video: truth, results, models."""
    panels: List[List[TrackPanel]] = [[] for _ in sequences]
    for of_video, sequence in zip(panels, sequences):
        if args.ground_truth:
            of_video.append(truth_panel(sequence))
        for title, folder in args.results:
            of_video.append(
                result_panel(sequence, folder, title, args.benchmark))
    for title, config, checkpoint in args.model:
        model = init_tracker(config, checkpoint, args.device)
        for of_video, sequence in zip(panels, sequences):
            of_video.append(
                model_panel(sequence, model, title, args.benchmark,
                            args.num_frames))
    return panels


def load(sequence: MOTSequence, frame: int) -> np.ndarray:
    """A frame by its number, from 1 on; BGR, uint8."""
    return read_image(
        str(Path(sequence.image_dir) / sequence.image_names[frame - 1]))


def write_sheet(sequences: Sequence[MOTSequence],
                panels: Sequence[Sequence[TrackPanel]], num_frames: int,
                args: argparse.Namespace) -> None:
    """Chosen frames of all videos as one picture."""
    numbers = args.frames or sorted({
        round(number)
        for number in np.linspace(1, num_frames, NUM_FRAMES_OF_SHEET)
    })
    sheet = join_column([
        draw_contact_sheet([load(sequence, number) for number in numbers],
                           of_video, sequence.name, numbers, args.width)
        for sequence, of_video in zip(sequences, panels)
    ])
    write_picture(args.out, sheet[..., ::-1])


def write_clip(sequences: Sequence[MOTSequence],
               panels: Sequence[Sequence[TrackPanel]], num_frames: int,
               width: int, writer: FrameWriter) -> None:
    """All frames of all videos."""
    names = [sequence.name for sequence in sequences]
    with writer:
        for frame in range(1, num_frames + 1):
            images = [load(sequence, frame) for sequence in sequences]
            writer.write(
                draw_side_by_side(images, panels, names, frame, width))


def run(args: argparse.Namespace) -> None:
    """Track where it must be, and draw."""
    if not (args.results or args.model or args.ground_truth):
        raise CommandError('nothing to show: give --results TITLE FOLDER, '
                           '--model TITLE CONFIG CHECKPOINT, --ground-truth, '
                           'or several of them')
    sequences = [
        read_sequence(video, with_gt=args.ground_truth)
        for video in args.videos
    ]
    folders = {sequence.name: sequence.image_dir for sequence in sequences}
    twice = [sequence.name for sequence in sequences
             if folders[sequence.name] != sequence.image_dir]
    if args.results and twice:
        raise CommandError(f'--results: two videos are called {twice[0]}, and '
                           'a folder of results has one file for both; show '
                           'them one by one')
    num_frames = min(
        [len(sequence) for sequence in sequences] +
        [args.num_frames] * bool(args.num_frames))
    beyond = [n for n in args.frames or () if n > num_frames]
    if beyond:
        raise CommandError(f'--frames: {beyond[0]} does not exist, there are '
                           f'{num_frames}')
    is_picture = Path(args.out).suffix.lower() in PICTURES
    if args.frames and not is_picture:
        raise CommandError('--frames chooses frames of a picture, but --out '
                           f'is {args.out}; take .png, or --num-frames')
    writer = None if is_picture else open_animation(args.out, args.fps)
    panels = read_panels(sequences, args)
    if writer is None:
        write_sheet(sequences, panels, num_frames, args)
    else:
        write_clip(sequences, panels, num_frames, args.width, writer)
    print_log(f'{len(panels[0])} panels of {len(sequences)} videos, '
              f'{num_frames} frames; written: '
              f'{args.out if writer is None else writer.path}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
