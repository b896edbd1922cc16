"""Who is who among the tracks of a video."""
from itertools import permutations

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from ipmot_mm.structures import NO_ID
from ipmot_mm.visualization.embedding_table import (EmbeddingTable,
                                                    match_identities,
                                                    most_seen, rows_of_frame)


def iou(first, second):
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(width, 0) * max(height, 0)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, second)]
    return common / (sum(areas) - common)


def best_sum(boxes, truth, thr):
    """By trying all one-to-one matches."""
    places = list(range(len(truth))) + [None] * len(boxes)
    return max(
        sum(iou(box, truth[place]) for box, place in zip(boxes, chosen)
            if place is not None and iou(box, truth[place]) >= thr)
        for chosen in set(permutations(places, len(boxes))))


@pytest.mark.parametrize('seed', range(4))
def test_matches_have_the_largest_sum_and_reach_the_threshold(seed):
    random = np.random.default_rng(seed)
    truth = random.uniform(0, 20, (3, 4))
    truth[:, 2:] = truth[:, :2] + 20
    boxes = truth[[0, 0, 2]] + random.uniform(-4, 4, (3, 4))
    found = match_identities(boxes, truth, np.array([5, 6, 7]))
    on = {5: 0, 6: 1, 7: 2}
    ious = [iou(box, truth[on[who]]) for box, who in zip(boxes, found)
            if who != NO_ID]
    assert all(value >= 0.5 for value in ious)
    assert len(set(found[found != NO_ID])) == len(ious)
    assert sum(ious) == pytest.approx(best_sum(boxes, truth, 0.5), abs=1e-4)


def test_frames_without_tracks_or_truth():
    box, ids = np.zeros((1, 4)), np.array([3])
    assert match_identities(np.zeros((0, 4)), box, ids).tolist() == []
    assert match_identities(box, box[:0], ids[:0]).tolist() == [NO_ID]


@pytest.fixture
def tracks():
    """Two tracks on one person; the better one was born in this frame."""
    return InstanceData(
        bboxes=torch.tensor([[0., 0., 10., 12.], [0., 0., 10., 10.]]),
        instances_id=torch.tensor([4, 9]),
        embeddings=torch.tensor([[1., 2., 3.], [4., 5., 6.]]),
        from_track_query=torch.tensor([True, False]))


def test_births_are_left_out_but_keep_their_person(tracks):
    box, ids = np.array([[0., 0., 10., 10.]]), np.array([7])
    table = rows_of_frame(tracks, 5, box, ids)
    assert table.embeddings.tolist() == [[1, 2, 3]]
    assert table.frames.tolist() == [5]
    assert table.identities('track').tolist() == [4]
    assert table.identities('gt').tolist() == [NO_ID]
    tracks.from_track_query[:] = True
    assert rows_of_frame(tracks, 5, box, ids).gt_ids.tolist() == [NO_ID, 7]
    assert rows_of_frame(tracks, 5).gt_ids.tolist() == [NO_ID, NO_ID]


def test_saved_and_joined(tracks, tmp_path):
    table = EmbeddingTable.cat(
        [rows_of_frame(tracks, 1), rows_of_frame(tracks, 2)])
    assert table.frames.tolist() == [1, 2]
    table.save(tmp_path / 'table.npz')
    again = EmbeddingTable.load(tmp_path / 'table.npz')
    for name, value in vars(table).items():
        np.testing.assert_array_equal(getattr(again, name), value)
        assert getattr(again, name).dtype == value.dtype


def test_unknown_source(tracks):
    with pytest.raises(ValueError, match=r"one of \('gt', 'track'\), got 'n"):
        rows_of_frame(tracks, 1).identities('name')


def test_most_seen():
    first, second = np.array([3, 3, NO_ID, NO_ID, 1]), np.array([2, 3, 2])
    assert most_seen([first, second], 2) == [2, 3]
    assert most_seen([first, second], 9) == [1, 2, 3]
    assert most_seen([], 2) == []
