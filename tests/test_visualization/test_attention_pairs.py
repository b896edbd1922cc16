"""Whom each track talks to."""
import math

import numpy as np
import pytest

from ipmot_mm.structures import NO_ID
from ipmot_mm.visualization.attention_pairs import (find_pairs, head_weights,
                                                    twin_rate)
from ipmot_mm.visualization.attention_recorder import AttentionMap


@pytest.fixture
def attention():
    """Three detect and three track queries; the second track is lost, the
    third slot empty."""
    random = np.random.default_rng(0)
    weights = random.uniform(0, 1, (2, 6, 6)).astype(np.float32)
    weights /= weights.sum(-1, keepdims=True)
    left = np.array([0.0, 0.3, 0.6, 0.62, 0.0, 0.3], np.float32)
    bboxes = np.stack([left, left * 0, left + 0.2, left * 0 + 1], 1)
    return AttentionMap(
        weights=weights,
        num_detect_queries=3,
        bboxes=bboxes.astype(np.float32),
        cls_scores=np.full(6, 0.9),
        scores=np.array([0.9, 0.9, 0.9, 0.8, 0.3, 0.9]),
        track_ids=np.array([NO_ID] * 3 + [7, 8, NO_ID]))


@pytest.mark.parametrize('head', ['mean', 0, 1])
def test_the_strongest_in_both_directions(attention, head):
    weights = attention.weights
    weights = sum(weights) / 2 if head == 'mean' else weights[head]
    np.testing.assert_allclose(head_weights(attention, head), weights)
    pairs = find_pairs(attention, head=head, score_thr=0.0)
    assert {pair.track for pair in pairs} == {3, 4}
    for pair in pairs:
        sums = [weights[pair.track, d] + weights[d, pair.track]
                for d in range(3)]
        assert pair.detect == sums.index(max(sums))
        assert pair.exchange == pytest.approx(max(sums) / 2)
        assert pair.from_detect == pytest.approx(
            weights[pair.track, pair.detect])
        assert pair.from_track == pytest.approx(
            weights[pair.detect, pair.track])
    assert pairs[0].exchange >= pairs[1].exchange


def test_lost_tracks_are_left_out(attention):
    assert [pair.track_id for pair in find_pairs(attention)] == [7]


def test_share_of_partners_on_the_track(attention):
    """Detect query 2 is on track 7; nobody else is, and other tracks, which
    are far off, do not count."""
    attention.bboxes[4:] += 5
    for partner in range(3):
        attention.weights[:] = 0.01
        attention.weights[:, 3, partner] = 0.9
        pairs = find_pairs(attention)
        assert pairs[0].detect == partner
        iou = (0.2 - 0.02) / (0.2 + 0.02) if partner == 2 else 0
        assert pairs[0].iou == pytest.approx(iou, abs=1e-5)
        rate, chance = twin_rate(attention, pairs)
        assert (rate, chance) == (float(partner == 2), pytest.approx(1 / 3))


def test_no_track_no_rate(attention):
    assert all(map(math.isnan, twin_rate(attention, [])))


@pytest.mark.parametrize('head', [2, -1, 'all'])
def test_unknown_head(attention, head):
    with pytest.raises(ValueError, match=r'head must be "mean" or 0 to 1'):
        head_weights(attention, head)
