"""Which boxes count, on boxes that can be told at a glance."""
import numpy as np
import pytest

from ipmot_mm.evaluation.numpy_scorer.protocol import pairs_that_count
from ipmot_mm.evaluation.scored_sequence import SequenceBoxes

LEFT, RIGHT = [0, 0, 10, 10], [100, 0, 10, 10]


def count(truth, results, benchmark):
    """Identities in ``truth`` and ``results`` that count."""
    boxes = SequenceBoxes(
        np.reshape(truth, (-1, 8)).astype(float),
        np.reshape(results, (-1, 8)).astype(float))
    pairs = pairs_that_count(boxes, 3, benchmark)
    if pairs is None:
        return None
    return len(pairs.truth), len(pairs.tracks), len(pairs)


@pytest.mark.parametrize('label, benchmark, want', [
    (1, 'MOT17', (2, 2, 2)), (8, 'MOT17', (1, 1, 1)),
    (2, 'DanceTrack', (1, 1, 1)), (7, 'MOT16', (1, 1, 1)),
    (12, 'MOT17', (1, 1, 1)), (3, 'MOT17', (1, 2, 1)),
    (6, 'MOT17', (1, 2, 1)), (6, 'MOT20', (1, 1, 1)),
    (8, 'MOT15', (2, 2, 2)), (8, 'custom', (2, 2, 2))])
def test_distractors_take_their_tracks_along(label, benchmark, want):
    truth = [[1, 1, *LEFT, 1, 1], [1, 2, *RIGHT, 1, label]]
    results = [[1, 5, *LEFT, 1, 1], [1, 6, *RIGHT, 1, 1]]
    assert count(truth, results, benchmark) == want


def test_a_better_pedestrian_keeps_its_track():
    near = [1, 0, 10, 10]
    truth = [[1, 1, *LEFT, 1, 1], [1, 2, *near, 1, 8]]
    assert count(truth, [[1, 5, *LEFT, 1, 1]], 'MOT17') == (1, 1, 1)
    assert count(truth, [[1, 5, *near, 1, 1]], 'MOT17') == (1, 0, 0)
    # for the largest sum the distractor takes the other track
    both = [[1, 5, *LEFT, 1, 1], [1, 6, 2, 0, 10, 10, 1, 1]]
    assert count(truth, both, 'MOT17') == (1, 1, 1)


def test_a_distractor_needs_half_an_overlap():
    half = [0, 0, 10, 5]
    for size, kept in ((5, 0), (4.99, 1)):
        half[3] = size
        assert count([[2, 1, *LEFT, 1, 8]], [[2, 5, *half, 1, 1]],
                     'MOT17') == (0, kept, 0)


@pytest.mark.parametrize('mark, num_truth', [(0, 0), (0.9, 0), (-1, 1),
                                             (1.5, 1)])
@pytest.mark.parametrize('benchmark', ['MOT17', 'MOT15', 'custom'])
def test_confidence_is_cut_to_a_whole_number(mark, num_truth, benchmark):
    got = count([[3, 1, *LEFT, mark, 1]], [], benchmark)
    assert got == (num_truth, 0, 0)


def test_ids_and_frames_are_counted_from_zero():
    truth = np.array([[3, 90, *LEFT, 1, 1], [1, 40, *LEFT, 0, 1],
                      [2, 70, *LEFT, 1, 1]], dtype=float)
    pairs = pairs_that_count(SequenceBoxes(truth, truth[:0]), 3, 'MOT15')
    assert pairs.truth.frames.tolist() == [1, 2]
    assert pairs.truth.ids.tolist() == [0, 1]


@pytest.mark.parametrize('label', [0, 14, -1])
def test_unknown_classes_are_for_trackeval(label):
    truth = [[1, 1, *LEFT, 1, label]]
    assert count(truth, [], 'MOT20') is None
    assert count(truth, [], 'MOT15') == (1, 0, 0)


def test_areas_that_are_no_numbers_are_for_trackeval():
    huge = [0, 0, 1e200, 1e200]
    assert count([[1, 1, *huge, 1, 1]], [[1, 1, *huge, 1, 1]],
                 'custom') is None
