"""Turn an export of CVAT into a sequence of MOTChallenge layout.

Two exports are read, each as the zip that CVAT gives (one task or job):

* 'MOT 1.1': ``gt/gt.txt``, ``gt/labels.txt`` and, if images were saved,
  ``img1/``. The class of a row is the line of ``labels.txt``. A row's frame
  is the number that is the name of the image (``000060.jpg`` is 60), and the
  position from 1 where names are no numbers, as the ``frame_000000`` of a
  video; images in the zip are named by that number (``MotSeqGtExporter`` in
  ``datumaro/plugins/mot_format.py`` of openvinotoolkit/datumaro). They are
  renumbered from 1. Boxes that are no tracks have the id -1 and are refused.
* 'CVAT for video 1.1': ``annotations.xml`` with frames from 0, and
  ``images/`` (``dump_as_cvat_interpolation`` in
  ``cvat/apps/dataset_manager/formats/cvat.py`` of cvat-ai/cvat). There a
  box that is no track is a track of one frame.

Example:
    python tools/dataset_converters/cvat_to_mot.py task_7.zip \\
        data/custom/train --frames street.mp4 --name street
"""
import argparse
import shutil
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Callable, Dict, Optional, Sequence, Tuple

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.datasets.conversion import (SourceFrames, add_class_argument,
                                          add_numbering_argument,
                                          add_output_arguments,
                                          convert_sequence, number_classes,
                                          open_frames, place_frames, read_rows,
                                          save_classes)
from ipmot_mm.datasets.conversion.cvat_xml import read_cvat_tracks
from ipmot_mm.datasets.conversion.frame_rate import tell_unknown_rate
from ipmot_mm.datasets.sequence_frames import WrittenFrames
from ipmot_mm.user_errors import CommandError, is_user_message, run_tool

IMAGE_FOLDERS = ('img1', 'images')
TEXTS = ('gt.txt', 'labels.txt', 'annotations.xml')
# What a missing labels.txt stands for, in datumaro.
MOT_LABELS = ('pedestrian', 'person on vehicle', 'car', 'bicycle', 'motorbike',
              'non motorized vehicle', 'static person', 'distractor',
              'occluder', 'occluder on the ground', 'occluder full',
              'reflection')
Converted = Tuple[Dict[str, int], Callable[[WrittenFrames], ndarray]]


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Turn an export of CVAT ("MOT 1.1" or "CVAT for video '
        '1.1") into a sequence of MOTChallenge layout.')
    parser.add_argument('export', help='the zip, or an annotations.xml')
    add_output_arguments(parser)
    parser.add_argument(
        '--frames',
        help='video or folder of the images that were annotated; needed if '
        'the zip has no images')
    parser.add_argument(
        '--name', help='name of the sequence; default: that of the export')
    add_class_argument(parser)
    add_numbering_argument(parser)
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Write the sequence."""
    export = Path(args.export)
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = unpack(export, Path(folder))
            convert_files(export, files, args)
        except ValueError as error:
            if not is_user_message(error):
                raise
            # what the user knows is the zip
            message = str(error).replace(folder, str(export))
            raise CommandError(message) from error


def unpack(export: Path, folder: Path) -> Dict[str, Path]:
    """Copy what is needed into a folder.

    Returns:
        dict[str, Path]: Path of each of ``TEXTS`` that is there, and of the
        images as ``'frames'`` if there are any.

    Raises:
        FileNotFoundError: If there is no such file.
        CommandError: If it is no zip, damaged, encrypted, or has neither
            kind of annotation.
    """
    if not export.is_file():
        raise FileNotFoundError(f'"{export}" is missing, expected the zip '
                                'that CVAT exports; correct the path')
    if export.suffix.lower() == '.xml':
        return {'annotations.xml': export}
    files: Dict[str, Path] = {}
    try:
        with zipfile.ZipFile(export) as archive:
            for info in archive.infolist():
                path = PurePosixPath(info.filename)
                frame = not set(IMAGE_FOLDERS).isdisjoint(path.parts[:-1])
                if info.is_dir() or not (frame or path.name in TEXTS):
                    continue
                target = folder / ('frames' if frame else 'gt') / path.name
                if target.exists():
                    raise CommandError(
                        f'"{export}" holds {path.name} more than once; '
                        'export one task')
                target.parent.mkdir(exist_ok=True)
                with archive.open(info) as packed, open(target, 'wb') as file:
                    shutil.copyfileobj(packed, file)
                files['frames' if frame else path.name] = (
                    target.parent if frame else target)
    # RuntimeError: it has a password, or is packed in another way
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = str(error) or type(error).__name__
        raise CommandError(f'"{export}" is no whole zip without a password '
                           f'({reason}); download it again') from error
    if not {'gt.txt', 'annotations.xml'} & set(files):
        raise CommandError(
            f'"{export}" has neither gt/gt.txt nor annotations.xml; export '
            'the task as "MOT 1.1" or "CVAT for video 1.1"')
    return files


def convert_files(export: Path, files: Dict[str, Path],
                  args: argparse.Namespace) -> None:
    """Write the sequence from unpacked files."""
    if args.frames:
        source = open_frames(args.frames, args)
    elif 'frames' in files:
        # a link would point to the temporary folder
        source = open_frames(
            files['frames'],
            argparse.Namespace(**{
                **vars(args), 'link_mode': 'copy'
            }))
    else:
        raise CommandError(
            f'"{export}" has no images; name the video or the folder that was '
            'annotated with --frames, or export with "Save images"')
    tell_unknown_rate(args.name or export.stem, source, args)
    read = read_text if 'gt.txt' in files else read_xml
    numbers, annotate = read(files, source, args)
    convert_sequence(args.name or export.stem, source, annotate, args)
    save_classes(numbers, args)


def read_text(files: Dict[str, Path], source: SourceFrames,
              args: argparse.Namespace) -> Converted:
    """Read 'MOT 1.1'."""
    shift = start_from_one(files['gt.txt'])
    table, rows = read_rows(files['gt.txt'])
    labels = list(MOT_LABELS)
    if 'labels.txt' in files:
        text = files['labels.txt'].read_text('utf-8-sig', 'replace')
        labels = [line.strip() for line in text.splitlines()]
    table.refuse(
        ~np.isin(rows[:, 7],
                 np.arange(len(labels)) + 1),
        f'the class must be a line of labels.txt, 1 to {len(labels)}',
        'Give the box a label in CVAT and export again.')
    numbers = number_classes(labels, args)
    rows[:, 7] = [numbers[labels[int(number) - 1]] for number in rows[:, 7]]
    stems = source.stems
    numbered = stems is not None and all(stem.isdecimal() for stem in stems)
    if numbered:
        stems = [str(int(stem) + shift) for stem in stems]
    numbering = args.frame_numbers
    if numbering == 'auto' and not args.frames:
        numbering = 'name' if numbered else 'position'

    def annotate(written: WrittenFrames) -> ndarray:
        rows[:, 0] = place_frames(table, written.num_frames, stems, numbering)
        return rows

    return numbers, annotate


def start_from_one(path: Path) -> int:
    """Count the frames of the text from 1 where images are named from 0.

    Returns:
        int: 1 if the frames in the file were raised, else 0.

    Raises:
        CommandError: If a box is not part of a track.
    """
    lines = path.read_text(encoding='utf-8-sig', errors='replace').splitlines()
    cells = [line.split(',') for line in lines]
    for number, row in enumerate(cells, start=1):
        if len(row) > 1 and row[1].strip() == '-1':
            raise CommandError(
                f'"{path}", line {number}: the box is a shape and no track '
                '(id -1). Draw it as a track, or export "CVAT for video 1.1", '
                'which makes it a track of one frame.')
    frames = [row[0].strip() for row in cells]
    if '0' not in frames or not all(frame.isdecimal() for frame in frames):
        return 0  # the reader refuses what is no number
    path.write_text(
        '\n'.join(','.join([str(int(row[0]) + 1), *row[1:]]) for row in cells),
        encoding='utf-8')
    return 1


def read_xml(files: Dict[str, Path], source: SourceFrames,
             args: argparse.Namespace) -> Converted:
    """Read 'CVAT for video 1.1'."""
    path = files['annotations.xml']
    tracks = read_cvat_tracks(path)
    is_video = source.stems is None
    if is_video and (tracks.first_frame, tracks.frame_step) != (0, 1):
        raise CommandError(
            f'"{path}": frames from {tracks.first_frame} in steps of '
            f'{tracks.frame_step} of the video were annotated. Export with '
            '"Save images" and leave out --frames, or give their folder.')
    numbers = number_classes(tracks.labels, args)

    def annotate(written: WrittenFrames) -> ndarray:
        if tracks.num_frames not in (None, written.num_frames):
            what = (f'"{path}": the task has {tracks.num_frames} frames, but '
                    f'{written.num_frames} are given')
            if not is_video:
                raise CommandError(f'{what}. Give all images of the task.')
            print_log(f'warning: {what}')
        return tracks.to_rows(written.num_frames, numbers)

    return numbers, annotate


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert, or say in one line why not."""
    return run_tool(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
