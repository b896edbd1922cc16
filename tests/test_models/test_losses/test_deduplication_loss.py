"""The loss of d against a loop over queries."""
import math

import pytest
import torch

from ipmot_mm.models.losses import DeduplicationLoss
from ipmot_mm.structures import NO_GT, FrameAssignment
from ipmot_mm.testing import make_outputs

QD, Q = 4, 6


def random_frame(num_layers=2, batch_size=2):
    """Outputs with padding, and an assignment with all kinds of queries."""
    valid = torch.ones(batch_size, Q, dtype=torch.bool)
    valid[1, -1] = False
    outputs = make_outputs(
        torch.rand(num_layers, batch_size, Q, 4),
        torch.rand(num_layers, batch_size, Q, 2),
        QD,
        dedup_scores=torch.rand(batch_size, Q),
        valid=valid)
    gt_inds = torch.tensor([[0, NO_GT, 1, NO_GT, 1, NO_GT],
                            [NO_GT, 2, 0, NO_GT, NO_GT, 0]])
    targets = torch.tensor([[1., 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]])
    return outputs, FrameAssignment(
        gt_inds.expand(num_layers, -1, -1), valid.expand(num_layers, -1, -1),
        targets)


def call(loss, outputs, assignment):
    """The loss of one frame."""
    is_background = (assignment.gt_inds[-1] == NO_GT) & outputs.is_detect
    return loss(outputs.dedup_logits, outputs.cls_logits[-1],
                assignment.dedup_targets, outputs.valid, is_background)


def naive(outputs, assignment, mode, ignores_background, alpha, gamma):
    """One query after the other, in plain numbers."""
    total = 0.0
    for n in range(outputs.valid.size(0)):
        for q in range(Q):
            is_background = q < QD and assignment.gt_inds[-1, n, q] == NO_GT
            if not outputs.valid[n, q] or (ignores_background
                                           and is_background):
                continue
            p = float(outputs.dedup_logits[n, q].sigmoid())
            if mode == 'score':
                p *= float(outputs.cls_logits[-1, n, q].sigmoid().max())
            y = float(assignment.dedup_targets[n, q])
            weight = alpha * (1 - p)**gamma if y else (1 - alpha) * p**gamma
            if mode == 'bce':
                weight = 1
            total -= weight * math.log(p if y else 1 - p)
    return total


@pytest.mark.parametrize('mode', ['focal', 'bce', 'score'])
@pytest.mark.parametrize('ignores_background', [False, True])
@pytest.mark.parametrize('alpha, gamma', [(0.25, 2.0), (0.6, 1.0)])
def test_equals_a_loop(mode, ignores_background, alpha, gamma):
    outputs, assignment = random_frame()
    loss = call(
        DeduplicationLoss(
            mode=mode,
            ignores_background=ignores_background,
            loss_weight=3.0,
            alpha=alpha,
            gamma=gamma), outputs, assignment)
    expected = 3 * naive(outputs, assignment, mode, ignores_background, alpha,
                         gamma)
    assert loss.shape == () and float(loss) == pytest.approx(
        expected, rel=1e-4)


def test_defaults_are_those_of_the_class_loss():
    outputs, assignment = random_frame()
    expected = 2 * naive(outputs, assignment, 'focal', False, 0.25, 2.0)
    got = float(call(DeduplicationLoss(), outputs, assignment))
    assert got == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize('mode', ['focal', 'bce', 'score'])
def test_gradients_are_finite_for_sure_queries(mode):
    outputs, assignment = random_frame()
    logits = torch.tensor([1e3, -1e3] * 6).reshape(2, Q).requires_grad_()
    sure = outputs.replace(
        dedup_logits=logits, cls_logits=torch.full((2, 2, Q, 2), 60.0))
    loss = DeduplicationLoss(mode=mode)
    call(loss, sure, assignment).backward()
    assert logits.grad.isfinite().all()


def test_padding_and_class_logits_get_no_gradient():
    outputs, assignment = random_frame()
    outputs.dedup_logits.requires_grad_()
    outputs.cls_logits.requires_grad_()
    call(DeduplicationLoss(), outputs, assignment).backward()
    assert outputs.dedup_logits.grad[1, -1] == 0
    assert (outputs.dedup_logits.grad != 0).sum() == 2 * Q - 1
    assert outputs.cls_logits.grad is None


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="or \"score\", got 'root'"):
        DeduplicationLoss(mode='root')
