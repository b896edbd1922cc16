"""Matching costs against those of mmdet."""
import pytest
import torch
from mmdet.models.task_modules.assigners import (BBoxL1Cost, FocalLossCost,
                                                 HungarianAssigner, IoUCost)
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.models.task_modules.match_cost import focal_cost, match_costs
from ipmot_mm.structures import TargetBatch, TrackQueries
from ipmot_mm.testing import make_outputs, make_targets

SIZE = 100


def random_frame(num_gts, num_layers=3, num_queries=7, num_classes=2):
    """Predictions of Qd queries, and G objects of K classes."""
    boxes = torch.rand(num_layers, 1, num_queries, 4) * 0.5 + 0.2
    scores = torch.rand(num_layers, 1, num_queries, num_classes)
    outputs = make_outputs(boxes, scores, num_queries)
    targets = make_targets(
        (torch.rand(num_gts, 4) * 0.5 + 0.2).tolist(),
        labels=torch.randint(num_classes, (num_gts, )).tolist())
    return outputs, targets


def frame_costs(outputs, targets, weights):
    """Costs of the one clip of a frame, (L, Qd, G)."""
    return match_costs(outputs, TargetBatch.of([targets], 'cpu'),
                       weights)[:, 0]


def as_mmdet(outputs, targets, layer):
    """The same frame as mmdet's costs want it, in pixels."""
    pred = InstanceData(
        scores=outputs.cls_logits[layer, 0],
        bboxes=bbox_cxcywh_to_xyxy(outputs.bboxes[layer, 0]) * SIZE)
    return pred, InstanceData(labels=targets.labels, bboxes=targets.bboxes)


@pytest.mark.parametrize('weights, cost', [
    ((1, 0, 0), FocalLossCost(weight=1)),
    ((0, 1, 0), BBoxL1Cost(weight=1, box_format='xywh')),
    ((0, 0, 1), IoUCost(iou_mode='giou', weight=1)),
])
def test_each_cost_equals_mmdet(weights, cost):
    outputs, targets = random_frame(num_gts=4)
    ours = frame_costs(outputs, targets, weights)
    assert ours.shape == (3, 7, 4)
    for layer in range(3):
        pred, truth = as_mmdet(outputs, targets, layer)
        theirs = cost(pred, truth, img_meta=dict(img_shape=(SIZE, SIZE)))
        torch.testing.assert_close(ours[layer], theirs, atol=1e-5, rtol=1e-5)


def test_costs_are_a_weighted_sum():
    outputs, targets = random_frame(num_gts=3)
    parts = [
        frame_costs(outputs, targets, weights)
        for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    ours = frame_costs(outputs, targets, (2, 5, 3))
    torch.testing.assert_close(ours, 2 * parts[0] + 5 * parts[1] +
                               3 * parts[2])


def test_clips_with_fewer_objects_are_padded():
    frames = [random_frame(num_gts) for num_gts in (4, 0, 2)]
    targets = [frame[1] for frame in frames]
    outputs = frames[0][0].replace(**{
        name: torch.cat([getattr(frame[0], name) for frame in frames], 1)
        for name in ('cls_logits', 'bboxes')
    })
    weights = (2, 5, 2)
    costs = match_costs(outputs, TargetBatch.of(targets, 'cpu'), weights)
    assert costs.shape == (3, 3, 7, 4) and costs.isfinite().all()
    for n, (alone, target) in enumerate(frames):
        torch.testing.assert_close(costs[:, n, :, :len(target)],
                                   frame_costs(alone, target,
                                               weights)[..., :len(target)])


def test_dedup_has_no_part_in_the_cost():
    outputs, targets = random_frame(num_gts=3)
    doubted = outputs.replace(dedup_logits=torch.randn(1, 7) * 9)
    assert torch.equal(
        frame_costs(outputs, targets, (2, 5, 2)),
        frame_costs(doubted, targets, (2, 5, 2)))


def test_sure_logits_have_a_finite_cost():
    logits = torch.tensor([[[1e4], [-1e4]]])
    cost = focal_cost(logits)
    assert cost.isfinite().all() and cost[0, 0] < 0 < cost[0, 1]


def test_first_frame_equals_mmdets_hungarian_assigner():
    oracle = HungarianAssigner([
        dict(type='mmdet.FocalLossCost', weight=2),
        dict(type='mmdet.BBoxL1Cost', weight=5, box_format='xywh'),
        dict(type='mmdet.IoUCost', iou_mode='giou', weight=2)
    ])
    outputs, targets = random_frame(num_gts=5)
    assignment, _ = ClipAssigner()(outputs, TrackQueries.empty(1, 8),
                                   [targets])
    for layer in range(3):
        pred, truth = as_mmdet(outputs, targets, layer)
        result = oracle.assign(
            pred, truth, img_meta=dict(img_shape=(SIZE, SIZE)))
        # mmdet: 0 is background, k + 1 is object k
        expected = result.gt_inds - 1
        assert assignment.gt_inds[layer, 0].tolist() == expected.tolist()
