"""Flat arrays against loops over frames and boxes."""
import numpy as np
import pytest
from random_boxes import make_pairs, make_rows, random_boxes

from ipmot_mm.evaluation.numpy_scorer.frame_pairs import number_ids


def naive_iou(first, second):
    """Of two boxes x, y, w, h."""
    width, height = (
        max(0, min(first[k] + first[k + 2], second[k] + second[k + 2]) -
            max(first[k], second[k])) for k in (0, 1))
    both = width * height
    return both / (first[2] * first[3] + second[2] * second[3] - both)


def sorted_rows(table):
    """Frames from 0 on."""
    rows = table[np.argsort(table[:, 0], kind='stable')][:, :6].copy()
    rows[:, 0] -= 1
    return rows


@pytest.mark.parametrize('seed', range(12))
def test_pairs_are_those_of_two_loops(seed):
    num_frames, boxes = random_boxes(seed)
    truth, tracks = sorted_rows(boxes.truth), sorted_rows(boxes.results)
    pairs = make_pairs(truth, tracks, num_frames)
    want = [(i, j, naive_iou(a[2:], b[2:]), a[0])
            for i, a in enumerate(truth) for j, b in enumerate(tracks)
            if a[0] == b[0] and naive_iou(a[2:], b[2:]) > 0]
    rows, columns, ious, frames = np.reshape(want, (-1, 4)).T
    np.testing.assert_array_equal(pairs.truth_rows, rows)
    np.testing.assert_array_equal(pairs.track_rows, columns)
    np.testing.assert_array_equal(pairs.frames, frames)
    np.testing.assert_allclose(pairs.ious, ious, rtol=1e-12)


def test_cells_and_starts():
    square = [0, 0, 9, 9]
    pairs = make_pairs([[0, 4, *square], [2, 4, *square], [2, 7, *square]],
                       [[0, 1, *square], [2, 1, *square], [2, 0, *square],
                        [2, 8, 50, 50, 9, 9]], 4)
    assert pairs.cells.tolist() == [0, 0, 1, 3, 4]
    assert pairs.starts.tolist() == [0, 1, 1, 5, 5]
    assert pairs.truth.starts.tolist() == [0, 1, 1, 3, 3]
    assert pairs.tracks.sizes.tolist() == [1, 0, 3, 0]
    assert pairs.truth.ids.tolist() == [0, 0, 1]
    assert pairs.truth.id_sizes.tolist() == [2, 1]


def test_couples_are_identities_that_meet():
    box = [0, 0, 9, 9]
    pairs = make_pairs([[0, 1, *box], [1, 2, *box], [2, 1, *box]],
                       [[0, 5, *box], [1, 5, *box], [2, 5, *box]], 3)
    truth_ids, track_ids, couple_of_pair = pairs.couples
    assert (truth_ids.tolist(), track_ids.tolist()) == ([0, 1], [0, 0])
    assert couple_of_pair.tolist() == [0, 1, 0]


@pytest.mark.parametrize('seed', range(12, 20))
def test_keeping_boxes_is_pairing_those_only(seed):
    num_frames, boxes = random_boxes(seed)
    truth, tracks = sorted_rows(boxes.truth), sorted_rows(boxes.results)
    rng = np.random.default_rng(seed)
    kept = [rng.random(len(rows)) < 0.7 for rows in (truth, tracks)]
    got = make_pairs(truth, tracks, num_frames).keep(*kept)
    want = make_pairs(truth[kept[0]], tracks[kept[1]], num_frames)
    for name in ('truth_rows', 'track_rows', 'ious', 'cells', 'keys'):
        np.testing.assert_array_equal(getattr(got, name), getattr(want, name))
    for side in ('truth', 'tracks'):
        for name in ('frames', 'ids', 'starts', 'id_sizes'):
            np.testing.assert_array_equal(
                getattr(getattr(got, side), name),
                getattr(getattr(want, side), name))


@pytest.mark.parametrize('size', [(0, 9), (9, -9), (-9, -9), (1e-9, 1e-9)])
def test_boxes_without_area_overlap_nothing(size):
    box = [0, 1, 0, 0, 9, 9]
    assert not len(make_pairs([box], [[0, 1, 4, 4, *size]], 1))
    assert not len(make_pairs([[0, 1, 4, 4, *size]], [box], 1))
    assert len(make_pairs([box], [box], 1)) == 1


def test_the_smallest_area_is_one_of_rounding():
    for side, found in ((1.4e-8, 0), (1.6e-8, 1)):  # 2.2e-16 is rounding
        box = [0, 1, 0, 0, side, side]
        assert make_pairs([box], [box], 1).ious.tolist() == [1] * found


def test_ids_of_any_size_are_numbered():
    ids = np.array([2.**52, 7, 2.**52, 0])
    assert number_ids(ids).tolist() == [2, 1, 2, 0]
    assert make_rows([], [], 3).num_ids == 0
