"""Every bad row of a ground truth file, and the good ones."""
import math
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..mot_text import (END_OF_PIXELS, END_OF_WHOLE_NUMBERS, MOTAnnotations,
                        read_ground_truth)
from .problems import ProblemLog

MIN_COLUMNS = 6
MAX_COLUMNS = 10

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
    except FileNotFoundError as error:
        log.error('missing annotations', str(error))
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
        rows (list[list[float]]): ``frame, id, x, y, w, h[, conf[, class[,
            visibility]]]``, each as long as the first.

    Returns:
        :obj:`MOTAnnotations`: Sorted by frame and id; what is missing is 1.
    """
    full = np.ones((len(rows), 9))
    if rows:
        table = np.array(rows, dtype=np.float64)
        # The last three columns of MOT15 are no class and no visibility.
        used = 7 if table.shape[1] == MAX_COLUMNS else table.shape[1]
        full[:, :used] = table[:, :used]
    full = full[np.lexsort((full[:, 1], full[:, 0]))]
    corner, size = full[:, 2:4], full[:, 4:6]
    return MOTAnnotations(
        frame_numbers=full[:, 0].astype(np.int64),
        instance_ids=full[:, 1].astype(np.int64),
        bboxes=np.concatenate([corner, corner + size], 1).astype(np.float32),
        confidences=full[:, 6].astype(np.float32),
        class_ids=full[:, 7].astype(np.int64),
        visibilities=full[:, 8].astype(np.float32))


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
    if not MIN_COLUMNS <= len(values) <= MAX_COLUMNS:
        return (f'{len(values)} columns, expected {MIN_COLUMNS} to '
                f'{MAX_COLUMNS}'), []
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
    counts = len(values) < 7 or values[6] != 0
    if counts and (w <= 0 or h <= 0):
        return 'the box has no area', []
    if 8 <= len(values) < MAX_COLUMNS and values[7] != round(values[7]):
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
