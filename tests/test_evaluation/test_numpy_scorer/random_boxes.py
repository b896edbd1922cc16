"""Small sequences of every kind, as arrays."""
import numpy as np

from ipmot_mm.evaluation.numpy_scorer.frame_pairs import (FrameRows,
                                                          find_pairs,
                                                          number_ids)
from ipmot_mm.evaluation.scored_sequence import ScoredSequence, SequenceBoxes

GRIDS = (0, 1, 5, 20)
"""What coordinates are rounded to: the coarser, the more equal overlaps."""


def walks(rng, num_frames, num_objects, size, grid):
    """Boxes that wander and pause: frame, id, x, y, w, h."""
    rows = []
    for number in range(num_objects):
        box = np.r_[rng.uniform(0, size, 2), rng.uniform(10, 40, 2)]
        for frame in range(1, num_frames + 1):
            box[:2] += rng.normal(0, rng.choice([0, 2, 8]), 2)
            if rng.random() < 0.8:
                rows.append([frame, 3 * number + 1, *rounded(box, grid)])
    return np.reshape(rows, (-1, 6)).astype(float)


def rounded(box, grid):
    """On the grid, with an area."""
    if not grid:
        return box
    return np.maximum(np.round(box / grid) * grid, [-np.inf, -np.inf, grid,
                                                    grid])


def followed(rng, truth):
    """Tracks on ground truth: some missed, ids that change half-way."""
    rows = truth[rng.random(len(truth)) < 0.8]
    if rng.random() < 0.5:
        rows[:, 2:4] += rng.normal(0, 3, (len(rows), 2))
    late = rows[:, 0] > rng.integers(1, 12)
    rows[late, 1] = rows[late, 1] % 4
    rows[:, 1] += 500
    _, first = np.unique(rows[:, :2], axis=0, return_index=True)
    return rows[first]


def random_boxes(seed):
    """Length and boxes of a sequence, in any order, some frames empty."""
    rng = np.random.default_rng(seed)
    num_frames = int(rng.integers(1, 12))
    size, grid = rng.choice([30, 60, 200]), rng.choice(GRIDS)
    truth, tracks = (
        walks(rng, num_frames, rng.integers(0, 14), size, grid)
        for _side in range(2))
    if rng.random() < 0.7:
        tracks = np.concatenate([tracks, followed(rng, truth)])
    empty = rng.integers(1, num_frames + 1)
    tracks = rng.permutation(tracks[tracks[:, 0] != empty])
    truth = rng.permutation(truth)
    classes = rng.choice([1, 1, 1, 1, 2, 3, 6, 7, 8, 12], len(truth))
    if rng.random() < 0.3:
        classes[:] = 1
    marks = (rng.random(len(truth)) > 0.1).astype(float)
    return num_frames, SequenceBoxes(
        truth=np.column_stack([truth, marks, classes]),
        results=np.column_stack([tracks, np.ones((len(tracks), 2))]))


def sequence_of(num_frames):
    """What the scorers want to know besides; the file is only to exist."""
    return ScoredSequence('a', __file__, num_frames)


def make_rows(frames, ids, num_frames):
    """Boxes in frames from 0 on."""
    return FrameRows(
        np.array(frames, dtype=int), number_ids(ids), num_frames)


def make_pairs(truth, tracks, num_frames):
    """Pairs of rows ``frame (from 0 on), id, x, y, w, h``."""
    sides = []
    for rows in (truth, tracks):
        rows = np.reshape(rows, (-1, 6)).astype(float)
        sides += [make_rows(rows[:, 0], rows[:, 1], num_frames), rows[:, 2:]]
    return find_pairs(*sides)
