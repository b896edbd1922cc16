"""The loops that we compare with give what our own code gives."""
import pytest
import torch

from ipmot_mm.benchmark.memotr_loop import MeMOTRLoop
from ipmot_mm.benchmark.memotr_training import clip_losses
from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg


def build(base='ipmot_dab_r50', **assigner):
    """A model of random scores, some above the thresholds."""
    cfg = tiny_model_cfg(base, num_layers=3)
    cfg.tracker.update(miss_tolerance=2, min_area=20.0)
    cfg.clip_loss.triplet = None
    cfg.assigner.update(track_drop_prob=0.0, **assigner)
    torch.manual_seed(2)
    model = MODELS.build(cfg)
    model.init_weights()
    for branch in model.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 1.0)
    for branch in model.detector.bbox_head.reg_branches:
        torch.nn.init.normal_(branch[-1].weight, std=0.1)
    return model


def rows_of(frame):
    tracks = frame.pred_track_instances
    columns = (tracks.instances_id[:, None], tracks.bboxes,
               tracks.scores[:, None], tracks.labels[:, None])
    return torch.cat([column.double() for column in columns], 1)


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
def test_tracks_are_those_of_the_model(base):
    model = build(base).eval()
    data = model.data_preprocessor(make_clip(3, num_frames=6), False)
    with torch.no_grad():
        expected = model(**data, mode='predict')[0].video_data_samples
        loop = MeMOTRLoop(model)
        found = [
            loop.frame(data['inputs'][:, t:t + 1], frame.img_shape,
                       frame.ori_shape)
            for t, frame in enumerate(expected)
        ]
    ids = [set(rows_of(frame)[:, 0].tolist()) for frame in expected]
    assert ids[0] & ids[1] and len(set.union(*ids)) > len(ids[0])
    for ours, frame in zip(found, expected):
        theirs = rows_of(frame)
        assert len(ours) == len(theirs) > 0
        torch.testing.assert_close(
            torch.tensor(ours, dtype=torch.double), theirs, atol=1e-3,
            rtol=1e-4)


@pytest.mark.parametrize('base, policy', [
    ('ipmot_dab_r50', 'qbs'), ('ipmot_dab_r50', 'tala'),
    ('ipmot_deformable_r50', 'cola')])
def test_losses_are_those_of_the_model(base, policy):
    model = build(base, policy=policy).train()
    data = model.data_preprocessor(make_clip(4, num_frames=4), True)
    expected = model(**data, mode='loss')
    found = clip_losses(model, **data)
    assert set(found) == set(expected)
    for name, loss in expected.items():
        torch.testing.assert_close(found[name], loss, atol=1e-4, rtol=1e-4)
    total = sum(expected.values())
    gradients = [
        torch.autograd.grad(value, list(model.updater.parameters()),
                            retain_graph=True, allow_unused=True)
        for value in (total, sum(found.values()))
    ]
    for ours, theirs in zip(*gradients):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
    assert any(g is not None and g.abs().sum() > 0 for g in gradients[0])


def test_a_frame_without_objects_costs_no_box():
    model = build().train()
    data = model.data_preprocessor(make_clip(0, num_frames=2), True)
    found = clip_losses(model, **data)
    assert found['loss_bbox'] == 0 and found['loss_cls'] > 0


def test_syncs_grow_with_the_tracks():
    model = build().eval()
    model.tracker.miss_tolerance = 10**6  # none dies
    data = model.data_preprocessor(make_clip(3, num_frames=4), False)
    frames = data['data_samples'][0].video_data_samples
    loop, counts = MeMOTRLoop(model), []
    for t, frame in enumerate(frames):
        with OpCounter() as counter:
            loop.frame(data['inputs'][:, t:t + 1], frame.img_shape,
                       frame.ori_shape)
        counts.append((len(loop.tracks), counter.syncs))
    assert counts[1][0] < counts[3][0]
    assert counts[1][1] < counts[3][1]


def test_what_memotr_lacks_is_refused():
    model = build()
    model.tracker.newborn_iou_thr = 0.5
    with pytest.raises(ValueError, match='no newborn_iou_thr, got 0.5'):
        MeMOTRLoop(model)
    model.assigner.track_drop_prob = 0.1
    with pytest.raises(ValueError, match='got assigner.track_drop_prob, a '
                                         'batch of several clips; leave'):
        clip_losses(model, torch.zeros(2, 1, 3, 8, 8), [None, None])
