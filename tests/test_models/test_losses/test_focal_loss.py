"""Focal loss against mmdet's, values and gradients."""
import pytest
import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss

from ipmot_mm.models.losses.focal_loss import sigmoid_focal_loss


@pytest.mark.parametrize('alpha, gamma', [(0.25, 2.0), (0.6, 1.0), (0.5, 0)])
def test_equals_mmdet(alpha, gamma):
    logits = (torch.randn(4, 50, dtype=torch.double) * 4).requires_grad_()
    is_positive = torch.rand(4, 50) < 0.3
    ours = sigmoid_focal_loss(logits, is_positive, alpha, gamma)
    theirs = py_sigmoid_focal_loss(
        logits, is_positive.double(), alpha=alpha, gamma=gamma,
        reduction='none')
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        *(torch.autograd.grad(x.sum(), logits)[0] for x in (ours, theirs)),
        rtol=1e-10, atol=1e-12)


def test_sure_answers_are_finite():
    logits = torch.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    is_positive = torch.tensor([True, True, False, False])
    losses = sigmoid_focal_loss(logits, is_positive)
    losses.sum().backward()
    assert losses.tolist() == pytest.approx([0, 2500, 7500, 0])
    assert logits.grad.tolist() == pytest.approx([0, -0.25, 0.75, 0])
