"""Matching cost of all decoder layers and clips at once."""
from typing import Tuple

import torch
from torch import Tensor

from ipmot_mm.ops.box_geometry import generalized_iou
from ipmot_mm.structures import QueryOutputs, TargetBatch


def focal_cost(cls_logits: Tensor,
               alpha: float = 0.25,
               gamma: float = 2.0,
               eps: float = 1e-12) -> Tensor:
    """Focal loss as positive minus focal loss as background.

    The cost of mmdet's ``FocalLossCost`` for any number of layers.

    Args:
        cls_logits (Tensor): Has shape (..., K).

    Returns:
        Tensor: Cost of each class, has shape (..., K).
    """
    scores = cls_logits.float().sigmoid()
    rest = 1 - scores
    negative = (rest + eps).log() * scores.pow(gamma)
    positive = (scores + eps).log() * rest.pow(gamma)
    return (1 - alpha) * negative - alpha * positive


def match_costs(outputs: QueryOutputs, targets: TargetBatch,
                weights: Tuple[float, float, float]) -> Tensor:
    """Cost between detect queries and objects (Deformable DETR, Section 4.3).

    The deduplication logit has no part in it: it says which query may claim
    an object, not how well it found it.

    Args:
        outputs (:obj:`QueryOutputs`): Of one frame.
        targets (:obj:`TargetBatch`): Ground truth of the frame.
        weights (tuple[float, float, float]): Of class, L1 and GIoU cost.

    Returns:
        Tensor: Has shape (L, N, Qd, G); of a clip with fewer than G objects
        the last ones mean nothing.
    """
    cls_weight, bbox_weight, iou_weight = weights
    num_detect = outputs.num_detect_queries
    bboxes = outputs.bboxes[:, :, :num_detect].float()  # (L, N, Qd, 4)
    by_class = focal_cost(outputs.cls_logits[:, :, :num_detect])
    inds = targets.labels[None, :, None].expand(*by_class.shape[:3], -1)
    gt_bboxes = targets.bboxes.to(bboxes.dtype)  # (N, G, 4)
    distances = torch.cdist(
        bboxes, gt_bboxes.expand(len(bboxes), -1, -1, -1), p=1)
    overlaps = generalized_iou(bboxes[:, :, :, None], gt_bboxes[:, None])
    costs = cls_weight * by_class.gather(3, inds)
    costs = costs.add_(distances, alpha=bbox_weight)
    return costs.sub_(overlaps, alpha=iou_weight)
