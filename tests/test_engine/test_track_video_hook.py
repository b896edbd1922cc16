"""Videos of a test run, one for each sequence."""
from types import SimpleNamespace

import cv2
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData

from ipmot_mm.registry import HOOKS
from ipmot_mm.testing.synthetic import write_tiny_mot


@pytest.fixture
def outputs(tmp_path):
    """Predictions for two videos of three frames, one frame each."""
    root = write_tiny_mot(tmp_path / 'data', num_frames=3)
    samples = []
    for video_id, video in enumerate(sorted(root.iterdir())):
        for t, path in enumerate(sorted((video / 'img1').iterdir())):
            frame = DetDataSample(metainfo=dict(
                img_path=str(path), video_id=video_id, video_name=video.name,
                frame_id=t, dataset_name='tiny'))
            frame.pred_track_instances = InstanceData(
                bboxes=torch.tensor([[10.0, 10.0, 40.0, 60.0]]),
                scores=torch.tensor([0.6]),
                labels=torch.tensor([0]),
                instances_id=torch.tensor([1]))
            sample = TrackDataSample()
            sample.video_data_samples = [frame]
            samples.append(sample)
    return samples


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path / 'work'), timestamp='run')


def num_frames(path) -> int:
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    return count


@pytest.mark.parametrize('loop', ['val', 'test'])
def test_writes_one_playable_video_a_sequence(tmp_path, runner, outputs, loop):
    hook = HOOKS.build(dict(type='ipmot_mm.TrackVideoHook', enable=True))
    folder = tmp_path / 'work' / 'run' / 'track_videos'
    for i, sample in enumerate(outputs):
        getattr(hook, f'after_{loop}_iter')(runner, i, None, [sample])
        if i == 3:
            # The first video is finished as soon as the second one begins.
            assert num_frames(folder / 'Tiny-01.mp4') == 3
    getattr(hook, f'after_{loop}_epoch')(runner)
    assert num_frames(folder / 'Tiny-02.mp4') == 3
    assert len(list(folder.iterdir())) == 2


def test_out_dir_and_score_thr(tmp_path, runner, outputs):
    means = []
    for thr in (0.0, 0.9):
        out_dir = tmp_path / f'out{thr}'
        hook = HOOKS.build(dict(type='ipmot_mm.TrackVideoHook', enable=True,
                                out_dir=str(out_dir), score_thr=thr))
        hook.after_test_iter(runner, 0, None, outputs[:1])
        hook.after_test_epoch(runner)
        frame = cv2.VideoCapture(str(out_dir / 'Tiny-01.mp4')).read()[1]
        plain = cv2.imread(
            outputs[0].video_data_samples[0].img_path).astype(float)
        means.append(abs(frame - plain).mean())
    assert means[0] > 1.5 * means[1]
    assert not (tmp_path / 'work').exists()


def test_is_off_by_default(tmp_path, runner, outputs):
    hook = HOOKS.build(dict(type='ipmot_mm.TrackVideoHook'))
    hook.after_test_iter(runner, 0, None, outputs[:1])
    hook.after_test_epoch(runner)
    assert not (tmp_path / 'work').exists()
