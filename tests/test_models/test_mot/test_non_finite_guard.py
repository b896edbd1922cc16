"""What is not finite is kept from the weights, and reported once."""
import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.models.mot.non_finite_guard import Attempt, NonFiniteGuard
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

OPTIM = dict(
    tracker=dict(optimizer=dict(type='AdamW', lr=1e-3)),
    track_book=dict(optimizer=dict(type='RowwiseAdamW', lr=1e-2)))


@pytest.fixture
def reports(monkeypatch):
    """Messages that would be logged."""
    messages = []
    monkeypatch.setattr('ipmot_mm.models.mot.non_finite_guard.print_log',
                        lambda message, **kwargs: messages.append(message))
    return messages


@pytest.fixture(scope='module')
def trained():
    """A model after one step, so that there are moments."""
    torch.manual_seed(0)
    model = MODELS.build(tiny_model_cfg(with_track_book=True))
    model.init_weights()
    model.train()
    optimizers = AlternatingOptimWrapperConstructor(OPTIM)(model)
    model.track_book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(5)))
    model.train_step(make_clip(3, num_frames=2), optimizers)
    return model, optimizers


def snapshot(model, optimizers):
    tensors = [value.clone() for value in model.state_dict().values()]
    for wrapper in optimizers.values():
        for state in wrapper.optimizer.state.values():
            tensors += [value.clone() for value in state.values()]
    return tensors


def not_finite_features(model, monkeypatch):
    """NaN in one crop."""
    encode = model.track_book.encode_crops

    def spoil(*args):
        features, identities = encode(*args)
        features[0, 0] = torch.nan
        return features, identities

    monkeypatch.setattr(model.track_book, 'encode_crops', spoil)


def infinite_loss(model, monkeypatch):
    """An infinity that no gradient comes from."""
    reduce = model.clip_loss.reduce
    monkeypatch.setattr(
        model.clip_loss, 'reduce', lambda *args:
        {**reduce(*args), 'loss_x': torch.tensor(torch.inf)})


def not_finite_gradient(model, monkeypatch):
    """The root of zero: finite, but for its slope."""
    reduce = model.clip_loss.reduce

    def spoil(*args):
        losses = reduce(*args)
        zero = losses['loss_cls'] - losses['loss_cls'].detach()
        return {**losses, 'loss_x': (zero * 0).sqrt()}

    monkeypatch.setattr(model.clip_loss, 'reduce', spoil)


def not_finite_row_gradient(model, monkeypatch):
    loss = model.track_book.loss

    def spoil(*args):
        losses = loss(*args)
        zero = losses['loss_i2t'] - losses['loss_i2t'].detach()
        return {**losses, 'loss_x': (zero * 0).sqrt()}

    monkeypatch.setattr(model.track_book, 'loss', spoil)


@pytest.mark.parametrize('spoil, what', [
    (not_finite_features, 'loss of the TrackBook'),
    (not_finite_row_gradient, 'gradient of the TrackBook'),
    (infinite_loss, 'loss of the tracker'),
    (not_finite_gradient, 'gradient of the tracker'),
])
def test_weights_rows_and_moments_stay(trained, reports, monkeypatch, spoil,
                                       what):
    model, optimizers = trained
    before = snapshot(model, optimizers)
    with monkeypatch.context() as patch:
        spoil(model, patch)
        log_vars = model.train_step(
            make_clip(3, num_frames=2, seed=1), optimizers)
    assert log_vars == dict(num_skipped=model.guard.num_skipped)
    after = snapshot(model, optimizers)
    assert len(after) == len(before)
    assert all(map(torch.equal, before, after))
    assert reports == [
        f'Iteration skipped, nothing was changed: the {what} is not finite '
        '(NaN or infinity). Its images: clip0/000001.jpg, clip0/000002.jpg. 1 '
        'in a row, training stops at 10.'
    ]
    log_vars = model.train_step(make_clip(3, num_frames=2), optimizers)
    assert log_vars['loss'].isfinite() and model.guard.num_in_row == 0
    assert log_vars['num_skipped'] == model.guard.num_skipped  # still


def attempt_of(*losses, images=('a.jpg', )):
    attempt = Attempt()
    for loss in losses:
        attempt.expect_finite('tracker', torch.tensor(loss), images)
    return attempt


def test_stops_after_so_many_in_a_row(reports):
    guard, undone = NonFiniteGuard(2), []
    for losses, accepted in (([1.0, torch.inf], False), ([1.0, 2.0], True),
                             ([torch.nan], False)):
        assert guard.accepts(attempt_of(*losses)) == accepted
    last = attempt_of(-torch.inf, images=[f'{n}.jpg' for n in range(12)])
    last.on_failure(lambda: undone.append('second'))
    last.on_failure(lambda: undone.append('first'))
    with pytest.raises(ValueError, match=(
            r'Training stopped: the loss of the tracker was not finite .* in 2'
            r' iterations in a row.*7\.jpg and 4 more.*lower optim_wrapper\.'
            r'tracker\.optimizer\.lr.*--resume CHECKPOINT')):
        guard.accepts(last)
    assert undone == ['first', 'second'] and guard.num_skipped == 3
    assert len(reports) == 2


@pytest.mark.parametrize('number', [0, -1, 2.5, True, None])
def test_limit_must_be_a_number(number):
    with pytest.raises(ValueError, match='model.max_non_finite must be a '
                       f'whole number .*got {number!r}'):
        MODELS.build({**tiny_model_cfg(), 'max_non_finite': number})


class ScaledOptimWrapper(OptimWrapper):
    """As mmengine's AmpOptimWrapper, which wants an accelerator."""

    def __init__(self, *args, scale, enabled, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_scaler = torch.amp.GradScaler(
            'cpu', init_scale=scale, enabled=enabled)


@pytest.mark.parametrize('scale, enabled, accepted', [
    (2.0, True, True),
    (2.0, False, False),
    (1.0, True, False),  # it halved what it could: the scale is not the cause
])
def test_infinite_gradients_are_left_to_a_scaler(reports, scale, enabled,
                                                 accepted):
    layer = nn.Linear(2, 1)
    wrapper = ScaledOptimWrapper(
        torch.optim.SGD(layer.parameters(), 0.1),
        scale=scale,
        enabled=enabled)
    layer.weight.grad = torch.full((1, 2), torch.inf)
    attempt = attempt_of(1.0)
    attempt.expect_finite_gradients('tracker', wrapper, ['a.jpg'])
    assert NonFiniteGuard().accepts(attempt) is accepted
    with_nan = attempt_of(torch.nan)
    with_nan.expect_finite_gradients('tracker', wrapper, ['a.jpg'])
    assert not NonFiniteGuard().accepts(with_nan)


def test_finite_gradients_stay_bit_for_bit():
    layer = nn.Linear(50, 50)
    layer.weight.grad = torch.randn(50, 50) * 1e3
    before = layer.weight.grad.clone()
    attempt = attempt_of(1.0)
    attempt.expect_finite_gradients(
        'tracker', OptimWrapper(torch.optim.SGD(layer.parameters(), 0.1)), [])
    assert NonFiniteGuard().accepts(attempt)
    assert torch.equal(layer.weight.grad, before)
