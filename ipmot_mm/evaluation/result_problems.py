"""What a benchmark server would not read in a file of results."""
import math
from collections import defaultdict
from io import StringIO
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ipmot_mm.datasets.mot_text import END_OF_WHOLE_NUMBERS, read_mot_table

from .scored_sequence import PEDESTRIAN

NUM_COLUMNS = 10
"""``frame,id,x,y,w,h,conf,x,y,z``, the last three of which are ignored."""

_CLASS_COLUMN = 7
_NUM_LINES_NAMED = 3
_BYTE_ORDER_MARK = b'\xef\xbb\xbf'


def clean_results(data: bytes) -> bytes:
    """Take out what readers stumble over though it means nothing.

    Args:
        data (bytes): A text file.

    Returns:
        bytes: The same rows without byte order mark, blank lines, blanks and
        a comma at the end of lines, and Windows line ends.
    """
    lines = map(_clean_line, _read_lines(data))
    return ''.join(f'{line}\n' for line in lines if line).encode()


def find_result_problems(path: Path,
                         num_frames: int,
                         *,
                         name: Optional[str] = None,
                         strict: bool = False) -> List[str]:
    """List everything that is wrong with a file of results.

    Args:
        path (Path): The file.
        num_frames (int): Length of its video.
        name (str, optional): What to call the file. Defaults to its path.
        strict (bool): Whether to report also what :func:`clean_results`
            takes out. Defaults to False.

    Returns:
        list[str]: File, lines and what is wrong, each kind once.
    """
    name = name or str(path)
    data = path.read_bytes()
    message = ''
    try:
        values = read_mot_table(
            str(path),
            min_columns=NUM_COLUMNS,
            max_columns=NUM_COLUMNS,
            allow_empty=True,
            allow_blanks=False).values
    except ValueError as error:
        message = str(error).replace(str(path), name)
    else:
        frames, ids, _, _, w, h = values[:, :6].T
        wrong = ((frames > num_frames) | (ids < 1) | (w <= 0) | (h <= 0) |
                 (values[:, _CLASS_COLUMN] > PEDESTRIAN))
        if not wrong.any() and clean_results(data) == data:
            return []
    # Something may be wrong, so every line is looked at, slowly.
    lines_by_problem = defaultdict(list)
    if strict and data.startswith(_BYTE_ORDER_MARK):
        lines_by_problem['a byte order mark stands before it'].append(1)
    seen: Dict[Tuple[float, float], int] = {}
    for number, line in enumerate(_read_lines(data), start=1):
        if not strict:
            line = _clean_line(line)
        if line or strict:
            for problem in _line_problems(line, number, num_frames, seen):
                lines_by_problem[problem].append(number)
    problems = [
        f'{name}, {_name_lines(numbers)}: {problem}'
        for problem, numbers in lines_by_problem.items()
    ]
    return problems or [message] * bool(message)


def _read_lines(data: bytes) -> Iterator[str]:
    text = data.decode('utf-8-sig', errors='replace')
    return (line.rstrip('\n') for line in StringIO(text, newline=None))


def _clean_line(line: str) -> str:
    return line.strip().removesuffix(',')


def _line_problems(line: str, number: int, num_frames: int,
                   seen: Dict[Tuple[float, float], int]) -> Iterator[str]:
    """What is wrong with a line; ``seen`` is the line of each frame and id."""
    if not line.strip():
        yield 'the line is blank'
        return
    cells = line.split(',')
    if len(cells) != NUM_COLUMNS:
        yield (f'{NUM_COLUMNS} columns separated by commas are expected, got '
               f'{len(cells)}')
        return
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)):
        yield 'a column is not a finite number'
        return
    frame, instance_id, _, _, w, h = values[:6]
    if not frame.is_integer() or not 1 <= frame <= num_frames:
        yield f'the frame must be a whole number from 1 to {num_frames}'
    if (not instance_id.is_integer()
            or not 1 <= instance_id < END_OF_WHOLE_NUMBERS):
        yield 'the id must be a whole number of at least 1'
    if w <= 0 or h <= 0:
        yield 'width and height of the box must be positive'
    if values[_CLASS_COLUMN] > PEDESTRIAN:
        yield 'column 8 names a class other than pedestrian, write -1'
    if seen.setdefault((frame, instance_id), number) != number:
        yield 'the id occurs a second time in its frame'


def _name_lines(numbers: Sequence[int]) -> str:
    named = ', '.join(map(str, numbers[:_NUM_LINES_NAMED]))
    rest = len(numbers) - _NUM_LINES_NAMED
    return (f'line{"s" if len(numbers) > 1 else ""} {named}' +
            (f' and {rest} more' if rest > 0 else ''))
