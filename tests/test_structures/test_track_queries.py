"""The state between frames keeps its lengths, types and immutability."""
from dataclasses import FrozenInstanceError, fields

import pytest
import torch

from ipmot_mm.structures import NO_ID, TrackQueries

OPTIONAL = ('query_pos', 'last_output', 'long_memory', 'extra')
EXTRA_DIMS = 3


def make_tracks(num, seed=1, num_dims=5, with_optional=True):
    generator = torch.Generator().manual_seed(seed)

    def floats(*shape):
        return torch.rand(2, num, *shape, generator=generator)

    def integers():
        return torch.randint(0, 99, (2, num), generator=generator)

    tracks = TrackQueries(
        content=floats(num_dims).double(),
        anchors=floats(4),
        ids=integers(),
        labels=integers().int(),
        scores=floats().half(),
        ious=floats(),
        num_frames_missed=integers(),
        valid=floats() > 0.3)
    if with_optional:
        tracks = tracks.replace(
            **{k: floats(num_dims) for k in OPTIONAL[:-1]},
            extra=floats(EXTRA_DIMS))
    return tracks


def set_fields(tracks):
    return {
        f.name: getattr(tracks, f.name)
        for f in fields(tracks) if getattr(tracks, f.name) is not None
    }


@pytest.mark.parametrize(
    'name', [f.name for f in fields(TrackQueries) if f.name != 'valid'])
def test_lengths_must_agree(name):
    tracks = make_tracks(3)
    shorter = getattr(tracks, name)[:, :2]
    with pytest.raises(
            ValueError,
            match=rf'TrackQueries.{name} must start with shape \(2, 3\)'):
        tracks.replace(**{name: shorter})


def test_batch_must_agree():
    with pytest.raises(ValueError, match=r'shape \(2, 3\) .* got \(1, 3\)'):
        make_tracks(3).replace(ids=torch.zeros(1, 3, dtype=torch.long))


@pytest.mark.parametrize('inds', [
    slice(1, 4),
    torch.tensor([4, 0, 0]),
    torch.tensor([True, False, False, True, True]),
    torch.tensor([], dtype=torch.long),
])
def test_index_takes_every_field_and_keeps_its_type(inds):
    tracks = make_tracks(5)
    subset = tracks[inds]
    assert set(set_fields(subset)) == set(set_fields(tracks))
    for name, value in set_fields(tracks).items():
        got = getattr(subset, name)
        assert got.dtype == value.dtype and got.device == value.device
        assert torch.equal(got, value[:, inds]), name
    assert len(subset) == len(
        range(5)[inds] if isinstance(inds, slice) else torch.arange(5)[inds])


def test_index_leaves_absent_fields_absent():
    subset = make_tracks(3, with_optional=False)[:2]
    assert all(getattr(subset, name) is None for name in OPTIONAL)


@pytest.mark.parametrize('with_optional', [True, False])
def test_cat_puts_the_second_behind_the_first(with_optional):
    first = make_tracks(3, 1, with_optional=with_optional)
    second = make_tracks(2, 2, with_optional=with_optional)
    joined = TrackQueries.cat(first, second)
    assert len(joined) == 5 and joined.batch_size == 2
    assert len(set_fields(joined)) == (12 if with_optional else 8)
    for name, value in set_fields(joined).items():
        assert value.dtype == getattr(first, name).dtype
        assert torch.equal(value[:, :3], getattr(first, name)), name
        assert torch.equal(value[:, 3:], getattr(second, name)), name


@pytest.mark.parametrize('name', OPTIONAL)
def test_cat_refuses_to_invent_state(name):
    tracks = make_tracks(3)
    with pytest.raises(
            ValueError,
            match=f'TrackQueries.{name} is set on one side of cat'):
        TrackQueries.cat(tracks.replace(**{name: None}), tracks)


def test_empty():
    tracks = TrackQueries.empty(3, 7)
    assert len(tracks) == 0 and tracks.batch_size == 3
    assert tracks.content.shape == (3, 0, 7)
    assert tracks.anchors.shape == (3, 0, 4)
    assert tracks.valid.dtype == torch.bool
    for name in ('ids', 'labels', 'num_frames_missed'):
        assert getattr(tracks, name).dtype == torch.long
    for name in ('content', 'anchors', 'scores', 'ious'):
        assert getattr(tracks, name).dtype == torch.float32
    assert all(getattr(tracks, name) is None for name in OPTIONAL)
    assert len(tracks[:0]) == 0
    assert TrackQueries.empty(3, 7, 'meta').valid.device.type == 'meta'


def test_empty_joins_with_tracks():
    tracks = make_tracks(3, with_optional=False)
    joined = TrackQueries.cat(TrackQueries.empty(2, 5), tracks)
    for name in ('ids', 'anchors', 'valid'):
        assert torch.equal(getattr(joined, name), getattr(tracks, name))


def test_fields_cannot_be_set_and_replace_leaves_the_original():
    tracks = make_tracks(3)
    with pytest.raises(FrozenInstanceError):
        tracks.ids = tracks.ids + 1
    before = tracks.ids.clone()
    changed = tracks.replace(ids=tracks.ids + 1)
    assert torch.equal(tracks.ids, before)
    assert torch.equal(changed.ids, before + 1)
    assert changed.content is tracks.content


def test_empty_slots_are_padding():
    tracks = TrackQueries.empty(2, 7, num_slots=3)
    assert tracks.content.shape == (2, 3, 7) and not tracks.valid.any()
    assert (tracks.ids == NO_ID).all()


@pytest.mark.parametrize('with_optional', [True, False])
def test_resize_adds_and_takes_padding(with_optional):
    tracks = make_tracks(3, with_optional=with_optional)
    assert tracks.resize(3) is tracks
    wide = tracks.resize(5)
    assert len(wide) == 5 and not wide.valid[:, 3:].any()
    assert (wide.ids[:, 3:] == NO_ID).all()
    assert set(set_fields(wide)) == set(set_fields(tracks))
    narrow = wide.resize(3)
    for name, value in set_fields(tracks).items():
        assert getattr(wide, name).dtype == value.dtype
        assert torch.equal(getattr(narrow, name), value), name


def test_batch_and_sample_undo_each_other():
    first, second = make_tracks(4).sample(0), make_tracks(2, 3).sample(1)
    joined = TrackQueries.batch([first, second])
    assert joined.valid.shape == (2, 4)
    for index, tracks in enumerate((first, second)):
        again = joined.sample(index).resize(len(tracks))
        for name, value in set_fields(tracks).items():
            assert torch.equal(getattr(again, name), value), name
    assert TrackQueries.batch([first]) is first


@pytest.mark.parametrize('num_fresh', [1, 2])
def test_batch_counts_the_videos_that_are_fresh(num_fresh):
    videos = [make_tracks(3).sample(0), TrackQueries.empty(num_fresh, 5)]
    joined = TrackQueries.batch(videos)
    assert joined.extra.shape == (1 + num_fresh, 3, EXTRA_DIMS)
    assert not joined.extra[1:].any()


@pytest.mark.parametrize('fresh', [0, 1])
def test_batch_fills_what_a_fresh_video_lacks(fresh):
    videos = [make_tracks(3).sample(0)]
    videos.insert(fresh, TrackQueries.empty(1, 5, num_slots=2))
    joined = TrackQueries.batch(videos)
    for name in OPTIONAL:
        assert not getattr(joined, name)[fresh].any()
        assert torch.equal(
            getattr(joined, name)[1 - fresh],
            getattr(videos[1 - fresh], name)[0])
