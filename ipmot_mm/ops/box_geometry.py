"""Overlap of boxes in few kernels, without reading anything back."""
import torch
from torch import Tensor

EPS = 1e-6
"""Least area that is divided by, as mmdet's ``bbox_overlaps`` takes it."""


def generalized_iou(first: Tensor, second: Tensor) -> Tensor:
    """GIoU of boxes (Rezatofighi et al., CVPR 2019, Algorithm 1).

    Agrees with mmdet's ``bbox_overlaps(mode='giou')``, which makes a constant
    on the host at every call, and so waits for a GPU.

    Args:
        first (Tensor): Boxes as (cx, cy, w, h), has shape (..., 4).
        second (Tensor): Likewise; the shapes are broadcast.

    Returns:
        Tensor: In (-1, 1], has shape (...).

    Example:
        >>> box = torch.tensor([0.5, 0.5, 1.0, 1.0])
        >>> generalized_iou(box, torch.stack([box, box + 1]))[0]
        tensor(1.)
    """
    area_sum = first[..., 2] * first[..., 3] + second[..., 2] * second[..., 3]
    first, second = _outward(first), _outward(second)
    overlap = _area(torch.minimum(first, second))
    union = (area_sum - overlap).clamp(min=EPS)
    hull = _area(torch.maximum(first, second)).clamp(min=EPS)
    return overlap / union + union / hull - 1


def _outward(bboxes: Tensor) -> Tensor:
    """(-x1, -y1, x2, y2): a box is larger where any of these is larger."""
    centre, half = bboxes[..., :2], bboxes[..., 2:] / 2
    return torch.cat([half - centre, half + centre], -1)


def _area(edges: Tensor) -> Tensor:
    """Of (-x1, -y1, x2, y2); 0 where the edges of two boxes cross."""
    sizes = (edges[..., :2] + edges[..., 2:]).clamp(min=0)
    return sizes[..., 0] * sizes[..., 1]
