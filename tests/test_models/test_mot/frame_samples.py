"""A tracker that tracks without training, and frames one by one."""
import torch

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import tiny_model_cfg

UPDATERS = [('ipmot_dab_r50', 'IdentityUpdater'),
            ('ipmot_dab_r50', 'QueryUpdater'),
            ('ipmot_dab_r50', 'MemoryQueryUpdater'),
            ('ipmot_deformable_r50', 'PositionalQueryUpdater')]
"""Each updater with a model that it fits."""
SEEDS = dict(
    IdentityUpdater=9,
    QueryUpdater=11,
    MemoryQueryUpdater=8,
    PositionalQueryUpdater=1)
"""Weights with scores on both sides of 0.5, so that tracks come and go."""


def build(updater=None, tracker=(), **kwargs):
    """A tracker that reports a part of its random detections."""
    cfg = tiny_model_cfg(**kwargs)
    if updater == 'IdentityUpdater':
        cfg.updater = dict(type=updater)
    elif updater is not None:
        cfg.updater.type = updater
    cfg.tracker.update(miss_tolerance=2, min_area=0.0, **dict(tracker))
    torch.manual_seed(SEEDS.get(updater, 2))
    model = MODELS.build(cfg)
    model.init_weights()
    # spread the scores around 0.5: tracks are born, missed and lost
    for branch in model.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 1.0)
    return model.eval()


def predict(model, data, **kwargs):
    data = model.data_preprocessor(data, False)
    return model(**data, mode='predict', **kwargs)


def frames(samples, index=0):
    """Tracks of one video of a batch, frame by frame."""
    return [frame.pred_track_instances
            for frame in samples[index].video_data_samples]


def part(data, begin, end, videos=(0, )):
    """Some frames of some clips, as a data loader would hand them over."""
    pieces = []
    for video in videos:
        sample = data['data_samples'][video]
        pieces.append(type(sample)())
        pieces[-1].video_data_samples = sample.video_data_samples[begin:end]
    return dict(
        inputs=[data['inputs'][video][begin:end] for video in videos],
        data_samples=pieces)


def assert_same(first, second):
    assert len(first) == len(second)
    for ours, theirs in zip(first, second):
        assert ours.instances_id.tolist() == theirs.instances_id.tolist()
        torch.testing.assert_close(ours.bboxes, theirs.bboxes, atol=1e-3,
                                   rtol=1e-4)
        torch.testing.assert_close(ours.scores, theirs.scores)
