"""Ground truth files of MOTChallenge."""
import os
from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np
from numpy import ndarray

MIN_COLUMNS = 6
MOT15_COLUMNS = 10
"""Files of ten columns hold world coordinates where MOT16 and later have
class and visibility."""


@dataclass(frozen=True)
class MOTAnnotations:
    """Rows of one ground truth file, sorted by frame and then by id.

    Attributes:
        frame_numbers (ndarray): Frame of each row, 1-based as in the file,
            int64, has shape (num_rows, ).
        instance_ids (ndarray): Identity inside the video, int64, has shape
            (num_rows, ).
        bboxes (ndarray): Boxes as (x1, y1, x2, y2) in pixels of the image as
            the file counts them (no shift by one, which is what TrackEval
            and the trackers compared with do), float32, has shape
            (num_rows, 4). They may reach outside of the image.
        confidences (ndarray): 0 marks a row that is ignored, float32, has
            shape (num_rows, ).
        class_ids (ndarray): Class number of MOTChallenge, 1 is a pedestrian,
            int64, has shape (num_rows, ).
        visibilities (ndarray): Visible share in [0, 1], float32, has shape
            (num_rows, ).
    """
    frame_numbers: ndarray
    instance_ids: ndarray
    bboxes: ndarray
    confidences: ndarray
    class_ids: ndarray
    visibilities: ndarray

    def __len__(self) -> int:
        return len(self.frame_numbers)

    def __getitem__(self, index: ndarray) -> 'MOTAnnotations':
        """Rows chosen by a mask or by numbers, has shape (num_rows, )."""
        return MOTAnnotations(**{
            name: field[index]
            for name, field in vars(self).items()
        })


def read_ground_truth(path: str,
                      num_frames: Optional[int] = None) -> MOTAnnotations:
    """Read ``gt.txt``: ``frame,id,x,y,w,h[,conf[,class[,visibility]]]``.

    Columns that are absent read as conf 1, class 1 and visibility 1. A file
    of ten columns is in the MOT15 layout: its last three are world
    coordinates and are not read. Windows line ends, a byte order mark,
    spaces, blank lines and rows in any order are read right.

    Args:
        path (str): The text file.
        num_frames (int, optional): Length of the sequence in frames.
            Defaults to None, for not to check the frame numbers against it.

    Returns:
        :obj:`MOTAnnotations`: All rows of all classes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty, a row is malformed, a value is not
            finite, a frame lies outside of the sequence, an id occurs twice
            in a frame, or a box that counts (conf is not 0) has no area. The
            message names file and line.
    """
    table = _read_table(path)
    num_columns = table.shape[1]
    _refuse(path, ~np.isfinite(table).all(1), 'a value is not finite',
            'Write numbers in all columns.')
    whole = table[:, :2]
    _refuse(path, (whole != np.round(whole)).any(1),
            'frame and id must be whole numbers', 'Correct the row.')

    one = np.ones(len(table))
    has_class = 8 <= num_columns < MOT15_COLUMNS
    confidences = table[:, 6] if num_columns > 6 else one
    x, y, w, h = table[:, 2:6].T
    _refuse(path, ((w <= 0) | (h <= 0)) & (confidences != 0),
            'the box has zero or negative width or height',
            'Correct it, remove the row, or set conf to 0 to ignore it.')
    last = np.inf if num_frames is None else num_frames
    _refuse(path, (table[:, 0] < 1) | (table[:, 0] > last),
            f'the frame must be in [1, {last}]',
            'Frames count from 1 up to seqLength in seqinfo.ini.')

    order = np.lexsort((table[:, 1], table[:, 0]))
    again = (np.diff(whole[order], axis=0) == 0).all(1)
    duplicated = np.zeros(len(table), dtype=bool)
    duplicated[order[1:][again]] = True
    _refuse(path, duplicated, 'the id occurs twice in its frame',
            'An object has one box in a frame.')
    return MOTAnnotations(
        frame_numbers=table[:, 0].astype(np.int64),
        instance_ids=table[:, 1].astype(np.int64),
        bboxes=np.stack([x, y, x + w, y + h], axis=1).astype(np.float32),
        confidences=confidences.astype(np.float32),
        class_ids=(table[:, 7] if has_class else one).astype(np.int64),
        visibilities=(table[:, 8] if num_columns == 9 else one).astype(
            np.float32))[order]


def _read_table(path: str) -> ndarray:
    """Numbers of a comma-separated file, has shape (num_rows, num_columns)."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'"{path}" is missing. A sequence keeps its annotations in '
            'gt/gt.txt, one row "frame,id,x,y,w,h,conf,class,visibility" for '
            'each box.')
    lines = [line for _number, line in _numbered_rows(path)]
    if not lines:
        raise ValueError(
            f'"{path}" is empty, expected one row "frame,id,x,y,w,h,conf,'
            'class,visibility" for each box. Copy the file again, or leave '
            'the sequence out.')
    try:
        table = np.loadtxt(lines, delimiter=',', comments=None, ndmin=2)
    except ValueError:
        table = np.zeros((0, 0))
    if table.shape[1] < MIN_COLUMNS or table.shape[1] > MOT15_COLUMNS:
        raise ValueError(_malformed(path))
    return table


def _numbered_rows(path: str) -> List[Tuple[int, str]]:
    """Lines with something in them and their numbers in the file."""
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        return [(number, line.strip())
                for number, line in enumerate(file, start=1) if line.strip()]


def _malformed(path: str) -> str:
    """Say which row could not be read, slowly: it is the last thing done."""
    rows = _numbered_rows(path)
    width = rows[0][1].count(',') + 1
    if not MIN_COLUMNS <= width <= MOT15_COLUMNS:
        width = 0  # then every row is wrong, and the first one is named
    wrong = [(number, line) for number, line in rows if line.count(',') +
             1 != width or not all(map(_is_number, line.split(',')))]
    number, line = (wrong or rows)[0]
    return (f'"{path}", line {number}: got "{line}", expected '
            f'{MIN_COLUMNS} to 9 numbers "frame,id,x,y,w,h,conf,class,'
            'visibility" separated by commas, as many as in the first row. '
            'Correct the row.')


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _refuse(path: str, wrong: ndarray, what: str, remedy: str) -> None:
    """Raise for the first wrong row, if any; ``wrong`` has shape (n, )."""
    if not wrong.any():
        return
    number, line = _numbered_rows(path)[int(np.flatnonzero(wrong)[0])]
    raise ValueError(
        f'"{path}", line {number}: {what}, got "{line}". {remedy}')
