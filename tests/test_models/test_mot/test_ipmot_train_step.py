"""Algorithm 1: the TrackBook learns, then the tracker with its texts."""
import copy

import pytest
import torch
from mmengine.optim import OptimWrapper

from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import NO_IDENTITY, IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

NUM_ROWS = 110  # identities of clip n of make_clip begin at 100 * n
OPTIM = dict(
    tracker=dict(optimizer=dict(type='AdamW', lr=1e-3)),
    track_book=dict(
        optimizer=dict(type='RowwiseAdamW', lr=1e-2, weight_decay=1e-2)))


@pytest.fixture
def trained():
    """A model with TrackBook and its optimisers."""
    model = MODELS.build(tiny_model_cfg(with_track_book=True))
    model.init_weights()
    model.train()
    optimizers = AlternatingOptimWrapperConstructor(OPTIM)(model)
    model.track_book.set_identity_map(
        IdentityMap.from_keys(
            ('tiny', 'video', i) for i in range(1, NUM_ROWS + 1)))
    return model, optimizers


def frozen_towers(model):
    clip = model.track_book.frozen_clip
    return [
        *clip.text_encoder.parameters(), *clip.image_encoder.parameters()
    ]


def test_only_rows_of_present_identities_change(trained):
    model, optimizers = trained
    before = model.track_book.tokens.detach().clone()
    for seed in range(2):  # the second step has momentum
        model.train_step(make_clip(3, 2, seed=seed), optimizers)
    after = model.track_book.tokens.detach()
    changed = (before != after).any(1).nonzero().squeeze(1).tolist()
    assert changed == [0, 1, 2, 100, 101]
    absent = torch.ones(NUM_ROWS, dtype=torch.bool)
    absent[changed] = False
    assert torch.equal(before[absent], after[absent])  # bit for bit


def test_clip_gets_no_gradient_and_does_not_change(trained):
    model, optimizers = trained
    towers = frozen_towers(model)
    before = [parameter.clone() for parameter in towers]
    model.train_step(make_clip(3), optimizers)
    assert len(towers) > 20
    for parameter, old in zip(towers, before):
        assert parameter.grad is None and torch.equal(parameter, old)


def test_logged_keys_and_totals(trained):
    model, optimizers = trained
    log_vars = model.train_step(make_clip(3, 2), optimizers)
    track_book = {'loss_i2t', 'loss_t2i', 'track_book_loss'}
    tracker = {
        'd0.loss_cls', 'loss_cls', 'd0.loss_bbox', 'loss_bbox',
        'd0.loss_iou', 'loss_iou', 'loss_dedup', 'loss_triplet', 'loss_i2tce'
    }
    assert set(log_vars) == track_book | tracker | {'loss'}
    torch.testing.assert_close(
        log_vars['loss'], sum(log_vars[name] for name in tracker))
    torch.testing.assert_close(log_vars['track_book_loss'],
                               log_vars['loss_i2t'] + log_vars['loss_t2i'])


def test_tracker_learns_from_the_updated_texts(trained, monkeypatch):
    """The order of Algorithm 1: tokens step first, texts are read after."""
    model, optimizers = trained
    old = model.track_book.tokens.detach().clone()
    seen = {}
    reduce = model.clip_loss.reduce

    def record(frames, texts, normaliser):
        seen.update(texts=texts, tokens=model.track_book.tokens.clone())
        return reduce(frames, texts, normaliser)

    monkeypatch.setattr(model.clip_loss, 'reduce', record)
    tracker_before = copy.deepcopy(model.detector.state_dict())
    model.train_step(make_clip(3), optimizers)
    assert not torch.equal(seen['tokens'], old)
    identities = torch.tensor([0, 1, 2])
    assert torch.equal(seen['texts'].identities, identities)
    torch.testing.assert_close(seen['texts'].features,
                               model.track_book.describe(identities))
    assert not seen['texts'].features.requires_grad
    after = model.detector.state_dict()
    assert any(not torch.equal(after[k], v)
               for k, v in tracker_before.items())


def test_tracker_loss_leaves_the_tokens_alone(trained):
    model, optimizers = trained
    model.train_step(make_clip(3), optimizers)
    grad = model.track_book.tokens.grad
    assert grad is None or not grad.coalesce().values().any()


def test_clips_without_objects_or_identities_train_the_tracker(trained):
    model, optimizers = trained
    before = model.track_book.tokens.detach().clone()
    strangers = make_clip(2)
    for frame in strangers['data_samples'][0].video_data_samples:
        frame.gt_instances.identities[:] = NO_IDENTITY
    for data in (make_clip(0), strangers):
        log_vars = model.train_step(data, optimizers)
        assert 'track_book_loss' not in log_vars
        assert log_vars['loss'].isfinite() and log_vars['loss_i2tce'] == 0
    assert torch.equal(before, model.track_book.tokens)


def test_cutter_gets_that_picture(trained, monkeypatch):
    model, optimizers = trained
    seen = []
    encode = model.track_book.encode_crops
    monkeypatch.setattr(
        model.track_book, 'encode_crops',
        lambda images, targets: seen.append(images) or encode(images, targets))
    data = make_clip(2)
    model.train_step(data, optimizers)
    rgb = data['inputs'][0].flip(1) / 255
    torch.testing.assert_close(seen[0][0], rgb, atol=1e-5, rtol=0)


def test_training_without_track_book_takes_one_optimiser():
    model = MODELS.build(tiny_model_cfg())
    model.init_weights()
    model.train()
    optimizer = OptimWrapper(torch.optim.AdamW(model.parameters(), 1e-3))
    log_vars = model.train_step(make_clip(3, 2), optimizer)
    assert 'loss_triplet' in log_vars and 'loss_i2tce' not in log_vars
    assert log_vars['loss_triplet'] > 0


def test_checkpoint_has_tokens_but_no_clip(trained):
    model, _ = trained
    names = {
        name for name in model.state_dict() if name.startswith('track_book')
    }
    assert names == {'track_book.tokens', 'track_book.identity_keys'}
    assert not any('frozen_clip' in name for name, _ in
                   [*model.named_parameters(), *model.named_modules()])


def test_checkpoint_loads_into_a_model_without_track_book(trained):
    model, _ = trained
    tester = MODELS.build(tiny_model_cfg(with_track_book=True))
    saved = model.state_dict()
    result = tester.load_state_dict(saved, strict=True)
    assert not result.missing_keys and not result.unexpected_keys
    assert 'track_book.tokens' in saved  # the file itself is not changed
    assert tester.track_book is None


def test_checkpoint_loads_into_a_model_with_track_book(trained):
    model, optimizers = trained
    model.train_step(make_clip(3), optimizers)
    other = MODELS.build(tiny_model_cfg(with_track_book=True))
    other.build_track_book()
    other.load_state_dict(model.state_dict(), strict=True)
    assert torch.equal(other.track_book.tokens, model.track_book.tokens)
    assert other.track_book.identity_map == model.track_book.identity_map


def test_track_book_is_built_once(trained):
    model, _ = trained
    first = model.track_book
    model.build_track_book()
    assert model.track_book is first
