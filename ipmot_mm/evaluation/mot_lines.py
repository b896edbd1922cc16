"""Lines of MOTChallenge text files, checked before anybody scores them."""
import math
from pathlib import Path
from typing import List, Tuple, Union

MotLine = Tuple[int, int, List[str]]
"""Frame number, number of the line in the file, all columns as text."""


def read_mot_lines(path: Union[str, Path], *,
                   min_columns: int) -> List[MotLine]:
    """Read a ground truth or a result file without changing its numbers.

    TrackEval answers a bad line with a traceback of its own and a message
    that names neither the line nor the column; so the file is read once
    before. The columns stay text: what is scored is what was written.

    Args:
        path (str | Path): Text file; columns are separated by commas or
            blanks, empty lines are skipped.
        min_columns (int): Columns that each line must have. They must be
            finite numbers; further ones are not looked at.

    Returns:
        list[tuple[int, int, list[str]]]: Frame, line number (1-based) and
        columns of each line.

    Raises:
        ValueError: If a line has too few columns or one that is no number,
            or if an id is negative or appears twice in a frame.
    """
    lines: List[MotLine] = []
    seen = {}
    text = Path(path).read_text(encoding='utf-8-sig')
    for number, line in enumerate(text.splitlines(), start=1):
        columns = line.replace(',', ' ').split()
        if not columns:
            continue
        frame, instance = _check_line(path, number, columns, min_columns)
        first = seen.setdefault((frame, instance), number)
        if first != number:
            raise ValueError(
                f'{path}, line {number}: id {instance} appears a second time '
                f'in frame {frame} (first in line {first}); an id may appear '
                'once per frame, remove one of the lines')
        lines.append((frame, number, columns))
    return lines


def _check_line(path: Union[str, Path], number: int, columns: List[str],
                min_columns: int) -> Tuple[int, int]:
    """Frame and id of one line, or a ValueError that names it."""
    where = f'{path}, line {number}'
    if len(columns) < min_columns:
        raise ValueError(
            f'{where}: expected at least {min_columns} columns '
            '(frame,id,x,y,w,h,conf,...), but got '
            f'{len(columns)}: {",".join(columns)!r}; '
            'write the file in MOTChallenge format')
    try:
        values = [float(column) for column in columns[:min_columns]]
    except ValueError:
        values = [math.nan]
    if not all(math.isfinite(value) for value in values):
        raise ValueError(
            f'{where}: expected finite numbers, but got '
            f'{",".join(columns)!r}; correct the line (results that are not '
            'finite come from a model that diverged)')
    if values[1] < 0:
        raise ValueError(f'{where}: expected an id of at least 0, but got '
                         f'{columns[1]}; detections without a track id '
                         'cannot be scored, leave them out')
    return int(values[0]), int(values[1])
