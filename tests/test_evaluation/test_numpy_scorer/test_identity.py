"""Identity metrics against all assignments of identities."""
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from random_boxes import make_pairs

from ipmot_mm.evaluation.numpy_scorer.clear import score_clear
from ipmot_mm.evaluation.numpy_scorer.identity import (combine_identity,
                                                       score_identity)

BOX = [0, 0, 10, 10]


def overlapping(rng, num_truth, num_tracks):
    """Pairs of boxes that mostly overlap by half."""
    return make_pairs(
        *([[frame, i, *rng.uniform(0, 3, 2), 10, 10] for frame in range(6)
           for i in range(number) if rng.random() < 0.7]
          for number in (num_truth, num_tracks)), 6)


@pytest.mark.parametrize('num_truth, num_tracks', [(3, 4), (4, 3), (1, 5)])
def test_best_of_all_assignments(num_truth, num_tracks):
    pairs = overlapping(np.random.default_rng(0), num_truth, num_tracks)
    half = pairs.ious >= 0.5
    ids = list(zip(pairs.truth.ids[pairs.truth_rows[half]].tolist(),
                   pairs.tracks.ids[pairs.track_rows[half]].tolist()))
    num = min(num_truth, num_tracks)
    best = max(sum(ids.count(couple) for couple in zip(rows, columns))
               for rows in permutations(range(num_truth), num)
               for columns in permutations(range(num_tracks), num))
    got = score_identity(pairs)
    assert got['IDTP'] == best > 0
    assert got['IDFN'] == len(pairs.truth) - best
    assert got['IDFP'] == len(pairs.tracks) - best
    assert got['IDF1'] == pytest.approx(
        2 * best / (len(pairs.truth) + len(pairs.tracks)))


def test_later_half_of_a_switched_object_is_lost():
    truth = [[frame, 1, *BOX] for frame in range(10)]
    tracks = [[frame, 1 + (frame > 6), *BOX] for frame in range(10)]
    got = score_identity(make_pairs(truth, tracks, 10))
    assert (got['IDTP'], got['IDFN'], got['IDFP']) == (7, 3, 3)
    assert got['IDR'] == got['IDP'] == got['IDF1'] == 0.7


def test_half_an_overlap_is_enough():
    for height, found in ((5, 1), (4.99, 0)):
        got = score_identity(
            make_pairs([[0, 1, *BOX]], [[0, 1, 0, 0, 10, height]], 1))
        assert got['IDTP'] == found


@pytest.mark.parametrize('num_truth, num_tracks', [(0, 0), (0, 2), (2, 0)])
def test_one_side_is_empty(num_truth, num_tracks):
    rows = [[[0, i, *BOX] for i in range(number)]
            for number in (num_truth, num_tracks)]
    got = score_identity(make_pairs(*rows, 1))
    assert (got['IDTP'], got['IDFN'], got['IDFP']) == (0, num_truth,
                                                       num_tracks)
    assert got['IDF1'] == got['IDP'] == got['IDR'] == 0


def test_combination_counts_all_boxes():
    whole = score_identity(make_pairs([[0, 1, *BOX]] * 1, [[0, 1, *BOX]], 1))
    none = score_identity(
        make_pairs([], [[frame, 1, *BOX] for frame in range(3)], 3))
    got = combine_identity([whole, none])
    assert (got['IDTP'], got['IDFN'], got['IDFP']) == (1, 0, 3)
    assert (got['IDR'], got['IDP'], got['IDF1']) == (1, 0.25, 0.4)


def test_a_similarity_must_reach_half_itself():
    """TrackEval allows for rounding in the other families, not here."""
    pairs = make_pairs([[0, 1, *BOX]], [[0, 1, *BOX]], 1)
    below = np.nextafter(0.5, 0)
    for iou, expected in ((0.5, 1), (below, 0)):
        changed = replace(pairs, ious=np.array([iou]))
        assert score_identity(changed)['IDTP'] == expected
    assert score_clear(changed)['CLR_TP'] == 1
