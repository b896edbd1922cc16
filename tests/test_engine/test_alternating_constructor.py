"""Two optimisers from one config."""
import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as ROOT
from torch import nn

from ipmot_mm.engine.optim import (AlternatingOptimWrapperConstructor,
                                   RowwiseAdamW)
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import tiny_model_cfg

TRACKER = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=0.1),
    paramwise_cfg=dict(
        custom_keys={
            'backbone': dict(lr_mult=0.1),
            'sampling_offsets': dict(lr_mult=0.5)
        }))
TRACK_BOOK = dict(
    type='OptimWrapper', optimizer=dict(type='RowwiseAdamW', lr=3.5e-4))


def build(with_track_book=True):
    return MODELS.build(tiny_model_cfg(with_track_book=with_track_book))


def ids_of(optimizer):
    return {id(p) for group in optimizer.param_groups
            for p in group['params']}


def test_each_parameter_has_one_optimiser():
    model = build()
    wrappers = AlternatingOptimWrapperConstructor(
        dict(tracker=TRACKER, track_book=TRACK_BOOK))(model)
    assert isinstance(wrappers, OptimWrapperDict)
    assert list(wrappers.keys()) == ['tracker', 'track_book']
    tokens = {id(model.track_book.tokens)}
    assert ids_of(wrappers['track_book'].optimizer) == tokens
    expected = {id(p) for p in model.parameters() if p.requires_grad}
    everything = ids_of(wrappers['tracker'].optimizer)
    assert expected <= everything | tokens
    assert not everything & tokens
    assert isinstance(wrappers['track_book'].optimizer, RowwiseAdamW)


def test_options_arrive():
    model = build()
    wrappers = AlternatingOptimWrapperConstructor(
        dict(tracker=TRACKER, track_book=TRACK_BOOK))(model)
    rates = {
        id(p): group['lr']
        for group in wrappers['tracker'].param_groups
        for p in group['params']
    }
    for name, parameter in model.named_parameters():
        if id(parameter) not in rates:
            continue
        factor = 1.0
        if 'sampling_offsets' in name:
            factor = 0.5
        if 'backbone' in name:
            factor = 0.1
        assert rates[id(parameter)] == pytest.approx(2e-4 * factor), name
    assert wrappers['tracker'].clip_grad_kwargs == dict(max_norm=0.1)
    assert wrappers['track_book'].param_groups[0]['lr'] == 3.5e-4


def test_config_is_not_changed():
    cfg = dict(tracker=dict(TRACKER), track_book=dict(TRACK_BOOK))
    constructor = AlternatingOptimWrapperConstructor(cfg)
    for _ in range(2):  # a second model gets the same
        wrappers = constructor(build())
        assert len(wrappers['tracker'].param_groups) > 1
    assert cfg == dict(tracker=TRACKER, track_book=TRACK_BOOK)


def test_without_track_book_its_part_is_left_unused():
    model = build(with_track_book=False)
    wrappers = AlternatingOptimWrapperConstructor(
        dict(tracker=TRACKER, track_book=TRACK_BOOK))(model)
    assert list(wrappers.keys()) == ['tracker']
    assert model.track_book is None
    wrappers = AlternatingOptimWrapperConstructor(dict(tracker=TRACKER))(model)
    assert isinstance(wrappers['tracker'], OptimWrapper)


def test_wrapped_models_are_unwrapped():

    class Wrapper(nn.Module):

        def __init__(self, module):
            super().__init__()
            self.module = module

    from ipmot_mm.registry import MODEL_WRAPPERS
    MODEL_WRAPPERS.register_module(module=Wrapper, force=True)
    try:
        model = build()
        AlternatingOptimWrapperConstructor(
            dict(tracker=TRACKER, track_book=TRACK_BOOK))(Wrapper(model))
        assert model.track_book is not None
    finally:
        MODEL_WRAPPERS.module_dict.pop('Wrapper')


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match=r'keys "tracker" and "track_book", '
                       r"got \['trackbook', 'tracker'\]. Settings .* go "):
        AlternatingOptimWrapperConstructor(
            dict(tracker=TRACKER, trackbook=TRACK_BOOK))
    with pytest.raises(ValueError, match='got .*optimizer'):
        AlternatingOptimWrapperConstructor(dict(optimizer=dict(type='SGD')))
    with pytest.raises(ValueError, match='optim_wrapper.tracker.paramwise'):
        AlternatingOptimWrapperConstructor(dict(tracker=TRACKER), dict())
    with pytest.raises(ValueError, match='add optim_wrapper.track_book'):
        AlternatingOptimWrapperConstructor(dict(tracker=TRACKER))(build())


@pytest.mark.parametrize('name', ['tracker', 'track_book'])
def test_accumulation_is_refused_with_the_remedy(name):
    cfg = dict(tracker=dict(TRACKER), track_book=dict(TRACK_BOOK))
    cfg[name]['accumulative_counts'] = 1
    AlternatingOptimWrapperConstructor(cfg)
    cfg[name]['accumulative_counts'] = 8
    with pytest.raises(
            ValueError,
            match=rf'optim_wrapper.{name}.accumulative_counts=8 .*'
            'train_dataloader.batch_size .*model.micro_batch_size'):
        AlternatingOptimWrapperConstructor(cfg)
    cfg[name]['accumulative_counts'] = 1
    with pytest.raises(ValueError, match='optim_wrapper.accumulative_counts='):
        AlternatingOptimWrapperConstructor(dict(cfg, accumulative_counts=8))


def test_found_by_the_name_that_configs_use():
    assert ROOT.get('ipmot_mm.AlternatingOptimWrapperConstructor') \
        is AlternatingOptimWrapperConstructor
    assert torch.optim.AdamW is not RowwiseAdamW


@pytest.mark.parametrize('key', ['clip_grad', 'paramwise_cfg'])
def test_settings_that_the_track_book_cannot_have(key):
    """torch clips no sparse gradient; it would say so in the first step."""
    cfg = dict(tracker=TRACKER, track_book={**TRACK_BOOK, key: TRACKER[key]})
    with pytest.raises(ValueError, match=f'track_book does not take "{key}".*'
                       'move it to optim_wrapper.tracker'):
        AlternatingOptimWrapperConstructor(cfg)
    cfg['track_book'] = {**TRACK_BOOK, 'clip_grad': None}
    AlternatingOptimWrapperConstructor(cfg)
