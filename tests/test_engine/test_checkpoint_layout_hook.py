"""Checkpoints of another layout are refused with one line."""
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ipmot_mm.engine.hooks.checkpoint_layout_hook import (CheckpointLayoutHook,
                                                          check_layout)


def make_model():
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def check(found, require_all=True):
    check_layout(
        make_model().state_dict(),
        found,
        source='other.pth',
        require_all=require_all)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_same_layout_with_extra_parameters_passes(prefix):
    found = {
        prefix + key: value
        for key, value in make_model().state_dict().items()
    }
    del found[f'{prefix}1.num_batches_tracked']
    found['track_book.tokens'] = torch.zeros(5)
    check(found)


def test_missing_parameter_is_named():
    found = make_model().state_dict()
    del found['0.bias']
    with pytest.raises(
            ValueError,
            match='checkpoint of another layout: other.pth does not suit .* '
            'in 1 of 6 tensors, e.g. 0.bias is missing; give'):
        check(found)


def test_other_shape_is_named():
    found = {**make_model().state_dict(), '0.weight': torch.zeros(2, 5)}
    with pytest.raises(
            ValueError,
            match=r'0.weight has shape \(2, 5\), expected \(2, 3\)'):
        check(found)
    check(found, require_all=False)


def test_nothing_in_common_is_refused_even_to_start_from():
    with pytest.raises(ValueError, match='another layout'):
        check({'backbone.conv': torch.zeros(1)}, require_all=False)
    with pytest.raises(ValueError, match='another layout'):
        check(dict(epoch=3), require_all=False)


@pytest.mark.parametrize('nested', [True, False])
def test_hook_finds_the_parameters(nested):
    model = make_model()
    checkpoint = model.state_dict()
    if nested:
        checkpoint = dict(state_dict=checkpoint, meta={})
    runner = SimpleNamespace(model=model, _load_from='a.pth')
    hook = CheckpointLayoutHook()
    hook.after_load_checkpoint(runner, checkpoint)
    runner.model = nn.Linear(7, 7)
    with pytest.raises(ValueError, match='a.pth'):
        hook.after_load_checkpoint(runner, checkpoint)
