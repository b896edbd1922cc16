"""Rows of MOT text, and the frames that they mean."""
import argparse
from pathlib import Path
from typing import Optional, Sequence, Tuple, Union

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ..mot_text import (MOT15_COLUMNS, MOTTable, read_ground_truth,
                        read_mot_table)

NUMBERINGS = ('auto', 'name', 'position')


def add_numbering_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--frame-numbers``, see :func:`place_frames`."""
    parser.add_argument(
        '--frame-numbers',
        choices=NUMBERINGS,
        default='auto',
        help='what a frame number of the annotations is: the number that is '
        'the name of an image, or its position from 1; auto takes the one '
        'that fits')


def read_rows(path: Union[str, Path],
              score_thr: Optional[float] = None) -> Tuple[MOTTable, ndarray]:
    """Read MOT text as rows with all nine columns.

    Args:
        path (str | Path): Text of 6 to 10 columns; of ten, the last three are
            world coordinates and go away.
        score_thr (float, optional): If given, column 7 is a score and rows
            below it get conf 0. Defaults to None.

    Returns:
        tuple: The table, for messages with line numbers, and its rows in
        their order, which has shape (num_rows, 9).

    Raises:
        ValueError: If the file is malformed, or conf is neither 0 nor 1.
    """
    read_ground_truth(str(path))  # for what it refuses
    table = read_mot_table(str(path), max_columns=MOT15_COLUMNS)
    given = table.values
    if given.shape[1] == MOT15_COLUMNS:
        print_log(f'{path}: ten columns, the last three (world coordinates) '
                  'are not kept; every box is of class 1')
        given = given[:, :7]
    rows = np.ones((len(table), 9))
    rows[:, :given.shape[1]] = given
    if score_thr is not None:
        rows[:, 6] = rows[:, 6] >= score_thr
    table.refuse(
        ~np.isin(rows[:, 6], (0, 1)), 'conf must be 0 (ignored) or 1',
        'If these are scores of a tracker, say from which one on a box counts '
        'with --score-thr.')
    return table, rows


def place_frames(table: MOTTable, num_frames: int,
                 stems: Optional[Sequence[str]], numbering: str) -> ndarray:
    """Find the frame that each row means, counted from 1.

    Args:
        table (:obj:`MOTTable`): Annotations; the first column is a frame
            number.
        num_frames (int): Length of the sequence.
        stems (Sequence[str], optional): Names of the images without their
            extension, in order; None for a video.
        numbering (str): One of ``NUMBERINGS``. ``'auto'`` takes the one by
            which every row has a frame.

    Returns:
        ndarray: Positions, has shape (num_rows, ).

    Raises:
        ValueError: If a row has no frame, both numberings fit but differ, or
            images are not named by numbers. The message names file and line.
    """
    numbers = table.values[:, 0]
    positions = np.where(numbers <= num_frames, numbers, 0)
    named = None
    if stems is not None and all(stem.isdecimal() for stem in stems):
        of_name = {int(stem): place for place, stem in enumerate(stems, 1)}
        if len(of_name) == len(stems):  # not with both 1.jpg and 01.jpg
            named = np.array([of_name.get(int(n), 0) for n in numbers])
    if numbering == 'name' and named is None:
        raise ValueError('--frame-numbers name: the frames must be images '
                         'whose names are different numbers')
    if numbering == 'auto':
        named_fits = named is not None and named.all()
        if named_fits and positions.all() and (named != positions).any():
            raise ValueError(
                f'"{table.path}": frame {int(numbers[0])} can be the image '
                f'{stems[int(named[0]) - 1]} or the {int(numbers[0])}. one, '
                f'{stems[int(positions[0]) - 1]}. Say which with '
                '--frame-numbers name or --frame-numbers position.')
        numbering = 'name' if named_fits else 'position'
    places = named if numbering == 'name' else positions
    table.refuse(places == 0, f'the frame is none of the {num_frames} frames',
                 'Give the frames that were annotated, all of them.')
    return places
