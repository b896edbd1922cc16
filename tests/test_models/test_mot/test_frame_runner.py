"""Recorded frames are found again by their sizes and change nothing."""
import copy

import pytest
import torch
from frame_samples import assert_same, build, frames, part, predict

from ipmot_mm.models.mot import frame_runner
from ipmot_mm.models.mot.frame_runner import (CompileRunner, CudaRecorder,
                                              GraphRunner, build_frame_runner)
from ipmot_mm.structures import TrackState
from ipmot_mm.testing import make_clip


class FakeGraphs:
    """Stands in for CUDA graphs: reads and writes in fixed places."""

    def __init__(self):
        self.recorded = []

    def __call__(self, function, args):
        result = frame_runner._map(function(*args), torch.clone)
        self.recorded.append(function.__name__)

        def replay():
            places = list(frame_runner._tensors(result))
            values = frame_runner._tensors(function(*args))
            for place, value in zip(places, list(values)):
                place.copy_(value)

        for place in frame_runner._tensors(result):
            if place.is_floating_point():  # recording computes nothing
                place.fill_(float('nan'))
        return replay, result


def build_recorded(**kwargs):
    model = build(**kwargs)
    model.frame_runner = GraphRunner(FakeGraphs())
    return model, model.frame_runner.record.recorded


@pytest.mark.parametrize('updater', ['QueryUpdater', 'MemoryQueryUpdater'])
@pytest.mark.parametrize('chunk', [1, 3])
def test_recorded_frames_equal_eager_ones(updater, chunk):
    data = make_clip(2, num_frames=6)
    expected = frames(predict(build(updater), data))
    model, recorded = build_recorded(updater=updater)
    found = []
    for begin in range(0, 6, chunk):
        found += frames(predict(model, part(data, begin, begin + chunk)))
    assert_same(found, expected)
    # 16, then 32 and perhaps 64 slots; what memory holds once there is one
    assert recorded.count('encode') == 1
    assert 2 <= recorded.count('frame_step') <= 5
    before = len(recorded)
    assert_same(frames(predict(model, part(data, 0, chunk))),
                expected[:chunk])
    assert len(recorded) == before


def test_videos_that_take_turns_do_not_overwrite_each_other():
    data = make_clip(2, 3, num_frames=4)
    model, recorded = build_recorded()
    expected = [
        frames(predict(build(), part(data, 0, 4, [video])))
        for video in (0, 1)
    ]
    states, found = [TrackState(), TrackState()], [[], []]
    for t in range(3):
        for video in (0, 1):
            found[video] += frames(
                predict(model, part(data, t, t + 1, [video]),
                        state=states[video]))
    samples = predict(model, part(data, 3, 4, [0, 1]), state=states)
    for video in (0, 1):
        found[video] += frames(samples, video)
        assert_same(found[video], expected[video])
    assert recorded.count('encode') == 2  # one video, two videos


def test_other_sizes_weights_and_copies_are_recorded_anew():
    model, recorded = build_recorded()
    predict(model, make_clip(2, num_frames=1))
    assert recorded == ['encode', 'frame_step']
    predict(model, make_clip(2, num_frames=1, size=(64, 96)))
    assert len(recorded) == 4
    model.double().float()  # weights lie elsewhere now
    predict(model, make_clip(2, num_frames=1))
    assert len(recorded) == 6


def test_old_recordings_are_dropped(monkeypatch):
    monkeypatch.setattr(frame_runner, 'MAX_GRAPHS', 2)
    model, recorded = build_recorded()
    for size in ((96, 64), (96, 64), (64, 96), (96, 64)):
        predict(model, make_clip(2, num_frames=1, size=size))
    assert len(recorded) == 6 and len(model.frame_runner._graphs) == 2


def test_runners_are_copied_with_their_model(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    for mode in ('eager', 'cuda_graph', 'compile'):
        runner = build_frame_runner(mode)
        assert type(copy.deepcopy(runner)) is type(runner)


@pytest.mark.skipif(torch.cuda.is_available(), reason='needs no CUDA device')
def test_cuda_graphs_need_cuda():
    with pytest.raises(ValueError, match='"cuda_graph" needs a CUDA device, '
                       'and torch finds none; set model.frame_mode="eager"'):
        build_frame_runner('cuda_graph')


def test_cuda_graphs_need_the_model_on_cuda():
    model = build()
    model.frame_runner = GraphRunner(CudaRecorder())
    with pytest.raises(ValueError, match='model on a CUDA device, got cpu; '
                       'move the model, or set'):
        predict(model, make_clip(1))


def test_unknown_modes_are_named():
    with pytest.raises(ValueError, match='model.frame_mode must be one of '
                       "eager, cuda_graph, compile, got 'graph'"):
        build_frame_runner('graph')


@pytest.mark.slow
def test_compiled_frames_equal_eager_ones():
    """What dynamo makes of the frame, run by torch's own kernels."""
    small = dict(num_levels=1, num_queries=6, num_layers=1,
                 num_detect_only_layers=0)
    data = make_clip(2, num_frames=2)
    expected = frames(predict(build(**small), data))
    assert all(map(len, expected))
    model = build(**small)
    model.frame_runner = CompileRunner(backend='eager', dynamic=False)
    assert_same(frames(predict(model, data)), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs CUDA')
@pytest.mark.parametrize('mode', ['cuda_graph', 'compile'])
@pytest.mark.parametrize('chunk', [1, 3])
def test_modes_are_equal_on_a_gpu(mode, chunk):
    data, found = make_clip(2, num_frames=6), []
    for each in ('eager', mode):
        model = build().cuda()
        model.frame_runner = build_frame_runner(each)
        found.append([])
        for begin in range(0, 6, chunk):
            found[-1] += frames(
                predict(model, part(data, begin, begin + chunk)))
    assert_same(*found)
