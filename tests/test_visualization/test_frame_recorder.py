"""Looking at queries changes nothing, and misses nothing."""
import copy

import pytest
import torch
from query_samples import NUM_TRACKS, make_tracker, track
from torch import nn

from ipmot_mm.structures import TrackState
from ipmot_mm.visualization.frame_recorder import FrameRecorder


class Notes(FrameRecorder):
    """Keeps all it is shown."""

    def __init__(self, model):
        super().__init__(model)
        self.notes = []

    def on_frame(self, seen, instances):
        self.notes.append((seen, instances))


def test_tracks_are_the_same_and_the_model_is_left_as_it_was():
    model = make_tracker()
    tracker, alone = model.tracker, track(model)[0]
    with Notes(model) as notes:
        assert model.tracker is not tracker
        assert model.tracker.min_slots == tracker.min_slots
        watched = track(model)[0]
    assert model.tracker is tracker
    for ours, theirs, (_, shown) in zip(alone, watched, notes.notes):
        assert len(ours) == NUM_TRACKS
        assert torch.equal(ours.bboxes, theirs.bboxes)
        assert torch.equal(ours.instances_id, shown.instances_id)
    notes.detach()
    assert model.tracker is tracker


def test_it_is_left_so_by_an_error_too():
    model = make_tracker()
    tracker = model.tracker
    with pytest.raises(KeyError):
        with Notes(model):
            raise KeyError
    assert model.tracker is tracker


def test_each_recorder_ends_for_itself():
    model = make_tracker()
    tracker = model.tracker
    first, second = Notes(model), Notes(model)
    first.attach()
    second.attach()
    first.detach()
    first.detach()
    track(model)
    assert (len(first.notes), len(second.notes)) == (0, 3)
    second.detach()
    assert model.tracker is tracker


def test_what_is_seen_belongs_to_the_frame():
    model = make_tracker()
    with Notes(model) as notes:
        track(model)
    first, second, _ = [seen for seen, _ in notes.notes]
    assert not first.tracks.valid.any()
    assert second.tracks.valid.sum() == NUM_TRACKS
    assert torch.equal(second.tracks.ids[0, :NUM_TRACKS],
                       first.selection.ids[0, :NUM_TRACKS])


def test_frames_that_find_too_few_slots_are_seen_once():
    model = make_tracker(**{'tracker.min_slots': 1})
    with Notes(model) as notes:
        track(model)
    assert len(notes.notes) == 3
    assert [len(shown) for _, shown in notes.notes] == [NUM_TRACKS] * 3
    assert notes.notes[0][0].selection.valid.sum() == NUM_TRACKS


def test_several_videos_at_once():
    model = make_tracker()
    with Notes(model) as notes:
        track(model, 2, 2, [TrackState(), TrackState()])
    assert [seen.index for seen, _ in notes.notes] == [0, 1, 0, 1]


def test_a_model_that_is_recorded_can_be_copied():
    model = make_tracker()
    with Notes(model):
        twin = copy.deepcopy(model)
    assert torch.equal(track(twin)[0][1].bboxes, track(model)[0][1].bboxes)


def test_frames_that_do_not_come_by_are_refused():
    """As those of a recorded graph: the last call was of another frame."""
    model = make_tracker()
    with Notes(model):
        track(model, 1)
        report = model.tracker._seen[2]
        other = type('Report', (), dict(ids=report.ids + 1))
        model.tracker.tracker.results = lambda *args: None
        with pytest.raises(ValueError, match='frame_mode="eager"'):
            model.tracker.results(other, 0, (8, 8))


def test_another_model_is_refused():
    with pytest.raises(TypeError, match='got Linear with NoneType; take the '
                       'config of a query-based tracker'):
        Notes(nn.Linear(1, 1))
