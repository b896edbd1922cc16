"""Anchors of the motion-aware updaters move as their targets do."""
import pytest
import torch

from ipmot_mm.models.layers import (MemoryQueryUpdater, PositionalQueryUpdater,
                                    QueryUpdater)
from ipmot_mm.structures import QueryOutputs, QuerySelection, TrackQueries
from projects.motion_queries.motion_queries import (
    MotionMemoryQueryUpdater, MotionPositionalQueryUpdater, MotionQueryUpdater)

DIMS, NUM_DETECT = 8, 3
NUMBERS = dict(embed_dims=DIMS, num_heads=2, feedforward_channels=16)
PAIRS = [(MotionQueryUpdater, QueryUpdater),
         (MotionMemoryQueryUpdater, MemoryQueryUpdater),
         (MotionPositionalQueryUpdater, PositionalQueryUpdater)]


def make_frame(boxes, scores, num_tracks):
    """Outputs with boxes for the queries selected, and the selection.

    The queries are detect queries 1, 0, ... without tracks, else the tracks.
    """
    count = len(boxes)
    num = NUM_DETECT + num_tracks
    inds = [NUM_DETECT + i for i in range(count)] if num_tracks else list(
        range(count))[::-1]
    bboxes = torch.rand(1, 1, num, 4)
    bboxes[0, 0, inds] = torch.tensor(boxes)
    outputs = QueryOutputs(
        num_detect_queries=NUM_DETECT,
        num_detect_only_layers=0,
        valid=torch.ones(1, num, dtype=torch.bool),
        cls_logits=torch.randn(1, 1, num, 1),
        bboxes=bboxes,
        hidden_states=torch.randn(1, 1, num, DIMS),
        last_content=torch.randn(1, num, DIMS),
        last_anchors=torch.rand(1, num, 4),
        query_pos=torch.randn(1, num, DIMS))
    numbers = torch.zeros(1, count, dtype=torch.long)
    selection = QuerySelection(
        query_inds=torch.tensor([inds]),
        valid=torch.ones(1, count, dtype=torch.bool),
        ids=numbers,
        labels=numbers,
        scores=torch.tensor([scores]),
        ious=torch.ones(1, count),
        num_frames_missed=numbers)
    return outputs, selection


def follow(updater, boxes, scores):
    """Tracks after each frame; ``boxes[t]`` and ``scores[t]`` are of all."""
    tracks, found = TrackQueries.empty(1, DIMS), []
    for frame_boxes, frame_scores in zip(boxes, scores):
        frame = make_frame(frame_boxes, frame_scores, len(tracks))
        tracks = updater(tracks, *frame)
        found.append(tracks)
    return found


def make_updater(kind=MotionQueryUpdater, **kwargs):
    return kind(**{**NUMBERS, **kwargs})


def straight(num_frames, speed=0.02):
    """One target on a straight line that comes nearer."""
    return [[[0.2 + t * speed, 0.5 - t * speed / 2, 0.1 + t * speed / 4,
              0.2 + t * speed / 4]] for t in range(num_frames)]


def expected_anchors(boxes, scores, gain, damping):
    """Scalar by scalar: the anchors after each frame; the first is sure."""
    anchor, speed, unseen, found = list(boxes[0]), [0, 0], 0, []
    for t, (box, score) in enumerate(zip(boxes, scores)):
        for i in range(4):
            start = box[i] if score > 0.5 else anchor[i]
            if i < 2:
                if score <= 0.5:
                    speed[i] *= damping
                elif t > 0:
                    speed[i] += gain * (box[i] - anchor[i]) / (unseen + 1)
                start = min(max(start + speed[i], 0), 1)
            anchor[i] = start
        unseen = 0 if score > 0.5 else unseen + 1
        found.append(list(anchor))
    return torch.tensor(found)


@pytest.mark.parametrize('kind', [kind for kind, _ in PAIRS])
def test_against_a_loop_over_numbers(kind):
    random = torch.Generator().manual_seed(3)
    boxes = torch.rand(9, 3, 4, generator=random).tolist()
    scores = torch.rand(9, 3, generator=random).mul(1.6).tolist()
    scores[0] = [0.9] * 3  # else the first anchor is the detector's
    found = follow(make_updater(kind, gain=0.3, damping=0.6), boxes, scores)
    for i in range(3):
        expected = expected_anchors([row[i] for row in boxes],
                                    [row[i] for row in scores], 0.3, 0.6)
        actual = torch.stack([tracks.anchors[0, i] for tracks in found])
        torch.testing.assert_close(actual, expected, atol=1e-5, rtol=0)


def test_straight_motion_is_predicted_also_through_an_occlusion():
    boxes = straight(12)
    scores = [[0.9]] * 4 + [[0.1]] * 4 + [[0.9]] * 4
    found = follow(make_updater(gain=1.0, damping=1.0), boxes, scores)
    for t in range(1, 11):
        expected = torch.tensor(boxes[t + 1])[:, :2]
        torch.testing.assert_close(found[t].anchors[0, :, :2], expected)
        last = t if scores[t][0] > 0.5 else 3
        assert found[t].anchors[0, 0, 2:].tolist() == pytest.approx(
            boxes[last][0][2:])


def test_a_small_gain_needs_time_but_arrives():
    boxes = straight(30)
    found = follow(make_updater(gain=0.2), boxes, [[0.9]] * 30)
    errors = [(found[t].anchors[0, 0, 0] - boxes[t + 1][0][0]).abs()
              for t in range(29)]
    assert errors[0] == pytest.approx(0.02, rel=1e-3)  # at rest
    assert errors[5] < 0.5 * errors[0] and errors[28] < 0.01 * errors[0]


def test_damping_stops_a_lost_target():
    boxes = straight(2) + [[[0.9] * 4]] * 30
    scores = [[0.9]] * 2 + [[0.1]] * 30
    found = follow(make_updater(gain=1.0, damping=0.5), boxes, scores)
    # 1 + 1/2 + 1/4 + ... displacements after the last box
    expected = torch.tensor(straight(4)[3])[:, :2]
    torch.testing.assert_close(found[-1].anchors[0, :, :2], expected)
    still = follow(make_updater(gain=1.0, damping=0.0), boxes, scores)
    expected = torch.tensor(straight(3)[2])[:, :2]
    torch.testing.assert_close(still[-1].anchors[0, :, :2], expected)


def test_a_track_that_was_never_sure_stays():
    updater = make_updater(gain=1.0)
    found = follow(updater, straight(5), [[0.1]] * 5)
    for tracks in found[1:]:
        assert torch.equal(tracks.anchors, found[0].anchors)
    # and its first box says nothing of its speed
    box = [0.5, 0.5, 0.1, 0.1]
    after = updater(found[-1], *make_frame([box], [0.9], 1))
    torch.testing.assert_close(after.anchors[0, 0], torch.tensor(box))


def test_anchors_stay_in_the_frame():
    boxes = [[[0.9, 0.2, 0.5, 0.5]], [[0.99, 0.05, 0.5, 0.5]]]
    found = follow(make_updater(gain=1.0), boxes, [[0.9]] * 2)
    assert found[-1].anchors[0, 0].tolist() == pytest.approx([1, 0, .5, .5])


@pytest.mark.parametrize('kind, plain', PAIRS)
@pytest.mark.parametrize('gain', [0.0, 0.5])
def test_only_anchors_differ_from_the_plain_updater(kind, plain, gain):
    ours, theirs = make_updater(kind, gain=gain), make_updater(plain)
    theirs.load_state_dict(ours.state_dict())  # the same weights
    tracks = [TrackQueries.empty(1, DIMS)] * 2
    for t, boxes in enumerate(straight(2)):
        frame = make_frame(boxes, [0.9], t)
        tracks = [updater(entered, *frame)
                  for updater, entered in zip((ours, theirs), tracks)]
    for name in ('content', 'query_pos', 'long_memory', 'last_output'):
        values = [getattr(each, name) for each in tracks]
        assert values[0] is values[1] is None or torch.equal(*values)
    is_same = torch.equal(tracks[0].anchors, tracks[1].anchors)
    assert is_same == (gain == 0)
    assert not tracks[0].anchors.requires_grad


@pytest.mark.parametrize('name', ['gain', 'damping'])
@pytest.mark.parametrize('value', [-0.1, 1.1])
def test_numbers_out_of_range(name, value):
    text = fr'updater.{name} must lie in \[0, 1\], got {value}'
    with pytest.raises(ValueError, match=text):
        make_updater(**{name: value})
