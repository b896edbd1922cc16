"""Assignments against all there are."""
from itertools import permutations

import numpy as np
import pytest
from random_boxes import make_pairs
from scipy.optimize import linear_sum_assignment

from ipmot_mm.evaluation.numpy_scorer import assignment
from ipmot_mm.evaluation.numpy_scorer.assignment import (assign, assign_frame,
                                                         conflicting_frames)


def crowd(rng, num_frames, num_truth, num_tracks):
    """Boxes of which most overlap."""
    return make_pairs(*([[frame, i, *rng.uniform(0, 20, 2), 15, 15]
                         for frame in range(num_frames) for i in range(number)]
                        for number in (num_truth, num_tracks)), num_frames)


def best_sum(scores):
    """Largest sum of one score in each row and column, by trying all."""
    if len(scores) > len(scores.T):
        scores = scores.T
    return max(
        sum(scores[row, column] for row, column in enumerate(columns))
        for columns in permutations(range(len(scores.T)), len(scores)))


@pytest.mark.parametrize('num_truth, num_tracks', [(3, 5), (5, 3), (4, 4),
                                                   (1, 4), (4, 1)])
def test_best_of_all_assignments(num_truth, num_tracks):
    pairs = crowd(np.random.default_rng(0), 6, num_truth, num_tracks)
    chosen = assign(pairs, pairs.ious, conflicting_frames(pairs))
    for frame in range(6):
        here = pairs.frames == frame
        matrix = np.zeros((num_truth, num_tracks))
        matrix.ravel()[pairs.cells[here]] = pairs.ious[here]
        assert pairs.ious[here & chosen].sum() == pytest.approx(
            best_sum(matrix))
    for rows in (pairs.truth_rows, pairs.track_rows):
        assert len(np.unique(rows[chosen])) == chosen.sum()


def test_equal_scores_are_decided_as_in_the_full_matrix():
    rng = np.random.default_rng(1)
    for _ in range(50):
        shape = tuple(rng.integers(2, 7, 2))
        matrix = rng.choice([0, 0, 0.5, 1], shape)
        cells = np.flatnonzero(matrix)
        got = assign_frame(matrix.ravel()[cells], cells, shape)
        want = np.zeros(shape, dtype=bool)
        want[linear_sum_assignment(-matrix)] = True
        np.testing.assert_array_equal(got, want.ravel()[cells])


def test_frames_without_conflict_are_not_solved(monkeypatch):
    box = [0, 0, 9, 9]
    truth = [[0, 1, *box], [0, 2, 50, 0, 9, 9], [1, 1, *box], [2, 1, *box],
             [2, 2, 1, 0, 9, 9]]
    tracks = [[0, 1, *box], [0, 2, 51, 0, 9, 9], [1, 1, *box],
              [1, 2, 2, 0, 9, 9], [2, 1, *box]]
    pairs = make_pairs(truth, tracks, 3)
    assert conflicting_frames(pairs).tolist() == [1, 2]
    chosen = assign(pairs, pairs.ious, np.array([1, 2]))
    assert chosen.tolist() == [True, True, True, False, True, False]
    monkeypatch.setattr(assignment, 'linear_sum_assignment', None)
    assert assign(pairs, pairs.ious, np.array([], dtype=int)).all()
