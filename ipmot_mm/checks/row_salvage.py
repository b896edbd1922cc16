"""Every bad row of a ground truth file, and the good ones."""
import math
from typing import Dict, List, Optional, Tuple

import numpy as np

from ipmot_mm.datasets.mot_text import (END_OF_PIXELS, END_OF_WHOLE_NUMBERS,
                                        MIN_COLUMNS, MOT15_COLUMNS,
                                        MOTAnnotations, read_ground_truth)

from .problems import ProblemLog

_Row = Tuple[int, List[float]]


def read_rows(path: str, num_frames: int, log: ProblemLog) -> MOTAnnotations:
    """Read what can be read of a ground truth file.

    :func:`read_ground_truth` decides what is right. It stops at the first
    problem; only then are the rows gone through one by one, to list all
    problems and to save the other rows for the rest of the check.

    Args:
        path (str): ``gt.txt``.
        num_frames (int): Length of the sequence.
        log (:obj:`ProblemLog`): Gets the problems.

    Returns:
        :obj:`MOTAnnotations`: The rows that are right, may be none.
    """
    try:
        return read_ground_truth(path, num_frames)
    except FileNotFoundError:
        log.error(
            'missing annotations', f'no annotations: "{path}" is missing; '
            'training and scoring need gt/gt.txt (a test set: --split test)')
        return annotations_of([])
    except ValueError as error:
        refusal = str(error)
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        lines = [(number, line.strip())
                 for number, line in enumerate(file, start=1) if line.strip()]
    num_errors = log.num_errors
    rows = _drop_clashes(_parse(lines, num_frames, log), log)
    if log.num_errors == num_errors:
        log.error('bad rows', refusal)
    return annotations_of([values for _number, values in rows])


def annotations_of(rows: List[List[float]]) -> MOTAnnotations:
    """Rows of numbers as arrays.

    Args:
        rows (list[list[float]]): Of 6 to 10 columns, each as long as the
            first.

    Returns:
        :obj:`MOTAnnotations`: Sorted by frame and id.
    """
    width = len(rows[0]) if rows else MIN_COLUMNS
    return MOTAnnotations.from_values(
        np.array(rows, dtype=np.float64).reshape(-1, width))


def _parse(lines: List[Tuple[int, str]], num_frames: int,
           log: ProblemLog) -> List[_Row]:
    """Rows that are right by themselves."""
    rows: List[_Row] = []
    width: Optional[int] = None
    for number, line in lines:
        cells = line.split(',') if ',' in line else line.split()
        problem, values = _problem_of(cells, width, num_frames)
        if problem:
            log.error('bad rows', f'gt.txt, line {number}: {problem}, got '
                      f'"{line[:60]}"')
        else:
            width = len(values)
            rows.append((number, values))
    return rows


def _problem_of(cells: List[str], width: Optional[int],
                num_frames: int) -> Tuple[str, List[float]]:
    """What is wrong with a row, empty if nothing is, and its numbers."""
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return 'not a number', []
    if not MIN_COLUMNS <= len(values) <= MOT15_COLUMNS:
        return (f'{len(values)} columns, expected {MIN_COLUMNS} to '
                f'{MOT15_COLUMNS}'), []
    if width is not None and len(values) != width:
        return f'{len(values)} columns, but {width} in the rows before', []
    if not all(map(math.isfinite, values)):
        return 'a value is not finite', []
    frame, ident, _x, _y, w, h = values[:6]
    if frame != round(frame) or ident != round(ident):
        return 'frame and id must be whole numbers', []
    if not 1 <= frame <= num_frames:
        return f'the frame must be in [1, {num_frames}]', []
    if not 0 <= ident < END_OF_WHOLE_NUMBERS:
        return f'the id must be in [0, {END_OF_WHOLE_NUMBERS})', []
    if max(map(abs, values[2:])) >= END_OF_PIXELS:
        return f'a value is not below {END_OF_PIXELS}', []
    counts = len(values) < 7 or int(values[6]) != 0
    if counts and (w <= 0 or h <= 0):
        return 'the box has no area', []
    if 8 <= len(values) < MOT15_COLUMNS and values[7] != round(values[7]):
        return 'the class must be a whole number', []
    return '', values


def _drop_clashes(rows: List[_Row], log: ProblemLog) -> List[_Row]:
    """Rows without those whose id was in their frame before."""
    first: Dict[Tuple[float, float], int] = {}
    kept = []
    for number, values in rows:
        frame, ident = values[:2]
        line = first.setdefault((frame, ident), number)
        if line == number:
            kept.append((number, values))
        else:
            log.error(
                'id clashes', f'gt.txt, lines {line} and {number}: id '
                f'{ident:.0f} twice in frame {frame:.0f}')
    return kept
