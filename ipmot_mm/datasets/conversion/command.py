"""Arguments and frames of the converters."""
import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Tuple, Union

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ..frame_source import DEFAULT_FPS, FrameSource, list_images
from ..mot_writer import write_sequence
from ..sequence_frames import (IMAGE_FORMATS, LINK_MODES, EncodedFrames,
                               ImageFiles, WrittenFrames)


@dataclass(frozen=True)
class SourceFrames:
    """Frames to convert.

    Attributes:
        name (str): Name of the input, for the sequence.
        frames (:obj:`ImageFiles` | :obj:`EncodedFrames`): The frames.
        stems (tuple[str], optional): Names of the images without extension,
            in order; None for a video.
        frame_rate (float): Frames a second.
    """
    name: str
    frames: Union[ImageFiles, EncodedFrames]
    stems: Optional[Tuple[str, ...]]
    frame_rate: float


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what all converters take, after the inputs."""
    parser.add_argument('out', help='folder of the sequences, made if needed')
    parser.add_argument(
        '--frame-rate',
        type=float,
        help='frames a second; default: that of the input, else '
        f'{DEFAULT_FPS:g}')
    parser.add_argument(
        '--link-mode',
        choices=LINK_MODES,
        default='copy',
        help='how images get into img1; a video is always encoded')
    parser.add_argument(
        '--image-format',
        choices=[name[1:] for name in IMAGE_FORMATS],
        default='jpg',
        help='of the frames of a video; images stay as they are')
    parser.add_argument(
        '--quality', type=int, default=95, help='of JPEG frames of a video')
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace sequences that are there already')


def open_frames(path: Union[str, Path],
                args: argparse.Namespace) -> SourceFrames:
    """Open a video or a folder of images (in natural order of their names).

    Args:
        path (str | Path): The input.
        args (Namespace): Output arguments.

    Returns:
        :obj:`SourceFrames`: The frames.

    Raises:
        FileNotFoundError: If there is no such input.
        ValueError: If it holds no frame.
    """
    path = Path(path)
    source = FrameSource(path)
    rate = source.fps if args.frame_rate is None else args.frame_rate
    if path.is_file():
        frames = EncodedFrames(
            source,
            extension=f'.{args.image_format}',
            quality=args.quality,
            paths=[path])
        return SourceFrames(path.stem, frames, None, rate)
    images = list_images(path)
    print_log(f'{path}: {len(images)} images, frame 1 is {images[0].name}, '
              f'frame {len(images)} is {images[-1].name}')
    return SourceFrames(path.resolve().name,
                        ImageFiles(images, link_mode=args.link_mode),
                        tuple(image.stem for image in images), rate)


def convert_sequence(name: str, source: SourceFrames,
                     annotate: Optional[Callable[[WrittenFrames], ndarray]],
                     args: argparse.Namespace) -> None:
    """Write one sequence into ``args.out`` and say what is in it.

    Raises:
        ValueError: If the name cannot be that of a sequence.
    """
    if not name or name.startswith('.') or set(name) & set('/\\\n'):
        raise ValueError(
            f'a sequence cannot be called {name!r}: the name of its folder '
            'must not be empty, start with a dot or hold a slash. Pass '
            'another one with --name.')
    rows = np.zeros((0, 9))

    def keep_rows(written: WrittenFrames) -> ndarray:
        nonlocal rows
        rows = rows if annotate is None else annotate(written)
        return rows

    folder = Path(args.out) / name
    written = write_sequence(
        folder,
        source.frames,
        annotate=keep_rows,
        frame_rate=source.frame_rate,
        overwrite=args.overwrite)
    print_log(f'{folder}: {written.num_frames} frames of '
              f'{written.size[0]} x {written.size[1]}, {_describe(rows)}')


def _describe(rows: ndarray) -> str:
    if not len(rows):
        return 'without gt.txt: there is no annotation, it serves for tests'
    counts = Counter(rows[:, 7].astype(int).tolist())
    classes = ', '.join(f'{number}: {counts[number]}'
                        for number in sorted(counts))
    ignored = int((rows[:, 6] == 0).sum())
    return (f'{len(rows)} boxes of {len(np.unique(rows[:, 1]))} objects '
            f'(by class number {classes}; {ignored} with conf 0 are ignored)')
