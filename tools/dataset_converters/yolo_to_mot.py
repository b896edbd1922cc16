"""Turn the text files of ``yolo track save_txt=True`` into a sequence.

Ultralytics writes one file for each frame with objects: ``<image>.txt``, or
``<video>_<frame>.txt`` with frames from 1 (``ultralytics/engine/predictor.py``
, ``write_results``). A row is ``class cx cy w h [conf] [id]`` divided by the
size of the image; the id is absent where the tracker has confirmed no object
(``ultralytics/engine/results.py``, ``Results.save_txt``). Do not use
``vid_stride``: the numbers then are not those of the frames.

Example:
    python tools/dataset_converters/yolo_to_mot.py runs/detect/track/labels \\
        street.mp4 data/custom/train --names person bicycle car
"""
import argparse
import re
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import yaml
from mmengine.fileio import load
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.datasets.conversion import (SourceFrames, add_class_argument,
                                          add_output_arguments,
                                          convert_sequence, number_classes,
                                          open_frames, save_classes)
from ipmot_mm.datasets.conversion.frame_rate import tell_unknown_rate
from ipmot_mm.datasets.sequence_frames import WrittenFrames
from ipmot_mm.user_errors import CommandError, run_tool

ROW = 'class cx cy w h [conf] id'
# Ultralytics prints six significant digits.
ROUNDING = 1e-5


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Turn YOLO track labels (one text file a frame, rows '
        f'"{ROW}") into a sequence of MOTChallenge layout.')
    parser.add_argument('label_dir', help='folder of the text files')
    parser.add_argument('input', help='the video or folder of images tracked')
    add_output_arguments(parser)
    parser.add_argument(
        '--names',
        nargs='+',
        help='class names from class 0 on, or the data.yaml with "names"; '
        'without names class c gets the number c + 1')
    add_class_argument(parser)
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.0,
        help='boxes whose conf is below get conf 0 in gt.txt')
    parser.add_argument(
        '--drop-untracked',
        action='store_true',
        help='leave out rows without an id, and say how many')
    parser.add_argument(
        '--name', help='name of the sequence; default: that of the input')
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Write the sequence."""
    if args.class_numbers and not args.names:
        raise CommandError('--class-numbers needs --names')
    source = open_frames(args.input, args)
    tell_unknown_rate(args.name or source.name, source, args)
    files = find_label_files(Path(args.label_dir), source)
    rows, places = read_labels(files, args)
    used = sorted({int(number) for number in rows[:, 1]})
    of_class = {number: number + 1 for number in used}
    if args.names:
        names = read_names(args.names, used)
        numbers = number_classes(names.values(), args)
        of_class = {number: numbers[names[number]] for number in used}

    def annotate(written: WrittenFrames) -> ndarray:
        frames = rows[:, 0]
        lost = np.flatnonzero((frames < 1) | (frames > written.num_frames))
        if lost.size:
            raise CommandError(
                f'{places[lost[0]]}: it is none of the {written.num_frames} '
                'frames of the video. Give the video that was tracked.')
        return to_mot(rows, of_class, written.size)

    convert_sequence(args.name or source.name, source, annotate, args)
    if args.names:
        save_classes(numbers, args)


def find_label_files(label_dir: Path,
                     source: SourceFrames) -> List[Tuple[int, Path]]:
    """Text files and their frames, counted from 1.

    Raises:
        CommandError: If there is none, or one belongs to no image.
    """
    files = sorted(label_dir.glob('*.txt'))
    if source.stems is not None:
        of_stem = {stem: place for place, stem in enumerate(source.stems, 1)}
        found = [(of_stem.get(file.stem, 0), file) for file in files]
        lost = [file for place, file in found if not place]
    else:
        pattern = re.compile(re.escape(source.name) + r'_([0-9]+)')
        matches = [(pattern.fullmatch(file.stem), file) for file in files]
        found = [(int(match[1]), file) for match, file in matches if match]
        others = len(files) - len(found)
        lost = []
        if others:
            print_log(
                f'warning: {label_dir}: {others} files are not called '
                f'{source.name}_<frame>.txt: they belong to other inputs')
    if lost or not found:
        raise CommandError(
            f'"{lost[0] if lost else label_dir}": expected text files named '
            'like the images, or <video>_<frame>.txt, got '
            f'{len(lost)} that match no image of {len(files)} files. Give the '
            'input that was tracked.')
    print_log(f'{label_dir}: {len(found)} frames have labels')
    return sorted(found)


def read_labels(files: Sequence[Tuple[int, Path]],
                args: argparse.Namespace) -> Tuple[ndarray, List[str]]:
    """Rows ``frame class cx cy w h conf id`` and where each one stands."""
    lines = [(place, f'"{file}", line {number}', line.split())
             for place, file in files for number, line in enumerate(
                 file.read_text('utf-8-sig', 'replace').splitlines(), 1)
             if line.strip()]
    # Whether a row of six columns ends with a conf or an id.
    with_conf = any(len(cells) == 7 for _, _, cells in lines)
    rows, places, num_untracked = [], [], 0
    for place, where, cells in lines:
        values = _parse_row(where, cells)
        if len(values) == 5 or (len(values) == 6 and with_conf):
            if not args.drop_untracked:
                raise CommandError(
                    f'{where}: the row has no id, got "{" ".join(cells)}", '
                    f'expected "{ROW}". Write labels with "yolo track '
                    'save_txt=True"; --drop-untracked leaves such rows out.')
            num_untracked += 1
            continue
        if values[-1] % 1 or values[-1] < 0:
            raise CommandError(
                f'{where}: the last column must be an id, got {cells[-1]}, '
                f'which looks like a conf; expected "{ROW}". Write labels '
                'with "yolo track save_txt=True".')
        score = values[5] if len(values) == 7 else 1.0
        rows.append([place, *values[:5], score >= args.score_thr, values[-1]])
        places.append(where)
    if not rows:
        raise CommandError(
            f'"{args.label_dir}": no row has an id; expected "{ROW}"')
    if num_untracked:
        print_log(f'{num_untracked} rows without an id are left out')
    _refuse_repeated(rows, places)
    return np.array(rows, dtype=np.float64), places


def _parse_row(where: str, cells: Sequence[str]) -> List[float]:
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        values = []
    box = np.array(values[1:5])
    if (not 5 <= len(values) <= 7 or not np.isfinite(values).all()
            or values[0] % 1 or values[0] < 0 or (box < 0).any()
            or (box > 1 + ROUNDING).any()):
        raise CommandError(
            f'{where}: got "{" ".join(cells)}", expected numbers "{ROW}" with '
            'a class from 0 and a box in [0, 1]. Correct the row.')
    return values


def _refuse_repeated(rows: Sequence[Sequence[float]],
                     places: Sequence[str]) -> None:
    seen: Dict[Tuple[float, float], str] = {}
    for row, where in zip(rows, places):
        first = seen.setdefault((row[0], row[-1]), where)
        if first is not where:
            raise CommandError(
                f'{where}: the id {row[-1]:.0f} is in its frame already '
                f'({first}). Ultralytics adds to files that are there: empty '
                'the folder and track again, or remove one row.')


def read_names(names: Sequence[str], used: Sequence[int]) -> Dict[int, str]:
    """Name of each class that occurs.

    Raises:
        CommandError: If a class has no name.
    """
    listed = list(names)
    if len(listed) == 1 and listed[0].endswith(('.yaml', '.yml')):
        try:
            data = load(listed[0])
        except yaml.YAMLError:
            data = None
        listed = data.get('names') if isinstance(data, dict) else None
        if not isinstance(listed, (list, dict)):
            raise CommandError(
                f'--names: "{names[0]}" has no "names", expected a list or '
                'the numbers and names of the classes')
    known = dict(listed if isinstance(listed, dict) else enumerate(listed))
    unknown = [number for number in used if number not in known]
    if unknown:
        raise CommandError(
            f'--names: class {unknown[0]} occurs, but only {len(known)} names '
            'are given, from class 0 on')
    return {number: str(known[number]) for number in used}


def to_mot(rows: ndarray, numbers: Dict[int, int],
           size: Tuple[int, int]) -> ndarray:
    """Rows of gt.txt in pixels; boxes without area get conf 0."""
    frame, label, cx, cy, w, h, conf, track = rows.T
    width, height = size
    flat = (w <= 0) | (h <= 0)
    if flat.any():
        print_log(f'{flat.sum()} boxes have no area and get conf 0')
    return np.stack([
        frame, track, (cx - w / 2) * width,
        (cy - h / 2) * height, w * width, h * height, conf * ~flat,
        [numbers[int(c)] for c in label],
        np.ones(len(rows))
    ], 1)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert, or say in one line why not."""
    return run_tool(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
