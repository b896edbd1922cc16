"""One transfer per frame, few kernels, and padding that changes nothing."""
from contextlib import nullcontext

import pytest
import torch
from frame_samples import UPDATERS, assert_same, build, frames, part, predict

from ipmot_mm.benchmark.op_counts import OpCounter, count_ops
from ipmot_mm.models.mot import frame_loop
from ipmot_mm.structures import FrameReport, TrackQueries, TrackState
from ipmot_mm.testing import make_clip


def enter_frame(model, num_slots, num_tracks, dtype=torch.float32):
    """An encoded frame and tracks that enter it."""
    generator = torch.Generator().manual_seed(0)
    model = model.to(dtype)
    images = torch.rand(1, 1, 3, 64, 96, generator=generator, dtype=dtype)
    memory = model.encode(images, [(64, 96)])
    dims = model.detector.embed_dims
    num_ids = torch.zeros(1, dtype=torch.long)
    empty = TrackQueries.empty(1, dims, num_slots=num_slots)
    tracks = model.frame_step(memory, empty, num_ids).tracks

    def filled(value):
        if not value.is_floating_point():
            return value
        noise = torch.randn(
            1, num_tracks, *value.shape[2:], generator=generator)
        noise = noise.to(value.dtype)
        return torch.cat([noise.sigmoid(), value[:, num_tracks:]], 1)

    order = torch.arange(num_slots)[None]
    return memory, tracks.map(filled).replace(
        valid=order < num_tracks, ids=order.where(order < num_tracks, -1))


@torch.no_grad()
@pytest.mark.parametrize('base, updater', UPDATERS)
@pytest.mark.parametrize('num_tracks', [0, 1, 9])
def test_padding_changes_nothing(base, updater, num_tracks, monkeypatch):
    """Decoder, deduplication, tracker and updater, in float64."""
    monkeypatch.setattr(torch.Tensor, 'float', torch.Tensor.double)
    model = build(updater, base=base, tracker=dict(track_score_thr=.1))
    memory, tracks = enter_frame(model, 40, num_tracks, torch.float64)
    num_ids = torch.tensor([9])
    exact = tracks.resize(num_tracks)
    outputs = model.step(memory, exact)
    first = frame_loop.select_tracks(model, outputs, exact, num_ids, 21)
    second = model.frame_step(memory, tracks, num_ids)
    ours, theirs = (
        FrameReport.unpack(step.report) for step in (first, second))
    count = int(theirs.num_wanted)
    assert int(ours.num_wanted) == count > num_tracks / 2
    assert first.num_ids.equal(second.num_ids)
    queries = slice(12 + num_tracks)
    for name in ('scores', 'hidden_states', 'bboxes'):
        expected = getattr(first.outputs, name)
        actual = getattr(second.outputs, name)
        axis = 1 if name == 'scores' else 2
        torch.testing.assert_close(
            actual.narrow(axis, 0, queries.stop), expected,
            atol=1e-12, rtol=0)
    expected, actual = first.tracks[:count], second.tracks[:count]
    assert expected.valid.all() and actual.valid.all()
    assert expected.ids.equal(actual.ids)
    for name in ('content', 'anchors', 'query_pos', 'long_memory'):
        if getattr(expected, name) is not None:
            torch.testing.assert_close(
                getattr(actual, name), getattr(expected, name),
                atol=1e-12, rtol=0)


@pytest.mark.parametrize('base, updater', UPDATERS)
def test_slots_do_not_change_a_video(base, updater):
    """One slot is short in most frames, a hundred never."""
    data, found = make_clip(2, num_frames=6), []
    for min_slots in (1, 100):
        model = build(updater, base=base, tracker=dict(min_slots=min_slots))
        found.append(frames(predict(model, data)))
        found.append([])
        for t in range(6):
            found[-1] += frames(predict(model, part(data, t, t + 1)))
    num_alive = int(model.track_state.tracks.valid.sum())
    assert 16 < num_alive < int(model.track_state.num_ids)
    for other in found[1:]:
        assert_same(found[0], other)


def test_several_videos_are_tracked_as_each_alone():
    """One of them begins while the other has tracks."""
    for base, updater in UPDATERS[1:]:
        model = build(updater, base=base)
        data = make_clip(2, 3, num_frames=5)
        alone = [
            frames(predict(model, part(data, 0, 5, [video]),
                           state=TrackState())) for video in (0, 1)
        ]
        states = [TrackState(), TrackState()]
        found = [frames(predict(model, part(data, 0, 2), state=states[0])), []]
        for begin, end in ((0, 2), (2, 3)):
            mixed = part(data, begin + 2, end + 2)
            other = part(data, begin, end, [1])
            samples = predict(
                model, {key: mixed[key] + other[key] for key in mixed},
                state=states)
            found = [
                found[i] + frames(samples, i) for i in range(2)
            ]
        found[1] += frames(
            predict(model, part(data, 3, 5, [1]), state=states[1:]))
        for i in range(2):
            assert_same(alone[i], found[i])
        assert [int(state.num_ids) for state in states] == [
            max(tracks.instances_id.max() for tracks in video)
            for video in alone]


def test_states_must_be_one_for_each_video():
    model, data = build(), make_clip(1, 1)
    with pytest.raises(ValueError, match='batch of 2 videos needs as many '
                       'states, got 1; pass a TrackState for each'):
        predict(model, data, state=[TrackState()] * 2)
    with pytest.raises(ValueError, match='needs as many states, got 3'):
        predict(model, data, state=[TrackState() for _ in range(3)])


def test_frames_of_several_sizes_are_refused():
    model, data = build(), make_clip(1, 1)
    for frame in data['data_samples'][1].video_data_samples:
        frame.set_metainfo(dict(img_shape=(60, 96)))
    with pytest.raises(ValueError, match=r'must have one size, got \(height, '
                       r'width\) \(60, 96\), \(64, 96\); track videos of'):
        predict(model, data, state=[TrackState(), TrackState()])


@torch.no_grad()
@pytest.mark.parametrize('base, updater', UPDATERS)
@pytest.mark.parametrize('num_videos, num_frames', [(1, 1), (2, 3)])
def test_a_frame_waits_for_one_thing_alone(base, updater, num_videos,
                                           num_frames, monkeypatch):
    """On the meta device whatever would wait for a value raises."""
    model = build(updater, base=base, tracker=dict(newborn_iou_thr=.5)).to(
        'meta')
    model.tracker.max_tracks = 10
    asked = []

    def to_host(report):
        assert report.device.type == 'meta'
        asked.append(report)
        return torch.zeros(report.shape, dtype=report.dtype)

    monkeypatch.setattr(frame_loop, 'to_host', to_host)
    # which does not know the meta device
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    data = make_clip(*[2] * num_videos, num_frames=num_frames)
    inputs = torch.rand(num_videos, num_frames, 3, 64, 96, device='meta')
    model.predict(inputs, data['data_samples'],
                  state=[TrackState() for _ in range(num_videos)])
    assert len(asked) == num_frames


def test_the_count_of_syncs_of_a_video():
    model = build(tracker=dict(min_slots=64))
    data = model.data_preprocessor(make_clip(3, num_frames=4), False)
    counter = count_ops(model, **data, mode='predict')
    assert counter.syncs == 4, counter.sync_lines
    assert sum('frame_loop' in line for line in counter.sync_lines) == 1


@torch.no_grad()
@pytest.mark.parametrize('base, updater', UPDATERS[1:])
@pytest.mark.parametrize('img_shape', [(64, 96), (60, 90)])
def test_a_frame_neither_waits_nor_uploads(base, updater, img_shape):
    """A CUDA graph could repeat neither. The second is padded."""
    model = build(updater, base=base)
    images = torch.rand(2, 1, 3, 64, 96)
    memory, tracks = enter_frame(model, 16, 5)  # what is kept is there
    encode = count_ops(model.encode, images, [img_shape] * 2)
    step = count_ops(model.frame_step, memory, tracks, torch.tensor([5]))
    for counter in (encode, step):
        assert not counter.sync_lines and not counter.upload_lines


def count_frame(model, num_slots, num_tracks):
    """Kernels behind the heads: selecting and carrying, and all of them."""
    memory, tracks = enter_frame(model, num_slots, num_tracks)
    num_ids = torch.tensor([num_tracks])
    outputs = model.detector.decode(memory, tracks)
    interact, layers = model.updater.interact, OpCounter()

    def counted(*args):
        with layers:
            return interact(*args)

    dedup = count_ops(model.dedup, outputs)
    outputs = outputs.replace(dedup_logits=model.dedup(outputs))
    everything = count_ops(frame_loop.select_tracks, model, outputs, tracks,
                           num_ids, num_slots)
    model.updater.interact = counted
    frame_loop.select_tracks(model, outputs, tracks, num_ids, num_slots)
    del model.updater.interact
    assert dedup.syncs == everything.syncs == 0
    assert dedup.uploads == everything.uploads == 0
    return (everything.kernels - layers.kernels,
            everything.kernels + dedup.kernels)


@torch.no_grad()
@pytest.mark.parametrize('base, updater, most', [
    (*UPDATERS[0], 60), (*UPDATERS[1], 80), (*UPDATERS[2], 100),
    (*UPDATERS[3], 80)])
def test_kernels_do_not_depend_on_the_number_of_tracks(base, updater, most):
    """Bookkeeping is at most 60; with the layers of deduplication module and
    updater it is ``most``."""
    model = build(updater, base=base)
    counts = {
        count_frame(model, *sizes)
        for sizes in ((16, 10), (32, 20), (128, 50), (128, 100))
    }
    assert len(counts) == 1
    bookkeeping, everything = counts.pop()
    assert bookkeeping <= 60 and everything <= most
