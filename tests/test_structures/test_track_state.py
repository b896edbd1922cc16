"""The two verbs of the state of a video."""
import torch

from ipmot_mm.structures import TrackQueries, TrackState


def test_a_video_begins_goes_on_and_is_forgotten():
    state = TrackState()
    assert state.tracks is None and state.num_ids is None
    first, second = TrackQueries.empty(1, 8), TrackQueries.empty(1, 8)
    state.reset(first)
    assert state.tracks is first and not state.is_broken
    assert state.num_ids.tolist() == [0]
    assert state.num_ids.dtype == torch.int64
    state.update(second, state.num_ids + 2**40)
    assert state.tracks is second and state.num_ids.tolist() == [2**40]
    state.is_broken = True
    state.reset()
    assert state.tracks is None and not state.is_broken
    state.reset(first)
    assert state.num_ids.tolist() == [0]


def test_states_share_nothing():
    tracks = TrackQueries.empty(1, 8)
    states = [TrackState(), TrackState()]
    for state in states:
        state.reset(tracks)
    states[0].num_ids += 5
    assert [state.num_ids.item() for state in states] == [5, 0]


def test_the_count_of_ids_is_where_the_tracks_are():
    state = TrackState()
    state.reset(TrackQueries.empty(1, 8, 'meta'))
    assert state.num_ids.device.type == 'meta'
