"""Several videos at once on one model, and a video without an end."""
import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from stream_samples import NUM_FRAMES, random_tracker, stream, to_lists

from ipmot_mm.apis import FrameTracker

NUM_STREAMS = 3


@pytest.fixture(scope='module')
def model():
    return random_tracker()


def run(tracker, frames):
    return [to_lists(tracker.update(frame)) for frame in frames]


@pytest.fixture(scope='module')
def alone(model):
    """Tracks of each stream, one after the other."""
    found = [
        run(FrameTracker(model), stream(number))
        for number in range(NUM_STREAMS)
    ]
    for frames in found:
        ids = [set(ids) for ids, _ in frames]
        assert set.union(*ids) > ids[0] and ids[0] & ids[1]
    assert found[0] != found[1]
    return found


def test_streams_take_turns(model, alone):
    """Also with pauses, a late start and a start anew."""
    trackers = [FrameTracker(model) for _ in range(NUM_STREAMS)]
    frames = [list(stream(number)) for number in range(NUM_STREAMS)]
    found = [[] for _ in range(NUM_STREAMS)]
    run(trackers[0], frames[1][:2])
    trackers[0].reset()
    turns = np.repeat(np.arange(NUM_STREAMS), NUM_FRAMES)
    for number in np.random.default_rng(0).permutation(turns):
        t = len(found[number])
        found[number] += run(trackers[number], [frames[number][t]])
    assert found == alone


def test_streams_run_in_threads(model, alone):
    with ThreadPoolExecutor(NUM_STREAMS) as pool:
        found = pool.map(
            lambda number: run(FrameTracker(model), stream(number)),
            range(NUM_STREAMS))
        assert list(found) == alone


def test_streams_do_not_disturb_the_test_loop(model, alone):
    """The model's own state is for whole videos, as mmdet feeds them."""
    tracker, other = FrameTracker(model), FrameTracker(model)
    found = []
    model.reset()
    for t, frame in enumerate(stream(1)):
        packed = tracker.pack([frame])
        packed['data_samples'][0].set_metainfo(dict(frame_id=t))
        samples = model.test_step(
            dict(
                inputs=[packed['inputs']],
                data_samples=[packed['data_samples']]))
        found.append(to_lists(samples[0][0].pred_track_instances))
        other.update(frame)
    assert found == alone[1]
    model.reset()


class Leak:
    """A model that keeps what it needs of a frame, and nothing else."""

    def __init__(self, model):
        self.model = model
        self.cfg = model.cfg
        self.data_preprocessor = model.data_preprocessor
        self.kept = []

    def predict(self, inputs, data_samples, state):
        raise NotImplementedError  # it is called as a whole

    def __call__(self, **kwargs):
        samples = self.model(**kwargs)
        self.kept.append(samples[0][0].pred_track_instances)
        return samples


def live_tensors():
    """Number of tensors and their bytes."""
    gc.collect()
    tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor]
    return len(tensors), sum(each.untyped_storage().nbytes()
                             for each in tensors)


def growth(model, num_frames):
    """Tensors that appear, and the ids given, after a start of 20 frames."""
    tracker = FrameTracker(model)
    run(tracker, stream(0, 20))
    before, seen = live_tensors(), []
    for frame in stream(1, num_frames):
        tracks = tracker.update(frame)
        seen.append(tracks.instances_id.tolist())
        assert not tracks.bboxes.requires_grad
    del tracks
    state = tracker.state
    assert state.tracks.content.grad_fn is None
    assert state.tracks.valid.sum() < 30 and len(state.tracks) <= 64
    return [b - a for a, b in zip(before, live_tensors())], seen, state


def test_a_long_stream_leaves_nothing_behind(model, monkeypatch):
    """300 frames; who keeps the tracks of each has 4 tensors a frame more.

    Scores are scripted, so that tracks are born and die all along.
    """
    step = model.step

    def scripted(memory, tracks):
        outputs = step(memory, tracks)
        is_seen = torch.rand_like(outputs.cls_logits[..., 0]) < torch.where(
            outputs.is_detect, 0.1, 0.85)
        return outputs.replace(
            dedup_logits=None, cls_logits=is_seen[..., None] * 8.0 - 4)

    monkeypatch.setattr(model, 'step', scripted)
    (num_tensors, num_bytes), seen, state = growth(model, 300)
    assert num_tensors <= 4 and num_bytes <= 2**15
    last = {i: t for t, ids in enumerate(seen) for i in ids}
    assert sum(t < 250 for t in last.values()) > 50  # many are dead
    assert max(last) <= state.num_ids
    for i, t in last.items():  # never reported again once long gone
        frames = [t for t, ids in enumerate(seen) if i in ids]
        assert max(np.diff(frames), default=1) <= 2
    (num_tensors, _), _, _ = growth(Leak(model), 20)
    assert num_tensors >= 4 * 20
