"""The loss is open_clip's; a few steps learn colours."""
import math

import pytest
import torch
import torch.nn.functional as F
from person_samples import make_crops, make_person

from ipmot_mm.engine.language_image.captions import is_held_out
from ipmot_mm.engine.language_image.contrastive_training import (
    TrainingSettings, augment, batch_loss, build_optimizer, encode_texts,
    normalized, train_towers)
from ipmot_mm.engine.language_image.pair_batches import PairSampler
from ipmot_mm.models.track_book.clip_encoders import (build_contrastive_loss,
                                                      build_tokenizer,
                                                      load_random_clip)
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

TEXTS = ['A photo of a red top person.', 'A person.',
         'A photo of a person with long black hair in a pink pullover.']


@pytest.fixture(scope='module')
def tokenizer():
    return build_tokenizer()


@pytest.fixture
def model():
    return load_random_clip(tiny_clip_cfg(), seed=0)


def make_data(num=16):
    return make_crops([make_person(number) for number in range(num)])


def test_texts_are_encoded_without_their_padding(model, tokenizer):
    expected = model.encode_text(tokenizer(TEXTS))
    torch.testing.assert_close(encode_texts(model, tokenizer, TEXTS), expected)


def test_loss_is_the_mean_cross_entropy_of_both_directions(model, tokenizer):
    batch = PairSampler(
        make_data(), batch_size=8, num_questions=3, seed=0).draw()
    loss = batch_loss(model, build_contrastive_loss(), tokenizer, batch,
                      torch.Generator().manual_seed(1))
    crops = augment(batch.crops.float() / 255,
                    torch.Generator().manual_seed(1))
    images = F.normalize(model.encode_image(normalized(crops)), dim=-1)
    total = 0
    for question in batch.questions:
        texts = F.normalize(
            model.encode_text(tokenizer(question.texts)), dim=-1)
        logits = images[question.inds] @ texts.T / 0.07  # at first
        own = torch.arange(len(texts))
        total += (F.cross_entropy(logits, own) +
                  F.cross_entropy(logits.T, own)) / 2
    torch.testing.assert_close(loss, total / 3, rtol=1e-4, atol=1e-4)


def test_twenty_steps_learn_something(model, tokenizer):
    settings = TrainingSettings(
        num_steps=20, batch_size=12, num_questions=2, warmup_steps=4)
    losses = train_towers(model, build_contrastive_loss(), tokenizer,
                          make_data(), settings)
    assert len(losses) == 20 and not model.training
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    again = load_random_clip(tiny_clip_cfg(), seed=0)
    assert losses == train_towers(again, build_contrastive_loss(), tokenizer,
                                  make_data(), settings)


def test_rate_rises_and_falls(model, tokenizer, monkeypatch):
    rates = []

    class Recording(torch.optim.SGD):

        def __init__(self, groups, lr, betas):
            super().__init__(groups, lr=lr)

        def step(self, closure=None):
            rates.append(self.param_groups[0]['lr'])

    monkeypatch.setattr(torch.optim, 'AdamW', Recording)
    train_towers(model, build_contrastive_loss(), tokenizer, make_data(),
                 TrainingSettings(num_steps=6, batch_size=2, num_questions=1,
                                  warmup_steps=2, lr=.8))
    expected = [.4, .8, .8] + [
        .4 * (1 + math.cos(math.pi * part / 4)) for part in (1, 2, 3)
    ]
    assert rates == pytest.approx(expected)


def test_scale_stays_below_a_hundred(model, tokenizer):
    with torch.no_grad():
        model.logit_scale.fill_(6.)
    train_towers(model, build_contrastive_loss(), tokenizer, make_data(),
                 TrainingSettings(num_steps=1, batch_size=4))
    assert float(model.logit_scale) == pytest.approx(math.log(100))


def test_held_out_combinations_never_reach_a_batch():
    data = make_data()
    kept = data.subset([not is_held_out(each) for each in data.persons])
    assert 0 < len(kept.persons) < len(data.persons)
    sampler = PairSampler(kept, batch_size=8, num_questions=3, seed=0)
    for _ in range(30):
        assert not any(map(is_held_out, sampler.draw().persons))


def test_augmentation_keeps_range_and_content():
    crops = torch.rand(64, 3, 8, 4)
    found = augment(crops, torch.Generator().manual_seed(0))
    assert found.shape == crops.shape
    assert 0 <= found.min() and found.max() <= 1
    gaps = torch.stack([(found - each).abs().mean((1, 2, 3))
                        for each in (crops, crops.flip(-1))])
    assert gaps.min(0).values.max() < 0.08
    mirrored = gaps.argmin(0)
    assert 16 < mirrored.sum() < 48


def test_matrices_decay(model):
    optimizer = build_optimizer(model, TrainingSettings(weight_decay=0.3))
    decays = {
        id(parameter): group['weight_decay']
        for group in optimizer.param_groups for parameter in group['params']
    }
    assert len(decays) == len(list(model.parameters()))
    assert decays[id(model.visual.conv1.weight)] == 0.3
    assert decays[id(model.text_projection)] == 0.3
    for free in (model.token_embedding.weight, model.positional_embedding,
                 model.logit_scale, model.ln_final.weight):
        assert decays[id(free)] == 0
