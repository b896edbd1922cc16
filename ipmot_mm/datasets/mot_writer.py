"""Write sequences in the layout of MOTChallenge."""
import os
import shutil
from pathlib import Path
from typing import Callable, Optional, Tuple, Union

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from .frame_source import DEFAULT_FPS
from .mot_text import END_OF_PIXELS, END_OF_WHOLE_NUMBERS
from .sequence_frames import EncodedFrames, ImageFiles, WrittenFrames

SEQUENCE_PARTS = {'img1', 'gt', 'det', 'seqinfo.ini'}
"""What the folder of a sequence holds; only such a folder is replaced."""

NUM_COLUMNS = 9
"""frame, id, x, y, w, h, conf, class, visibility."""

MAX_DECIMALS = 6
"""Boxes are exact to half a millionth of a pixel, far below the step of the
float32 numbers that training uses (4e-6 from 32 pixels on)."""


def write_sequence(folder: Union[str, Path],
                   frames: Union[ImageFiles, EncodedFrames],
                   *,
                   annotate: Optional[Callable[[WrittenFrames],
                                               ndarray]] = None,
                   frame_rate: float = DEFAULT_FPS,
                   overwrite: bool = False) -> WrittenFrames:
    """Write ``<folder>/{img1, gt/gt.txt, seqinfo.ini}`` as a whole or not.

    The sequence is built in the hidden folder ``.<name>.draft`` beside its
    place, which readers pass over, and moved when it is complete. What it
    replaces is deleted last, so one of the two is always there as a whole.

    Args:
        folder (str | Path): The sequence; its name is that of the folder.
        frames (:obj:`ImageFiles` | :obj:`EncodedFrames`): The frames.
        annotate (Callable, optional): Gets the :obj:`WrittenFrames`, since
            the length of a video is known when it ends, and returns the rows
            for :func:`write_ground_truth`. Without rows there is no
            ``gt.txt``. Defaults to None.
        frame_rate (float): Frames a second. Defaults to 25.
        overwrite (bool): Whether a sequence that is there is replaced.
            Defaults to False.

    Returns:
        :obj:`WrittenFrames`: What was written.

    Raises:
        FileExistsError: If the sequence is there and must not be replaced.
        ValueError: If frames, rows or the frame rate are not valid, the
            frames or their video lie in the folder that they would replace,
            or this folder is not just a sequence.
    """
    folder = Path(folder).resolve()
    if not isinstance(frame_rate, (int, float)) or not 0 < frame_rate < np.inf:
        raise ValueError('frame_rate must be a positive number, got '
                         f'{frame_rate!r}. Pass it with --frame-rate.')
    if folder.exists() and not overwrite:
        raise FileExistsError(
            f'"{folder}" is already there. Choose another name, or pass '
            '--overwrite to replace it.')
    if any(folder in path.parents for path in frames.paths):
        raise ValueError(f'the frames lie in "{folder}", which would be '
                         'replaced by them. Choose another name or folder.')
    if folder.exists():
        _check_is_sequence(folder)
    draft = folder.parent / f'.{folder.name}.draft'
    shutil.rmtree(draft, ignore_errors=True)  # left by a killed process
    try:
        (draft / 'img1').mkdir(parents=True)
        written = frames.write(draft / 'img1')
        rows = [] if annotate is None else annotate(written)
        if len(rows):
            (draft / 'gt').mkdir()
            write_ground_truth(
                draft / 'gt' / 'gt.txt', rows, num_frames=written.num_frames)
        write_seqinfo(draft, folder.name, written, frame_rate=frame_rate)
        _move(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def _check_is_sequence(folder: Path) -> None:
    """Refuse to replace a data set, or files that are no part of one."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else ()
    others = sorted(set(names) - SEQUENCE_PARTS)
    if others or not {'img1', 'seqinfo.ini'} & set(names):
        what = (f'holds {", ".join(others[:5])}'
                if others else 'has neither img1 nor seqinfo.ini')
        raise ValueError(
            f'"{folder}" {what}, so it is not just a sequence and will not be '
            'replaced. Choose another name or folder, or move what is in it.')


def _move(draft: Path, folder: Path) -> None:
    """Put a sequence in its place; what was there is deleted after that."""
    old = folder.parent / f'.{folder.name}.old'
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)  # left by a killed process
        os.replace(folder, old)
    try:
        os.replace(draft, folder)
    finally:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
    if old.exists():
        shutil.rmtree(old)


def write_seqinfo(folder: Union[str, Path], name: str, written: WrittenFrames,
                  *, frame_rate: float) -> None:
    """Write ``seqinfo.ini``.

    The frame rate is rounded and said so: readers such as mmdet's
    ``tools/dataset_converters/mot2coco.py`` take it for a whole number. They
    also rely on the order of the lines.

    Args:
        folder (str | Path): The sequence.
        name (str): Its name.
        written (:obj:`WrittenFrames`): What lies in its ``img1``.
        frame_rate (float): Frames a second.
    """
    whole = max(1, round(frame_rate))
    if whole != frame_rate:
        print_log(f'{name}: the frame rate {frame_rate:g} is written as '
                  f'{whole}, seqinfo.ini holds whole numbers')
    width, height = written.size
    (Path(folder) / 'seqinfo.ini').write_text(
        f'[Sequence]\nname={name}\nimDir=img1\nframeRate={whole}\n'
        f'seqLength={written.num_frames}\nimWidth={width}\n'
        f'imHeight={height}\nimExt={written.extension}\n',
        encoding='utf-8')


def write_ground_truth(path: Union[str, Path],
                       rows: ndarray,
                       *,
                       num_frames: Optional[int] = None,
                       decimals: Optional[Tuple[int, int]] = None) -> None:
    """Write ``gt.txt``, one row ``frame,id,x,y,w,h,conf,class,visibility``.

    Rows are sorted by frame; those of one frame keep their order. Numbers
    are rounded to ``MAX_DECIMALS`` and zeros at their end left out.

    Args:
        path (str | Path): The text file.
        rows (ndarray): Float64, frames count from 1 and boxes are in pixels,
            has shape (num_rows, 9).
        num_frames (int, optional): Length of the sequence, to check frames.
            Defaults to None.
        decimals (tuple[int], optional): How many decimals the boxes and the
            visibilities have, zeros and all. Defaults to None.

    Raises:
        ValueError: If a row is one that :func:`read_ground_truth` refuses.
    """
    rows = np.asarray(rows, dtype=np.float64).reshape(-1, NUM_COLUMNS)
    _check_rows(path, rows, np.inf if num_frames is None else num_frames)
    box, visible = decimals or (None, None)
    columns = (None, None, box, box, box, box, None, None, visible)
    lines = [
        ','.join(map(_to_text, row, columns)) + '\n'
        for row in rows[np.argsort(rows[:, 0], kind='stable')].tolist()
    ]
    Path(path).write_text(''.join(lines), encoding='utf-8')


def _to_text(value: float, decimals: Optional[int]) -> str:
    if decimals is not None:
        return f'{value:.{decimals}f}'
    text = f'{value:.{MAX_DECIMALS}f}'.rstrip('0').rstrip('.')
    return '0' if text == '-0' else text


def _check_rows(path: Union[str, Path], rows: ndarray, last: float) -> None:
    """Refuse what the reader would refuse, before it is written."""
    frames, ids = rows[:, :2].T
    order = np.lexsort((ids, frames))
    twice = np.zeros(len(rows), dtype=bool)
    twice[order[1:]] = (np.diff(rows[order, :2], axis=0) == 0).all(1)
    corners = np.round(rows[:, 2:4], MAX_DECIMALS)
    ends = corners + np.round(rows[:, 4:6], MAX_DECIMALS)
    # as the reader sees them
    flat = (ends.astype(np.float32) <= corners.astype(np.float32)).any(1)
    reasons = [
        (~np.isfinite(rows).all(1), 'a value is not finite'),
        ((rows[:, [0, 1, 7]] % 1
          != 0).any(1), 'frame, id and class must be whole numbers'),
        ((frames < 1) | (frames > last), f'the frame must be in [1, {last}]'),
        ((ids < 0) | (ids >= END_OF_WHOLE_NUMBERS),
         'the id must be in [0, 2**53)'),
        ((np.abs(rows[:, 2:]) >= END_OF_PIXELS).any(1),
         f'all columns after the id must be below {END_OF_PIXELS}'),
        (flat & (np.trunc(rows[:, 6]) != 0),
         'a box that counts must have an area'),
        (twice, 'the id occurs twice in its frame'),
    ]
    for wrong, what in reasons:
        if wrong.any():
            row = ','.join(
                _to_text(value, None)
                for value in rows[wrong.argmax()].tolist())
            raise ValueError(
                f'"{path}" cannot be written: {what}, got "{row}" '
                f'({wrong.sum()} of {len(rows)} rows). Correct the source of '
                'the annotations.')
