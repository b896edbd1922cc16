"""The frame benchmark compares equal work and counts what it says."""
import warnings

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark.frame_speed import FrameBench, build_model
from ipmot_mm.benchmark.model_sections import count_cuda_waits, count_sections
from ipmot_mm.testing import tiny_model_cfg


@pytest.fixture(scope='module')
def bench():
    return FrameBench(Config(dict(model=tiny_model_cfg())), (96, 64))


@pytest.mark.parametrize('num_tracks', [1, 10, 30])
def test_all_tracks_live_and_are_reported(bench, num_tracks):
    tracks = bench.live_tracks(num_tracks)
    assert tracks.ids.tolist() == [list(range(1, num_tracks + 1))]
    assert tracks.valid.all()
    for samples in (bench.ours(num_tracks)(), bench.ours(num_tracks)()):
        found = samples[0][0].pred_track_instances.instances_id
        assert sorted(found.tolist()) == tracks.ids[0].tolist()
    assert len(bench.memotr(num_tracks)()) == num_tracks
    assert bench.difference(num_tracks) < 1e-3


def test_videos_and_look_ahead_give_all_their_frames(bench):
    together = bench.ours(10, num_videos=2)()
    ahead = bench.ours(10, num_frames=3)()
    assert len(together) == 2 and len(ahead) == 1 and len(ahead[0]) == 3
    for sample in (*together, *ahead):
        for frame in sample.video_data_samples:
            assert len(frame.pred_track_instances) == 10


def test_the_detector_is_the_frame_without_tracks(bench):
    boxes = bench.detector()()
    model, images = bench.model, bench.images()
    with torch.no_grad():
        memory = model.encode(images, [(64, 96)])
        tracks = bench.live_tracks(1)[:0]
        outputs = model.step(memory, tracks)
    assert boxes.shape == (1, model.detector.num_queries, 6)
    torch.testing.assert_close(boxes[..., 4], outputs.cls_scores)


def test_other_work_is_not_timed(bench, monkeypatch):
    monkeypatch.setattr(bench, 'memotr', lambda n: lambda: [[1.0] * 7] * 2)
    with pytest.raises(RuntimeError, match='differ, 10 and 2 tracks'):
        bench.difference(10)


def test_sections_add_up(bench):
    def call():
        bench.ours(10)()

    found = count_sections(bench.model, call, 'cpu')
    for count in ('kernels', 'syncs', 'uploads'):
        parts = [found[name][count] for name in found if name != 'whole']
        assert sum(parts) == found['whole'][count]
    assert found['encode']['kernels'] > 20 < found['step']['kernels']
    assert 'forward' not in vars(bench.model.updater)
    detector = bench.counts(bench.detector())
    assert detector['step']['kernels'] == 0 == detector['updater']['kernels']


def test_waits_that_cuda_reports(monkeypatch):
    modes = []

    def call():
        for text in (*2 * ['called a synchronizing CUDA operation'], 'else'):
            warnings.warn(text, stacklevel=2)

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert count_cuda_waits(call) is None
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_sync_debug_mode', lambda: 0)
    monkeypatch.setattr(torch.cuda, 'set_sync_debug_mode', modes.append)
    assert count_cuda_waits(call) == 2 and modes == ['warn', 0]


def test_weights_are_the_same_at_every_build():
    cfg = Config(dict(model=tiny_model_cfg(with_track_book=True)))
    first, second = build_model(cfg), build_model(cfg)
    assert first.track_book_cfg is None and cfg.model.track_book is not None
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
    with pytest.raises(ValueError, match='no model. Take a config'):
        build_model(Config(dict(train_dataloader=1)))


def test_a_frame_waits_once_and_launches_the_same_for_any_tracks(bench):
    found = [bench.counts(bench.ours(count)) for count in (1, 10, 30)]
    assert [parts['whole']['syncs'] for parts in found] == [1, 1, 1]
    assert len({parts['whole']['kernels'] for parts in found}) == 1
    assert found[0]['bookkeeping']['kernels'] <= 60
    loops = [bench.counts(bench.memotr(count)) for count in (1, 10, 30)]
    for name in ('syncs', 'kernels'):
        counts = [parts['bookkeeping'][name] for parts in loops]
        assert counts == sorted(counts) and counts[-1] > counts[0] + 25
