"""GIoU against mmdet's, values and gradients."""
import pytest
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.ops.box_geometry import generalized_iou


def draw(*size):
    return torch.rand(*size, 4, dtype=torch.double)


def reference(first, second, is_aligned):
    return bbox_overlaps(
        bbox_cxcywh_to_xyxy(first),
        bbox_cxcywh_to_xyxy(second),
        mode='giou',
        is_aligned=is_aligned)


@pytest.mark.parametrize('shift', [0, 0.5, 3])  # apart in the last one
def test_pairs(shift):
    first, second = draw(3, 50).requires_grad_(), draw(3, 50) + shift
    ours = generalized_iou(first, second)
    theirs = reference(first, second, True)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    for a, b in zip(*(torch.autograd.grad(x.sum(), first)
                      for x in (ours, theirs))):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)


def test_all_with_all():
    first, second = draw(2, 7), draw(2, 4)
    torch.testing.assert_close(
        generalized_iou(first[:, :, None], second[:, None]),
        reference(first, second, False))


def test_special_boxes():
    box = torch.tensor([0.5, 0.5, 0.2, 0.4])
    point = torch.tensor([0.5, 0.5, 0.0, 0.0])
    inner = torch.tensor([0.5, 0.5, 0.1, 0.2])
    assert generalized_iou(box, box) == pytest.approx(1)
    assert generalized_iou(box, inner) == pytest.approx(0.25)
    assert generalized_iou(point, point).isfinite()
    grad = torch.autograd.grad(
        generalized_iou(point.requires_grad_(), box), point)[0]
    assert grad.isfinite().all()


def test_nothing_is_read_and_nothing_is_made_on_the_host():
    counts = count_ops(generalized_iou, draw(9), draw(9))
    assert counts.syncs == counts.uploads == 0 and counts.kernels <= 28
