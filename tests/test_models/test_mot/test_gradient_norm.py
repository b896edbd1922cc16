"""One norm to judge and to clip by."""
import copy

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from ipmot_mm.models.mot import gradient_norm as module
from ipmot_mm.models.mot.gradient_norm import gradient_norm, known_norm


def make_wrapper(clip_grad, scale=1.0):
    """A layer with gradients, and its optimiser."""
    torch.manual_seed(0)
    layer = nn.Linear(7, 5)
    for param in layer.parameters():
        param.grad = torch.randn_like(param) * scale
    return layer, OptimWrapper(
        torch.optim.SGD(layer.parameters(), 0.1), clip_grad=clip_grad)


@pytest.mark.parametrize('has_parts', [True, False])
def test_norm_of_dense_and_sparse_gradients(monkeypatch, has_parts):
    monkeypatch.setattr(module, 'HAS_PARTS', has_parts and module.HAS_PARTS)
    layer, wrapper = make_wrapper(None)
    table = nn.Parameter(torch.zeros(9, 2))
    rows = torch.nn.functional.embedding(
        torch.tensor([3, 3, 5]), table, sparse=True)
    rows.sum().backward()  # row 3 twice, row 5 once
    wrapper.optimizer.add_param_group(dict(params=[table]))
    squares = sum(p.grad.pow(2).sum() for p in layer.parameters())
    expected = (squares + 2 * 2**2 + 2).sqrt()
    torch.testing.assert_close(gradient_norm(wrapper.optimizer), expected)


def test_without_gradient_there_is_no_norm():
    layer = nn.Linear(2, 2)
    assert gradient_norm(torch.optim.SGD(layer.parameters(), 1)) is None


@pytest.mark.parametrize('scale', [1e-3, 1.0, 1e3])
@pytest.mark.parametrize('clip_grad', [
    dict(max_norm=0.5), dict(max_norm=0.5, norm_type=2), None,
    dict(max_norm=0.5, norm_type=1), dict(type='value', clip_value=0.3)
])  # yapf: disable
def test_step_is_bit_for_bit_the_usual_one(clip_grad, scale):
    usual, wrapper = make_wrapper(copy.deepcopy(clip_grad), scale)
    wrapper.step()
    layer, wrapper = make_wrapper(copy.deepcopy(clip_grad), scale)
    with known_norm(wrapper, gradient_norm(wrapper.optimizer)):
        wrapper.step()
    for ours, theirs in zip(layer.parameters(), usual.parameters()):
        assert torch.equal(ours, theirs)


@pytest.mark.skipif(not module.HAS_PARTS, reason='torch before 2.6')
def test_norm_is_not_computed_again(monkeypatch):
    _, wrapper = make_wrapper(dict(max_norm=0.5))
    clip_func, norm = wrapper.clip_func, gradient_norm(wrapper.optimizer)
    monkeypatch.setattr(torch.nn.utils, 'get_total_norm', None)
    with known_norm(wrapper, norm):
        wrapper.step()
    assert wrapper.clip_func is clip_func
    logged = wrapper.message_hub.get_scalar('train/grad_norm').current()
    assert logged == pytest.approx(float(norm))
