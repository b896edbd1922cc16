"""Text files of MOTChallenge: ground truth and results."""
import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import List, Optional, Tuple

import numpy as np
from numpy import ndarray

from .plain_numbers import read_plain_numbers

MIN_COLUMNS = 6
MOT15_COLUMNS = 10
"""Files of ten columns hold world coordinates where MOT16 and later have
class and visibility."""

END_OF_WHOLE_NUMBERS = 2**53
"""From here on float64 cannot tell a whole number from its neighbour."""

END_OF_PIXELS = 2**24
"""The same for float32, in which boxes are kept."""

NUM_SHOWN = 80
"""Characters of a bad row that a message quotes."""


@dataclass(frozen=True)
class MOTTable:
    """Checked numbers of one text file, in the order of its rows.

    Attributes:
        path (str): The file.
        values (ndarray): All columns, starting with frame, id, x, y, w, h;
            each is the float64 nearest to the text, has shape (num_rows,
            num_columns).
        line_numbers (ndarray): Line of each row in the file, 1-based, int64,
            has shape (num_rows, ).
    """
    path: str
    values: ndarray
    line_numbers: ndarray

    def __len__(self) -> int:
        return len(self.values)

    def refuse(self, wrong: ndarray, what: str, remedy: str) -> None:
        """Do nothing if no row is wrong, else name the first one.

        Args:
            wrong (ndarray): Mask, bool, has shape (num_rows, ).
            what (str): What is wrong, such as 'the box has no area'.
            remedy (str): What to do about it, as a sentence.

        Raises:
            ValueError: If a row is wrong. The message names the file, the
                line, what it says, and how many more rows are wrong.
        """
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return
        number = int(self.line_numbers[rows[0]])
        more = f' (and {rows.size - 1} more)' if rows.size > 1 else ''
        raise ValueError(f'"{self.path}", line {number}{more}: {what}, got '
                         f'{_quote_line(self.path, number)}. {remedy}')


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
        confidences (ndarray): 0 marks a row that is ignored, see
            :attr:`counts`, float32, has shape (num_rows, ).
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

    @classmethod
    def from_values(cls, values: ndarray) -> 'MOTAnnotations':
        """Columns of a table, sorted by frame and id.

        Args:
            values (ndarray): ``frame, id, x, y, w, h[, conf[, class[,
                visibility]]]``, absent columns read as 1; of ten columns the
                last three are world coordinates and are not read. Has shape
                (num_rows, num_columns).

        Returns:
            :obj:`MOTAnnotations`: All rows.
        """
        num_columns = values.shape[1]
        used = 7 if num_columns == MOT15_COLUMNS else num_columns
        full = np.ones((len(values), MOT15_COLUMNS - 1))
        full[:, :used] = values[:, :used]
        full = full[np.lexsort((full[:, 1], full[:, 0]))]
        return cls(
            frame_numbers=full[:, 0].astype(np.int64),
            instance_ids=full[:, 1].astype(np.int64),
            bboxes=_corners(full),
            confidences=full[:, 6].astype(np.float32),
            class_ids=full[:, 7].astype(np.int64),
            visibilities=full[:, 8].astype(np.float32))

    @property
    def counts(self) -> ndarray:
        """ndarray: Whether each row counts, in training as in scores, bool,
        has shape (num_rows, ): conf is not 0 once it is cut to a whole
        number (trackeval 1.3.0, mot_challenge_2d_box.py:261)."""
        return self.confidences.astype(np.int64) != 0

    def __len__(self) -> int:
        return len(self.frame_numbers)

    def __getitem__(self, index: ndarray) -> 'MOTAnnotations':
        """Rows chosen by a mask or by numbers, has shape (num_rows, )."""
        return MOTAnnotations(**{
            name: field[index]
            for name, field in vars(self).items()
        })


def read_mot_table(path: str,
                   *,
                   min_columns: int = MIN_COLUMNS,
                   max_columns: Optional[int] = None,
                   allow_empty: bool = False,
                   allow_blanks: bool = True) -> MOTTable:
    """Read ``frame,id,x,y,w,h,...``, the format of all MOTChallenge text.

    Columns are separated by commas, or by blanks where the first row has no
    comma; a comma at the end of a row is ignored, as TrackEval does. Windows
    line ends, a byte order mark, spaces around numbers, blank lines and rows
    in any order are read right. Nothing is left out: a row that cannot be
    read makes the file refused.

    Args:
        path (str): The text file.
        min_columns (int): Columns that a row must have. Defaults to 6.
        max_columns (int, optional): Columns that it may have. Defaults to
            None, for any number.
        allow_empty (bool): Whether a file without rows is legal, which
            results are where nothing was tracked. Defaults to False.
        allow_blanks (bool): Whether blanks may separate the columns, which
            test servers do not read. Defaults to True.

    Returns:
        :obj:`MOTTable`: Every row of the file; with ``min_columns`` columns
        if there is none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty and must not be, rows differ in
            their number of columns, a column is not a finite number, frame
            or id is not whole or too large, a frame is below 1, an id is
            negative, or an id occurs twice in a frame. The message names
            file and line.
    """
    path = str(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'"{path}" is missing, expected a text file with one row '
            '"frame,id,x,y,w,h,..." for each box. Copy it there, or correct '
            'the path; a sequence keeps its annotations in gt/gt.txt.')
    last = np.inf if max_columns is None else max_columns
    values = read_plain_numbers(Path(path).read_bytes())
    if values is not None and min_columns <= values.shape[1] <= last:
        table = MOTTable(path, values,
                         np.arange(1, len(values) + 1, dtype=np.int64))
        _check_keys(table)
        return table
    rows = _numbered_rows(path)
    if not rows and not allow_empty:
        raise ValueError(
            f'"{path}" is empty, expected one row "frame,id,x,y,w,h,..." for '
            'each box. Copy the file again, or leave the sequence out.')
    if not rows:
        return MOTTable(path, np.zeros((0, min_columns)),
                        np.zeros(0, dtype=np.int64))
    numbers, lines = zip(*rows)
    delimiter = None if allow_blanks and ',' not in lines[0] else ','
    try:
        values = np.loadtxt(
            lines, delimiter=delimiter, comments=None, ndmin=2, encoding=None)
    except ValueError:
        values = None
    if (values is None or len(values) != len(rows)
            or not min_columns <= values.shape[1] <= last):
        raise ValueError(
            _describe_malformed(path, rows, delimiter, min_columns,
                                max_columns))
    table = MOTTable(path, values, np.array(numbers, dtype=np.int64))
    _check_keys(table)
    return table


def read_ground_truth(path: str,
                      num_frames: Optional[int] = None) -> MOTAnnotations:
    """Read ``gt.txt``: ``frame,id,x,y,w,h[,conf[,class[,visibility]]]``.

    Columns that are absent read as conf 1, class 1 and visibility 1. A file
    of ten columns is in the MOT15 layout: its last three are world
    coordinates and are not read. What :func:`read_mot_table` forgives is
    forgiven here.

    Args:
        path (str): The text file.
        num_frames (int, optional): Length of the sequence in frames.
            Defaults to None, for not to check the frame numbers against it.

    Returns:
        :obj:`MOTAnnotations`: All rows of all classes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is malformed as :func:`read_mot_table` says,
            a frame lies outside of the sequence, a class is not a whole
            number, a number is absurdly large, or a box that counts (conf is
            not 0) has no area. The message names file and line.
    """
    table = read_mot_table(path, max_columns=MOT15_COLUMNS)
    values = table.values
    num_columns = values.shape[1]
    last = np.inf if num_frames is None else num_frames
    late = values[:, 0] > last
    table.refuse(
        late, f'the frame must be in [1, {last}]',
        'Frames count from 1 to the length of the sequence: seqLength in '
        'seqinfo.ini, else the number of images.')
    if 8 <= num_columns < MOT15_COLUMNS:
        table.refuse(~_is_whole(values[:, 7]),
                     'the class must be a whole number',
                     'Write 1 for a pedestrian.')
    table.refuse((np.abs(values[:, 2:]) >= END_OF_PIXELS).any(1),
                 f'all columns after the id must be below {END_OF_PIXELS}',
                 'Columns are frame, id, x, y, width, height.')

    bboxes = _corners(values)
    flat = (bboxes[:, 2:] <= bboxes[:, :2]).any(1)
    counts = values[:, 6].astype(np.int64) != 0 if num_columns > 6 else True
    table.refuse(flat & counts, 'the box has zero or negative width or height',
                 'Correct it, remove the row, or set conf to 0 to ignore it.')
    return MOTAnnotations.from_values(values)


def _corners(values: ndarray) -> ndarray:
    """Boxes as (x1, y1, x2, y2), float32, has shape (num_rows, 4)."""
    x, y, w, h = values[:, 2:6].T
    return np.stack([x, y, x + w, y + h], axis=1).astype(np.float32)


def _numbered_rows(path: str) -> List[Tuple[int, str]]:
    """Lines with something in them and their numbers in the file.

    Without blanks and one comma at the end. Bytes that are not UTF-8 become
    a character that is no number, so that they are refused by line.
    """
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        stripped = ((number, line.strip())
                    for number, line in enumerate(file, start=1))
        return [(number, line[:-1] if line[1:] and line[-1] == ',' else line)
                for number, line in stripped if line]


def _check_keys(table: MOTTable) -> None:
    """Frame and id: whole numbers in their range, at most once."""
    frames, ids = table.values[:, :2].T
    table.refuse(
        ~np.isfinite(table.values).all(1), 'a value is not finite',
        'Write a number in each column; results that are not finite '
        'come from a model that diverged.')
    table.refuse(~(_is_whole(frames) & _is_whole(ids)),
                 'frame and id must be whole numbers below 2**53',
                 'Correct the row.')
    table.refuse(frames < 1, 'the frame must be at least 1',
                 'The first frame of a sequence has the number 1.')
    table.refuse(ids < 0, 'the id must be at least 0',
                 'Leave out boxes without an identity.')
    order = np.lexsort((ids, frames))
    again = (np.diff(table.values[order, :2], axis=0) == 0).all(1)
    if not again.any():
        return
    repeated = np.zeros(len(table), dtype=bool)
    repeated[order[1:][again]] = True
    row = int(repeated.argmax())
    first = int(((frames == frames[row]) & (ids == ids[row])).argmax())
    table.refuse(
        repeated, f'the id occurs twice in its frame (first in line '
        f'{table.line_numbers[first]})',
        'An object has one box in a frame: remove one of the rows.')


def _is_whole(numbers: ndarray) -> ndarray:
    """Exactly representable whole numbers, has shape (num_rows, )."""
    return ((numbers == np.round(numbers))
            & (np.abs(numbers) < END_OF_WHOLE_NUMBERS))


def _describe_malformed(path: str, rows: List[Tuple[int, str]],
                        delimiter: Optional[str], min_columns: int,
                        max_columns: Optional[int]) -> str:
    """Say which row could not be read, slowly: it is the last thing done."""
    widths = [len(line.split(delimiter)) for _number, line in rows]
    last = np.inf if max_columns is None else max_columns
    number, line = next(
        (row for row, width in zip(rows, widths)
         if width != widths[0] or not min_columns <= width <= last
         or not all(map(_is_number, row[1].split(delimiter)))), rows[0])
    allowed = (f'{min_columns} to {max_columns}'
               if max_columns else f'at least {min_columns}')
    like_first = f', as many as in the first row, which has {widths[0]}'
    return (f'"{path}", line {number}: got {_quote(line)} of '
            f'{len(line.split(delimiter))} columns, expected {allowed} '
            f'numbers "frame,id,x,y,w,h,..." separated by '
            f'{"commas" if delimiter else "blanks"}'
            f'{like_first if number != rows[0][0] else ""}. Correct the row, '
            'or copy the file again.')


def _is_number(cell: str) -> bool:
    """Whether NumPy's reader takes it; Python's takes 1_0 and other digits."""
    cell = cell.strip()
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and '_' not in cell


def _quote_line(path: str, number: int) -> str:
    """One line of a file, for a message."""
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        return _quote(next(islice(file, number - 1, number), '').strip())


def _quote(line: str) -> str:
    """The start of a line, with binary characters escaped."""
    return repr(line[:NUM_SHOWN]) + ('...' if len(line) > NUM_SHOWN else '')
