"""Training in bfloat16 on the CPU, and in float16 with mmengine's scaler."""
import functools

import pytest
import torch
from mmengine.optim import AmpOptimWrapper
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import amp

from ipmot_mm.engine.optim import (AlternatingOptimWrapperConstructor,
                                   BFloat16OptimWrapper,
                                   bfloat16_optim_wrapper, knows_bfloat16)
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg


def build(**tracker):
    """A model with TrackBook and two optimisers, that of the tracker so."""
    torch.manual_seed(0)
    cfg = tiny_model_cfg(with_track_book=True)
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    model = MODELS.build(cfg)
    model.init_weights()
    optimizers = AlternatingOptimWrapperConstructor(
        dict(
            tracker=dict(
                optimizer=dict(type='AdamW', lr=1e-3),
                clip_grad=dict(max_norm=0.1),
                **tracker),
            track_book=dict(optimizer=dict(type='RowwiseAdamW'))))(
                model.train())
    model.track_book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(1, 8)))
    return model, optimizers


def dtypes_of(optimizer):
    return {
        value.dtype
        for state in optimizer.state.values() for value in state.values()
        if torch.is_tensor(value)
    }


@pytest.fixture
def scaler_on_the_cpu(monkeypatch):
    """Let mmengine's wrapper and its autocast run without an accelerator."""
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available',
                        lambda: True)
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler',
                        functools.partial(torch.amp.GradScaler, 'cpu'))
    monkeypatch.setattr(amp, 'autocast',
                        functools.partial(torch.autocast, 'cpu'))


@pytest.mark.parametrize('tracker', [
    dict(type='ipmot_mm.BFloat16OptimWrapper'),
    # the initial scale of torch, 65536, skips the first steps
    dict(
        type='AmpOptimWrapper',
        dtype='float16',
        loss_scale=dict(init_scale=1024.0))
])
def test_training_is_near_that_in_float32(tracker, scaler_on_the_cpu):
    plain, half = build(), build(**tracker)
    layers, texts = [], []
    half[0].detector.encoder.layers[0].ffn.layers[0][0].register_forward_hook(
        lambda *args: layers.append(args[2].dtype))
    text_encoder = half[0].track_book.frozen_clip.text_encoder
    text_encoder.register_forward_hook(
        lambda *args: texts.append(args[2].dtype))
    for seed in range(3):
        logs = [
            model.train_step(make_clip(3, num_frames=2, seed=seed), optimizers)
            for model, optimizers in (plain, half)
        ]
        assert logs[0].keys() == logs[1].keys() and len(logs[0]) > 8
        for name, value in logs[0].items():
            torch.testing.assert_close(logs[1][name].float(), value.float(),
                                       rtol=0.05, atol=0.01, msg=name)
    wanted = torch.bfloat16 if 'dtype' not in tracker else torch.float16
    assert set(layers) == {wanted}
    assert set(texts) == {torch.float32}  # the TrackBook is not touched
    model, optimizers = half
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert dtypes_of(optimizers['tracker'].optimizer) == {torch.float32}
    assert dtypes_of(optimizers['track_book'].optimizer) == {torch.float32}
    # the texts of the rows do not know the tracker's precision
    for first, second in zip(plain[0].track_book.parameters(),
                             model.track_book.parameters()):
        assert torch.equal(first, second)


def test_scaler_skips_a_step_with_infinite_gradients(scaler_on_the_cpu):
    model, optimizers = build(
        type='AmpOptimWrapper', dtype='float16',
        loss_scale=dict(init_scale=2.0**100))
    scaler = optimizers['tracker'].loss_scaler
    before = {k: v.clone() for k, v in model.detector.state_dict().items()}
    model.train_step(make_clip(3, num_frames=2), optimizers)
    assert scaler.get_scale() == 2.0**99
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, before[name]), name
    scaler.update(2.0**10)
    model.train_step(make_clip(3, num_frames=2), optimizers)
    assert scaler.get_scale() == 2.0**10
    assert any(not torch.equal(value, before[name])
               for name, value in model.detector.state_dict().items())
    assert all(p.isfinite().all() for p in model.parameters())


def test_state_goes_on_in_float32_from_a_checkpoint():
    model, optimizers = build(type='ipmot_mm.BFloat16OptimWrapper')
    assert isinstance(optimizers['tracker'], BFloat16OptimWrapper)
    assert not isinstance(optimizers['tracker'], AmpOptimWrapper)
    model.train_step(make_clip(3, num_frames=2), optimizers)
    state = optimizers['tracker'].state_dict()
    again = build()[1]['tracker']  # without mixed precision
    again.load_state_dict(state)
    assert dtypes_of(again.optimizer) == {torch.float32}


def test_old_gpus_are_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda: 'Tesla T4')
    for capability, knows in (((7, 5), False), ((8, 0), True), ((9, 0), True)):
        monkeypatch.setattr(torch.cuda, 'get_device_capability',
                            lambda value=capability: value)
        assert knows_bfloat16() == knows
    monkeypatch.setattr(bfloat16_optim_wrapper, 'knows_bfloat16',
                        lambda: False)
    wrapper = BFloat16OptimWrapper(
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0))
    model = torch.nn.Linear(1, 1)
    with wrapper.optim_context(model):
        pass  # not a GPU, whatever else the machine has
    monkeypatch.setattr(
        model, 'parameters',
        lambda: iter([type('P', (), {'device': torch.device('cuda')})]))
    with pytest.raises(
            ValueError,
            match='needs a GPU that knows bfloat16.*Tesla T4.*--amp float16'):
        with wrapper.optim_context(model):
            pass
