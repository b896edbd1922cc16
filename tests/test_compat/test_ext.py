"""Ops stand-in: values and gradients of the ops, messages of the others."""
import sys

import pytest
import torch
from torch.nn import functional

from ipmot_mm.compat import ext

pytest.importorskip('mmcv')

if ext.has_compiled_ops():
    pytest.skip('mmcv has compiled ops here', allow_module_level=True)


def make_attention_inputs(dtype=torch.float64):
    shapes = torch.tensor([[5, 7], [2, 3]])
    value = torch.randn(2, 41, 3, 4, dtype=dtype, requires_grad=True)
    # also outside of the image, where sampling pads with zeros
    locations = (torch.rand(2, 11, 3, 2, 2, 2, dtype=dtype) * 1.4 -
                 0.2).requires_grad_()
    weights = torch.rand(
        2, 11, 3, 2, 2,
        dtype=dtype).flatten(3).softmax(-1).view(2, 11, 3, 2,
                                                 2).requires_grad_()
    return value, shapes, locations, weights


def test_attention_equals_mmcv_in_value_and_gradient():
    from mmcv.ops import multi_scale_deform_attn as mmcv_op
    value, shapes, locations, weights = make_attention_inputs()
    grad = torch.randn(2, 11, 12, dtype=torch.float64)
    got = mmcv_op.MultiScaleDeformableAttnFunction.apply(
        value, shapes, torch.tensor([0, 35]), locations, weights, 64)
    expected = mmcv_op.multi_scale_deformable_attn_pytorch(
        value, shapes, locations, weights)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    inputs = (value, locations, weights)
    for ours, theirs in zip(
            torch.autograd.grad(got, inputs, grad),
            torch.autograd.grad(expected, inputs, grad)):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def naive_focal_loss(logits, target, gamma, alpha, weight):
    rows = []
    for sample in range(logits.size(0)):
        label = int(target[sample])
        row = []
        for column in range(logits.size(1)):
            prob = torch.sigmoid(logits[sample, column])
            if column == label:
                loss = -alpha * (1 - prob)**gamma * torch.log(prob)
            else:
                loss = -(1 - alpha) * prob**gamma * torch.log(1 - prob)
            if weight is not None and label < logits.size(1):
                loss = loss * weight[label]
            row.append(loss)
        rows.append(torch.stack(row))
    return torch.stack(rows)


@pytest.mark.parametrize('gamma, alpha', [(2.0, 0.25), (1.5, 0.6)])
@pytest.mark.parametrize('weighted', [False, True])
def test_focal_loss_equals_a_loop(gamma, alpha, weighted):
    from mmcv.ops import sigmoid_focal_loss
    logits = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 1, 2, 3, 3, 1, 0])  # 3 is background
    weight = torch.rand(3, dtype=torch.float64) if weighted else None
    got = sigmoid_focal_loss(logits, target, gamma, alpha, weight, 'sum')
    expected = naive_focal_loss(logits, target, gamma, alpha, weight).sum()
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(
        torch.autograd.grad(got, logits)[0],
        torch.autograd.grad(expected, logits)[0])


def test_focal_loss_is_finite_at_extreme_logits():
    from mmcv.ops import sigmoid_focal_loss
    logits = torch.tensor([[200., -200.]], requires_grad=True)
    loss = sigmoid_focal_loss(logits, torch.tensor([1]), 2.0, 0.25)
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()


def test_focal_loss_without_focus_is_cross_entropy():
    from mmcv.ops import sigmoid_focal_loss
    logits = torch.randn(4, 2)
    target = torch.tensor([0, 1, 1, 2])
    got = sigmoid_focal_loss(logits, target, 0.0, 0.5, None, 'none')
    one_hot = functional.one_hot(target, 3)[:, :2].float()
    expected = 0.5 * functional.binary_cross_entropy_with_logits(
        logits, one_hot, reduction='none')
    torch.testing.assert_close(got, expected)


def test_other_op_names_itself_and_the_remedy():
    from mmcv.ops import nms
    with pytest.raises(
            ext.MissingOpError,
            match=r"mmcv op 'nms' is compiled code.*ipmot_mm\[mim\]"):
        nms(torch.rand(2, 4), torch.rand(2), 0.5)


def test_install_is_idempotent():
    before = sys.modules[ext.EXTENSION]
    ext.install_ops_fallback()
    assert sys.modules[ext.EXTENSION] is before


def test_compiled_ops_are_left_alone(tmp_path, monkeypatch):
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / '_ext.py').touch()
    monkeypatch.delitem(sys.modules, ext.EXTENSION)
    for name in [key for key in sys.modules if key.split('.')[0] == 'mmcv']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    assert ext.has_compiled_ops()
    ext.install_ops_fallback()
    assert ext.EXTENSION not in sys.modules
