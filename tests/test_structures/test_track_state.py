"""The three verbs of the state of a video."""
from ipmot_mm.structures import TrackQueries, TrackState


def test_a_video_begins_goes_on_and_is_forgotten():
    state = TrackState()
    assert state.tracks is None and not state.is_broken
    first, second = TrackQueries.empty(1, 8), TrackQueries.empty(1, 8)
    state.reset(first)
    assert state.tracks is first
    assert list(state.claim_ids(2)) == [1, 2]
    state.update(second)
    assert state.tracks is second
    assert list(state.claim_ids(0)) == []
    assert list(state.claim_ids(1)) == [3] and state.num_ids == 3
    state.is_broken = True
    state.reset()
    assert state.tracks is None and not state.is_broken
    assert list(state.claim_ids(1)) == [1]


def test_states_share_nothing():
    states = [TrackState(), TrackState()]
    states[0].claim_ids(5)
    assert [state.num_ids for state in states] == [5, 0]


def test_ids_go_beyond_32_bits():
    state = TrackState()
    state.claim_ids(2**40)
    assert list(state.claim_ids(1)) == [2**40 + 1]
