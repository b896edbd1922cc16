"""Assign tracks to ground truth, frame by frame."""
from typing import Tuple

import numpy as np
from numpy import ndarray
from scipy.optimize import linear_sum_assignment

from .frame_pairs import FramePairs


def conflicting_frames(pairs: FramePairs) -> ndarray:
    """Frames in which a box is part of several pairs.

    In all others each pair can be had without giving up another one, so
    there is nothing to choose.

    Args:
        pairs (:obj:`FramePairs`): Pairs that could be chosen.

    Returns:
        ndarray: Numbers of the frames, ascending, int64.
    """
    in_conflict = np.zeros(len(pairs), dtype=bool)
    for rows, boxes in ((pairs.truth_rows, pairs.truth), (pairs.track_rows,
                                                          pairs.tracks)):
        times = np.bincount(rows, minlength=len(boxes))
        in_conflict |= times[rows] > 1
    has_conflict = np.zeros(pairs.truth.num_frames, dtype=bool)
    has_conflict[pairs.frames[in_conflict]] = True
    return np.flatnonzero(has_conflict)


def assign(pairs: FramePairs, scores: ndarray, frames: ndarray) -> ndarray:
    """Choose the pairs with the largest sum of scores in each frame.

    Args:
        pairs (:obj:`FramePairs`): Pairs that could be chosen.
        scores (ndarray): Positive score of each, float64, has shape
            (num_pairs, ).
        frames (ndarray): Numbers of the frames to solve, int64, has shape
            (num_frames_to_solve, ). In the others every pair is chosen.

    Returns:
        ndarray: Whether each pair is chosen, bool, has shape (num_pairs, ).
    """
    chosen = np.ones(len(pairs), dtype=bool)
    cells = pairs.cells
    for start, end, *shape in zip(pairs.starts[frames].tolist(),
                                  pairs.starts[frames + 1].tolist(),
                                  pairs.truth.sizes[frames].tolist(),
                                  pairs.tracks.sizes[frames].tolist()):
        chosen[start:end] = assign_frame(scores[start:end], cells[start:end],
                                         shape)
    return chosen


def assign_frame(scores: ndarray, cells: ndarray,
                 shape: Tuple[int, int]) -> ndarray:
    """Choose the pairs of one frame with the largest sum of scores.

    The frame is solved as a whole, with a score of 0 for pairs that are not
    listed. Parts of it would be solved faster, but where several choices are
    equally good, TrackEval's is the one that SciPy makes of the full matrix.

    Args:
        scores (ndarray): Positive score of each pair, float64, has shape
            (num_pairs, ).
        cells (ndarray): Place of each pair in the matrix, int64, same shape.
        shape (tuple[int, int]): Boxes of ground truth and tracks.

    Returns:
        ndarray: Whether each pair is chosen, bool, has shape (num_pairs, ).
    """
    costs = np.zeros(shape[0] * shape[1])
    costs[cells] = -scores
    rows, columns = linear_sum_assignment(costs.reshape(shape))
    costs[rows * shape[1] + columns] = 1  # no cost is positive
    return costs[cells] > 0
