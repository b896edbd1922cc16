"""Tracks of one sequence to a MOTChallenge text file."""
from pathlib import Path
from typing import Optional, Union

import numpy as np

from ipmot_mm.atomic_files import write_atomically

ROW_COLUMNS = ('frame', 'id', 'x', 'y', 'w', 'h', 'score')
"""Meaning of the columns of a row of results."""

_ROW_FORMAT = '%d,%d,%.6f,%.6f,%.6f,%.6f,%.6f,%d,-1,-1'
_NO_CLASS = -1


def write_mot_results(path: Union[str, Path],
                      rows: np.ndarray,
                      class_ids: Optional[np.ndarray] = None) -> None:
    """Write ``frame,id,x,y,w,h,conf,class,-1,-1``, sorted by frame and id.

    Six decimals: the error of 5e-7 pixels is below the resolution of a
    float32 coordinate beyond 8 pixels, so the file scores as the tensors do.
    (mmdet writes three, which can move a box across an IoU threshold.)
    Boxes are not clipped to the image, as in the ground truth.

    Args:
        path (str | Path): The file, replaced atomically.
        rows (np.ndarray): One row per box in the order of ``ROW_COLUMNS``:
            1-based frame in the sequence, track id, left, top, width and
            height in pixels of the original image, confidence.
            Has shape (num_boxes, 7). No row makes an empty file.
        class_ids (np.ndarray, optional): Class number of MOTChallenge of
            each box, has shape (num_boxes, ). Defaults to None, for -1,
            which is what the benchmarks with one class ask for.

    Raises:
        ValueError: If ``rows`` has another shape.
        NotWrittenError: The system did not take the file.
    """
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(ROW_COLUMNS):
        raise ValueError(
            f'rows of {path} must have shape (num_boxes, {len(ROW_COLUMNS)}) '
            f'with columns {", ".join(ROW_COLUMNS)}, but got shape '
            f'{tuple(rows.shape)}')
    if class_ids is None:
        class_ids = np.full(len(rows), _NO_CLASS)
    rows = np.column_stack([rows, class_ids])
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    write_atomically(
        path, ''.join(_ROW_FORMAT % tuple(row) + '\n'
                      for row in rows.tolist()))
