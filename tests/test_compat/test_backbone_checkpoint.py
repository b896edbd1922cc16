"""mmdet's backbones recompute without reentrance, and count once."""
import copy
import importlib
import inspect

import pytest
import torch
import torch.utils.checkpoint
from mmdet.models.backbones import ResNet, SwinTransformer
from mmdet.models.backbones import resnet as resnet_module

from ipmot_mm.compat import backbone_checkpoint
from ipmot_mm.compat.backbone_checkpoint import (MODULES, checkpoint_block,
                                                 install_backbone_checkpoint)


def make_resnet(depth, **kwargs):
    torch.manual_seed(0)
    backbone = ResNet(depth, base_channels=8, frozen_stages=-1, **kwargs)
    backbone.train()
    return backbone


def run(backbone, images):
    """Sum of outputs, gradients, and buffers afterwards."""
    outputs = backbone(images)
    loss = sum(output.square().mean() for output in outputs)
    loss.backward()
    grads = {
        name: parameter.grad
        for name, parameter in backbone.named_parameters()
    }
    return loss.detach(), grads, dict(backbone.named_buffers())


@pytest.mark.parametrize('depth', [18, 50])  # BasicBlock, Bottleneck
@pytest.mark.parametrize('norm_eval', [False, True])
def test_gradients_and_statistics_are_those_without(depth, norm_eval):
    plain = make_resnet(depth, norm_eval=norm_eval)
    recomputing = make_resnet(depth, norm_eval=norm_eval, with_cp=True)
    before = copy.deepcopy(dict(plain.named_buffers()))
    images = torch.randn(2, 3, 32, 32)
    expected, found = run(plain, images), run(recomputing, images)
    assert torch.equal(found[0], expected[0])
    for names_and_values in zip(found[1:], expected[1:]):
        assert names_and_values[0].keys() == names_and_values[1].keys()
        for name, value in names_and_values[1].items():
            assert torch.equal(names_and_values[0][name], value), name
    moved = [name for name in before
             if not torch.equal(before[name], expected[2][name])]
    assert bool(moved) == (not norm_eval)


def test_blocks_run_twice_and_without_reentrance(monkeypatch):
    calls, modes = [], []
    plain = torch.utils.checkpoint.checkpoint

    def spy(*args, **kwargs):
        modes.append(kwargs['use_reentrant'])
        return plain(*args, **kwargs)

    monkeypatch.setattr(torch.utils.checkpoint, 'checkpoint', spy)
    backbone = make_resnet(18, with_cp=True)
    backbone.layer4[0].conv2.register_forward_hook(
        lambda *args: calls.append(args[0].training))
    run(backbone, torch.randn(2, 3, 32, 32))
    assert calls == [True, True]
    assert modes == [False] * 8


def test_momentum_comes_back_after_an_error():
    norm = torch.nn.BatchNorm1d(2)

    def block(x):
        if torch.is_grad_enabled() and norm.momentum == 0:
            raise ArithmeticError
        return norm(x)

    output = checkpoint_block(block, torch.randn(3, 2, requires_grad=True))
    with pytest.raises(ArithmeticError):
        output.sum().backward()
    assert norm.momentum == 0.1 and norm.num_batches_tracked == 1


def test_transformer_blocks_recompute_too():
    images = torch.randn(1, 3, 64, 64)
    results = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        swin = SwinTransformer(
            embed_dims=8, num_heads=(1, 1, 1, 1), depths=(1, 1, 1, 1),
            drop_path_rate=0.0, with_cp=with_cp)
        results.append(run(swin, images))
    torch.testing.assert_close(results[0][:2], results[1][:2])


def test_every_file_of_mmdet_that_recomputes_is_covered():
    from pathlib import Path

    import mmdet.models
    root = Path(mmdet.models.__file__).parent
    found = {
        '.'.join(('mmdet.models', *path.relative_to(root).with_suffix(
            '').parts))
        for path in root.rglob('*.py')
        if 'cp.checkpoint(' in path.read_text(encoding='utf-8')
    }
    assert found == set(MODULES)
    for name in MODULES:
        module = importlib.import_module(name)
        assert module.cp.checkpoint is checkpoint_block


def test_can_be_installed_twice_and_says_when_it_can_go():
    install_backbone_checkpoint()
    assert resnet_module.cp.checkpoint is checkpoint_block
    doc = inspect.getdoc(backbone_checkpoint)
    assert doc.startswith('Trap:') and 'Can go:' in doc
