"""Streams of noise, and a tracker with random weights that tracks it."""
import numpy as np
import torch
from mmengine.config import Config

from ipmot_mm.apis import init_tracker
from ipmot_mm.testing import tiny_model_cfg

SIZE = (64, 48)
NUM_FRAMES = 8


def random_tracker():
    """Scores around 0.5: tracks are born, missed and lost."""
    torch.manual_seed(2)
    cfg = tiny_model_cfg(num_levels=1, num_queries=6)
    cfg.tracker.update(miss_tolerance=2, min_area=0.0)
    model = init_tracker(
        Config(
            dict(
                model=cfg,
                test_pipeline=[
                    dict(type='LoadClipImages'),
                    dict(type='PackClipInputs')
                ])))
    for branch in model.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 1.0)
    return model


def stream(number, num_frames=NUM_FRAMES, size=SIZE):
    random = np.random.default_rng(number)
    for _ in range(num_frames):
        yield random.integers(
            0, random.integers(2, 255), (size[1], size[0], 3), dtype=np.uint8)


def to_lists(tracks):
    return tracks.instances_id.tolist(), tracks.bboxes.tolist()
