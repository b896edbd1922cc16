"""A frozen norm is torch's, but keeps no input."""
import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from ipmot_mm.models.layers import FrozenBatchNorm2d
from ipmot_mm.registry import MODELS


def make_pair(frozen=True, eps=1e-5):
    theirs, ours = nn.BatchNorm2d(5, eps=eps), FrozenBatchNorm2d(5, eps=eps)
    for tensor in (theirs.weight, theirs.bias, theirs.running_mean):
        nn.init.normal_(tensor)
    nn.init.uniform_(theirs.running_var)
    ours.load_state_dict(theirs.state_dict())
    return [
        module.eval().requires_grad_(not frozen) for module in (theirs, ours)
    ]


def run(module, inputs):
    """Output, all gradients, and elements kept for them."""
    kept = []
    inputs = inputs.clone().requires_grad_()
    with saved_tensors_hooks(lambda t: kept.append(t.numel()) or t,
                             lambda t: t):
        output = module(inputs)
    wanted = [inputs, *(p for p in module.parameters() if p.requires_grad)]
    grads = torch.autograd.grad(
        torch.relu_(output).float().square().sum(), wanted)
    return [output, *grads], sum(kept)


@pytest.mark.parametrize('layout', [torch.contiguous_format,
                                    torch.channels_last])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_equals_torch_and_keeps_no_input(dtype, layout):
    inputs = torch.randn(2, 5, 6, 7).to(dtype).to(memory_format=layout)
    theirs, ours = make_pair(eps=0.1)
    (expected, all_kept), (found, kept) = run(theirs, inputs), run(
        ours, inputs)
    for value, wanted in zip(found, expected):
        assert torch.equal(value, wanted) and value.dtype == dtype
    assert kept <= 3 * 5 < inputs.numel() <= all_kept


@pytest.mark.parametrize('training', [True, False])
def test_is_torchs_where_it_learns(training):
    inputs = torch.randn(2, 5, 6, 7)
    theirs, ours = (
        module.train(training) for module in make_pair(frozen=False))
    for value, wanted in zip(run(ours, inputs)[0], run(theirs, inputs)[0]):
        assert torch.equal(value, wanted)
    assert torch.equal(ours.running_mean, theirs.running_mean)


def test_is_a_norm_of_configs_with_the_names_of_batch_norm():
    cfg = dict(
        type='mmdet.ResNet', depth=18, base_channels=4, stem_channels=4,
        frozen_stages=1, norm_eval=True, style='pytorch')
    ours = MODELS.build(dict(
        cfg, norm_cfg=dict(type='ipmot_mm.FrozenBN', requires_grad=False)))
    theirs = MODELS.build(dict(
        cfg, norm_cfg=dict(type='BN', requires_grad=False)))
    assert type(ours.layer2[0].bn1) is FrozenBatchNorm2d
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(1, 3, 64, 64)
    results = []
    for backbone in (ours, theirs):
        backbone.train()
        loss = sum(level.square().sum() for level in backbone(images))
        wanted = [p for p in backbone.parameters() if p.requires_grad]
        results.append([loss, *torch.autograd.grad(loss, wanted)])
    assert len(results[0]) > 10
    for found, expected in zip(*results):
        assert torch.equal(found, expected)
