"""Matching cost of all decoder layers at once."""
from typing import List, Sequence, Tuple

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from torch import Tensor

from ipmot_mm.structures import FrameTargets, QueryOutputs


def focal_cost(cls_logits: Tensor,
               labels: Tensor,
               alpha: float = 0.25,
               gamma: float = 2.0,
               eps: float = 1e-12) -> Tensor:
    """Focal loss as positive minus focal loss as background.

    The cost of mmdet's ``FocalLossCost`` for any number of layers.

    Args:
        cls_logits (Tensor): Has shape (L, Q, K).
        labels (Tensor): Classes of the objects, int64, has shape (G, ).

    Returns:
        Tensor: Has shape (L, Q, G).
    """
    scores = cls_logits.float().sigmoid()
    negative = -(1 - scores + eps).log() * (1 - alpha) * scores.pow(gamma)
    positive = -(scores + eps).log() * alpha * (1 - scores).pow(gamma)
    return (positive - negative)[..., labels]


def match_costs(outputs: QueryOutputs, targets: Sequence[FrameTargets],
                weights: Tuple[float, float, float]) -> List[Tensor]:
    """Cost between detect queries and objects (Deformable DETR, Section 4.3).

    The deduplication logit has no part in it: it says which query may claim
    an object, not how well it found it.

    Args:
        outputs (:obj:`QueryOutputs`): Of one frame.
        targets (sequence[:obj:`FrameTargets`]): Ground truth, N of them.
        weights (tuple[float, float, float]): Of class, L1 and GIoU cost.

    Returns:
        list[Tensor]: N costs of shape (L, Qd, G).
    """
    cls_weight, bbox_weight, iou_weight = weights
    num_detect = outputs.num_detect_queries
    costs = []
    for n, target in enumerate(targets):
        bboxes = outputs.bboxes[:, n, :num_detect].float()  # (L, Qd, 4)
        gt_bboxes = target.bboxes_cxcywh[None].expand(len(bboxes), -1, -1)
        overlaps = bbox_overlaps(
            bbox_cxcywh_to_xyxy(bboxes),
            bbox_cxcywh_to_xyxy(gt_bboxes),
            mode='giou')
        costs.append(
            cls_weight * focal_cost(outputs.cls_logits[:, n, :num_detect],
                                    target.labels) +
            bbox_weight * torch.cdist(bboxes, gt_bboxes, p=1) -
            iou_weight * overlaps)
    return costs
