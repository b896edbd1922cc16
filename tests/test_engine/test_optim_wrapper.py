"""Gradients are clipped as mmengine does, and nobody waits for their norm."""
import os

import mmengine.optim
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.engine import optim
from ipmot_mm.registry import OPTIM_WRAPPERS


def step(kind, clip_grad, gradients=((3., 4.), None)):
    """A step of two weights; their values, the hub and the syncs."""
    hub = MessageHub.get_instance(f'optim_{os.urandom(6).hex()}')
    weights = [torch.nn.Parameter(torch.zeros(2)) for _ in gradients]
    wrapper = kind(
        optimizer=torch.optim.SGD(weights, lr=1.0), clip_grad=dict(clip_grad))
    for weight, gradient in zip(weights, gradients):
        if gradient is not None:
            weight.grad = torch.tensor(gradient)
    counter = count_ops(wrapper.step)
    return [weight.tolist() for weight in weights], hub, counter.syncs


@pytest.mark.parametrize('clip_grad', (
    dict(max_norm=1.0), dict(max_norm=9.0, norm_type=1),
    dict(type='value', clip_value=3.5)))
@pytest.mark.parametrize('kind', (
    optim.OptimWrapper, optim.BFloat16OptimWrapper))
def test_steps_and_norms_are_those_of_mmengine(kind, clip_grad) -> None:
    weights, hub, syncs = step(kind, clip_grad)
    expected, stock_hub, _ = step(mmengine.optim.OptimWrapper, clip_grad)
    assert weights == expected and syncs == 0
    assert hub.log_scalars.keys() == stock_hub.log_scalars.keys()
    for key, history in stock_hub.log_scalars.items():
        assert hub.get_scalar(key).data[0].tolist() == (
            history.data[0].tolist())


def test_without_gradients_nothing_is_logged() -> None:
    _, hub, _ = step(optim.OptimWrapper, dict(max_norm=1.0), (None, ))
    assert not hub.log_scalars


def test_names_mean_ours_in_this_scope() -> None:
    with DefaultScope.overwrite_default_scope('ipmot_mm'):
        for name in ('OptimWrapper', 'AmpOptimWrapper'):
            kind = mmengine.registry.OPTIM_WRAPPERS.get(f'ipmot_mm.{name}')
            assert kind is OPTIM_WRAPPERS.get(name) is getattr(optim, name)
            assert issubclass(kind, getattr(mmengine.optim, name))
            # the norm is ours, all else is mmengine's
            assert kind._clip_grad is optim.OptimWrapper._clip_grad
