"""Trackers that keep their tracks in the model, as those of mmdet do."""
import numpy as np
import pytest
import torch
from mmdet.apis import inference_mot, init_track_model
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from PIL import Image

from ipmot_mm.apis import (FrameTracker, TrackJournal, init_tracker,
                           track_clips, track_video, track_videos)

pytest.importorskip('lap')

SIZE = (64, 96)


class QuadrantDetector(BaseModel):
    """A box in each quarter of the frame, scored by its brightness: mmdet's
    detectors need compiled operations."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.5))

    def predict(self, inputs, data_samples, rescale=True):
        height, width = inputs.shape[2:]
        boxes, scores = [], []
        for y in (0, height // 2):
            for x in (0, width // 2):
                part = inputs[0, :, y:y + height // 2, x:x + width // 2]
                shift = float(part.std()) / 10
                boxes.append([x + shift, y, x + shift + 30, y + 25])
                scores.append(part.mean() / 255 / self.scale)
        data_samples[0].pred_instances = InstanceData(
            bboxes=torch.tensor(boxes),
            scores=torch.stack(scores),
            labels=torch.zeros(4, dtype=torch.long))
        return data_samples

    def forward(self, *args, **kwargs):
        raise NotImplementedError


@pytest.fixture(scope='module', autouse=True)
def quadrant_detector():
    MODELS.register_module(module=QuadrantDetector)
    yield
    MODELS.module_dict.pop('QuadrantDetector')


def mmdet_cfg(kind, **tracker):
    """A tracker of mmdet with a small detector, in mmdet's scope."""
    return Config(
        dict(
            default_scope='mmdet',
            model=dict(
                type=kind,
                data_preprocessor=dict(
                    type='TrackDataPreprocessor', pad_size_divisor=32),
                detector=dict(type='QuadrantDetector'),
                tracker=dict(motion=dict(type='KalmanFilter'), **tracker)),
            test_dataloader=dict(
                dataset=dict(
                    pipeline=[
                        dict(
                            type='TransformBroadcaster',
                            transforms=[
                                dict(type='LoadImageFromFile'),
                                dict(
                                    type='Resize',
                                    scale=SIZE[::-1],
                                    keep_ratio=True),
                                dict(type='LoadTrackAnnotations')
                            ]),
                        dict(type='PackTrackInputs')
                    ]))))


KINDS = {
    'ByteTrack':
    dict(
        type='ByteTracker',
        obj_score_thrs=dict(high=0.3, low=0.1),
        init_track_thr=0.3,
        num_frames_retain=5),
    'OCSORT':
    dict(
        type='OCSORTTracker',
        obj_score_thr=0.2,
        init_track_thr=0.3,
        num_frames_retain=5),
    'DeepSORT':
    dict(type='SORTTracker', obj_score_thr=0.2, reid=None)
}


def frames(num_frames=6):
    """Each quarter has a brightness of its own, also too dark a one."""
    random = np.random.default_rng(1)
    images = []
    for _ in range(num_frames):
        levels = random.integers(10, 255, (2, 2, 1))
        noise = random.random((*SIZE, 3))
        levels = levels.repeat(SIZE[0] // 2, 0).repeat(SIZE[1] // 2, 1)
        images.append((noise * levels).astype(np.uint8))
    return images


@pytest.fixture(scope='module', params=KINDS)
def pair(request, tmp_path_factory):
    """One tracker, loaded by mmdet and by us."""
    cfg = mmdet_cfg(request.param, **KINDS[request.param])
    model = init_tracker(cfg)
    model.detector.scale.data.fill_(0.8)
    path = tmp_path_factory.mktemp('mmdet') / 'a.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return (init_track_model(cfg, str(path), device='cpu'),
            init_tracker(cfg, path))


def test_tracks_are_those_of_mmdet(pair):
    theirs, ours = pair[0], FrameTracker(pair[1])
    total = 0
    for number, frame in enumerate(frames()):
        expected = inference_mot(theirs, frame, number, 6)
        expected = expected.video_data_samples[0].pred_track_instances
        found = ours.update(frame)
        assert torch.equal(found.bboxes, expected.bboxes)
        assert torch.equal(found.scores, expected.scores)
        assert torch.equal(found.instances_id, expected.instances_id)
        total += len(found)
    assert total > 6


def test_one_stream_at_a_time(pair):
    first, second = FrameTracker(pair[1]), FrameTracker(pair[1])
    images = frames(3)
    expected = [first.update(image).bboxes for image in images]
    assert first.state is None and first.num_frames == 3
    for image, bboxes in zip(images, expected):
        assert torch.equal(second.update(image).bboxes, bboxes)
    with pytest.raises(ValueError, match='another FrameTracker has begun'):
        first.update(images[0])
    first.reset()
    for image, bboxes in zip(images, expected):
        assert torch.equal(first.update(image).bboxes, bboxes)


def test_what_needs_a_state_is_refused(pair, tmp_path):
    trackers = [FrameTracker(pair[1]), FrameTracker(pair[1])]
    clip = frames(1)
    with pytest.raises(ValueError, match='one stream at a time, got 2'):
        track_clips(trackers, [clip, clip])
    with pytest.raises(ValueError, match='they cannot be saved'):
        trackers[0].state_dict()
    Image.fromarray(clip[0]).save(tmp_path / '1.png')
    journal = TrackJournal(tmp_path / 'journal')
    with pytest.raises(ValueError, match='they cannot be saved'):
        next(track_video(trackers[0], tmp_path, journal=journal))
    with pytest.raises(ValueError, match='one stream at a time'):
        list(track_videos(pair[1], [tmp_path, tmp_path]))
