"""mmdet's functions for live frames take configs of this package."""
import numpy as np
import pytest
import torch
from mmdet.apis import inference_mot, init_track_model
from mmdet.apis.inference import build_test_pipeline
from mmengine.config import Config
from mmengine.registry import DefaultScope

from ipmot_mm.apis import FrameTracker, init_tracker
from ipmot_mm.testing import tiny_model_cfg


def frames(num_frames=6, size=(48, 64)):
    random = np.random.default_rng(0)
    return [
        random.integers(0, 255, (*size, 3), dtype=np.uint8)
        for _ in range(num_frames)
    ]


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    """A config file, and a checkpoint whose scores are around 0.5."""
    folder = tmp_path_factory.mktemp('tiny')
    torch.manual_seed(2)
    model = tiny_model_cfg(num_levels=1, num_queries=6)
    model.tracker.update(miss_tolerance=2, min_area=0.0)
    steps = [
        dict(type='LoadClipImages'),
        dict(type='ClipResize', short_size=32, max_long=80),
        dict(type='PackClipInputs')
    ]
    cfg = Config(
        dict(
            default_scope='ipmot_mm',
            model=model,
            test_dataloader=dict(
                dataset=dict(type='MOTClipDataset', pipeline=steps))))
    cfg.dump(folder / 'tiny.py')
    tracker = init_tracker(cfg)
    for branch in tracker.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 1.0)
    torch.save(dict(state_dict=tracker.state_dict()), folder / 'tiny.pth')
    return str(folder / 'tiny.py'), str(folder / 'tiny.pth')


def test_tracks_are_those_of_our_functions(tiny):
    ours = FrameTracker(init_tracker(*tiny))
    with DefaultScope.overwrite_default_scope('mmengine'):
        model = init_track_model(*tiny, device='cpu')
        for _video in range(2):  # frame 0 begins anew
            ours.reset()
            seen = set()
            for number, frame in enumerate(frames()):
                expected = ours.update(frame)
                found = inference_mot(model, frame, number, video_len=6)
                found = found.video_data_samples[0].pred_track_instances
                assert found.instances_id.tolist() == \
                    expected.instances_id.tolist()
                assert torch.equal(found.bboxes, expected.bboxes)
                seen.update(found.instances_id.tolist())
            assert len(seen) > 1


def test_a_config_that_suits_mmdet_is_left_to_it():
    steps = [
        dict(
            type='TransformBroadcaster',
            transforms=[
                dict(type='LoadImageFromFile'),
                dict(type='Resize', scale=(64, 48))
            ]),
        dict(type='mmdet.PackTrackInputs')
    ]
    cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    with DefaultScope.overwrite_default_scope('mmdet'):
        assert type(build_test_pipeline(cfg)).__name__ == 'Compose'
        broadcaster = cfg.test_dataloader.dataset.pipeline[0]
        broadcaster.transforms[1].type = 'mmdet.Resize'
        pipeline = build_test_pipeline(cfg)
    assert type(pipeline).__name__ == 'LivePipeline'
    packed = pipeline(dict(img=[np.zeros((24, 32, 3), np.float32)],
                           frame_id=[0]))
    assert packed['inputs'].shape == (1, 3, 48, 64)
