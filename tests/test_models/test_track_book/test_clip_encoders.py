"""Frozen towers against open_clip's own forward passes; bad names."""
import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from ipmot_mm.models.track_book.clip_encoders import (CLIPTextEncoder,
                                                      build_clip,
                                                      load_random_clip)
from ipmot_mm.models.track_book.prompt_template import PromptTemplate
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

WORDS = 'tall man with a red hat and bag'.split()


def literal_features(model, num_words, period='.'):
    """Both ways to read a sentence whose X are real words."""
    import open_clip
    tokenizer = open_clip.SimpleTokenizer()
    encoder = CLIPTextEncoder(model, tokenizer)
    template = PromptTemplate(
        'A photo of a {} person' + period,
        num_context_tokens=num_words,
        text_encoder=encoder)
    words = WORDS[:num_words]
    inds = [tokenizer.encode(word)[0] for word in words]
    context = encoder.token_embedding.weight[torch.tensor(inds)]
    ours = encoder(template(context.reshape(1, -1)))
    sentence = f'a photo of a {" ".join(words)} person{period}'
    theirs = model.eval().encode_text(tokenizer([sentence]))
    return ours, theirs


def tiny_model(text=None, **changes):
    cfg = tiny_clip_cfg()
    cfg['text_cfg'].update(text or {})
    cfg.update(changes)
    return load_random_clip(cfg, seed=3)


@pytest.mark.parametrize('num_words', (2, 4, 6, 8))
@pytest.mark.parametrize('period', ('.', ''))
def test_literal_prompt_equals_encode_text(num_words, period):
    ours, theirs = literal_features(tiny_model(), num_words, period)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('text', ({}, dict(proj_bias=True),
                                  dict(proj_type='none')))
@pytest.mark.parametrize('custom_text', (False, True))
def test_every_projection_and_model_class(text, custom_text):
    model = tiny_model(text, custom_text=custom_text, quick_gelu=True)
    ours, theirs = literal_features(model, 4)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert ours.shape == (1, 64)


def test_transformer_that_wants_the_sequence_first():

    class SequenceFirst(nn.Module):
        batch_first = False

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x, attn_mask):
            return self.inner(x.transpose(0, 1), attn_mask).transpose(0, 1)

    model = tiny_model()
    _, theirs = literal_features(model, 4)
    other = copy.deepcopy(model)
    other.transformer = SequenceFirst(other.transformer)
    encoder = CLIPTextEncoder(other, build_clip(
        model_cfg=tiny_clip_cfg()).text_encoder.tokenizer)
    embeddings = torch.randn(3, 12, 64)
    torch.testing.assert_close(
        encoder(embeddings),
        CLIPTextEncoder(model, encoder.tokenizer)(embeddings))


def test_image_tower_equals_encode_image():
    towers = build_clip(
        model_cfg=tiny_clip_cfg(),
        seed=3,
        pixel_mean=(.1, .2, .3),
        pixel_std=(.5, .6, .7))
    crops = torch.rand(2, 3, 64, 32)
    normalised = torch.stack([
        (crops[:, channel] - mean) / std for channel, (mean, std) in enumerate(
            ((.1, .5), (.2, .6), (.3, .7)))], dim=1)
    features = towers.image_encoder(crops)
    torch.testing.assert_close(features,
                               tiny_model().eval().encode_image(normalised))
    assert not features.requires_grad
    assert towers.image_encoder.image_size == (64, 32)


def test_seed_fixes_the_weights_and_spares_the_global_generator():
    torch.manual_seed(5)
    first = build_clip(model_cfg=tiny_clip_cfg(), seed=1)
    number = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(number, torch.rand(1))
    same = build_clip(model_cfg=tiny_clip_cfg(), seed=1)
    other = build_clip(model_cfg=tiny_clip_cfg(), seed=2)
    weights = [
        towers.text_encoder.text_projection
        for towers in (first, same, other)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_towers_stay_frozen_and_are_shared_by_copies():
    towers = build_clip(model_cfg=tiny_clip_cfg())
    for tower in (towers.text_encoder, towers.image_encoder):
        assert not any(p.requires_grad for p in tower.parameters())
        tower.train()
        assert not any(module.training for module in tower.modules())
    assert copy.deepcopy(towers) is towers


def test_local_weights_and_another_crop_size(tmp_path):
    import json

    import open_clip
    cfg = tiny_clip_cfg()
    cfg['vision_cfg']['image_size'] = 32
    name = 'tiny-of-a-test'
    (tmp_path / f'{name}.json').write_text(json.dumps(cfg))
    open_clip.add_model_config(tmp_path / f'{name}.json')
    source = load_random_clip(cfg, seed=11)
    weights = tmp_path / 'weights.pt'
    torch.save(source.state_dict(), weights)
    towers = build_clip(name, pretrained=str(weights), image_size=(64, 32))
    assert torch.equal(towers.text_encoder.text_projection,
                       source.text_projection)
    assert towers.image_encoder(torch.rand(1, 3, 64, 32)).shape == (1, 64)


@pytest.mark.parametrize('dtype', (torch.float32, torch.float16))
def test_weights_of_a_file_for_a_model_cfg(tmp_path, dtype):
    source = load_random_clip(tiny_clip_cfg(), seed=7)
    with torch.no_grad():
        source.logit_scale.fill_(3.)
    path = tmp_path / 'weights.pt'
    torch.save({k: v.to(dtype) for k, v in source.state_dict().items()}, path)
    towers = build_clip(model_cfg=tiny_clip_cfg(), pretrained=str(path))
    expected = CLIPTextEncoder(source, towers.text_encoder.tokenizer)
    embeddings = torch.randn(2, 5, 64)
    found = towers.text_encoder(embeddings)
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found, expected(embeddings),
        **(dict(rtol=0, atol=0) if dtype == torch.float32 else
           dict(rtol=.01, atol=.01)))
    assert towers.logit_scale == pytest.approx(20.0855, rel=1e-4)


def test_weights_of_another_model_or_with_code_are_refused(tmp_path):
    path = tmp_path / 'weights.pt'
    cfg = tiny_clip_cfg()
    cfg['vision_cfg']['layers'] = 1
    torch.save(load_random_clip(cfg, seed=0).state_dict(), path)
    for_path = dict(model_cfg=tiny_clip_cfg(), pretrained=str(path))
    with pytest.raises(ValueError, match='do not fit "model_cfg": .*Missing'):
        build_clip(**for_path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match='no weights by name, got a list'):
        build_clip(**for_path)
    torch.save(dict(a=subprocess.Popen), path)
    with pytest.raises(ValueError, match='would execute code'):
        build_clip(**for_path)


@pytest.mark.parametrize('kwargs, error, message', (
    (dict(model_name='ViT-B-16-quickgel'), ValueError,
     'Unknown CLIP model_name .*Close names: ViT-B-16-quickgelu'),
    (dict(model_name='ViT-B-16', pretrained='openai'), ValueError,
     "trained with quick_gelu=True.* Use model_name='ViT-B-16-quickgelu'"),
    (dict(model_name='ViT-B-16-quickgelu', pretrained='laion2b_s34b_b88k'),
     ValueError, 'Unknown CLIP weights .*with this tag: ViT-B-16.* .*dfn2b'),
    (dict(model_name='ViT-B-16', pretrained='laion2b_s34b_b79k'), ValueError,
     'Close tags: laion2b_s34b_b88k.*with this tag: .*ViT-B-32'),
    (dict(model_name='ViT-B-16', pretrained='no/such.pt'), FileNotFoundError,
     "CLIP weights not found: pretrained='no/such.pt'"),
    (dict(model_name='ViT-B-16', pretrained='opnai'), ValueError,
     "Unknown CLIP weights pretrained='opnai'.*laion2b_s34b_b88k"),
    (dict(), ValueError, 'exactly one of "model_name" and "model_cfg"'),
    (dict(model_cfg=tiny_clip_cfg(), pretrained='openai'), FileNotFoundError,
     "pretrained='openai' is no file, and \"model_cfg\" knows no tags"),
))
def test_bad_sources_are_named(kwargs, error, message):
    with pytest.raises(error, match=message):
        build_clip(**kwargs)


def test_text_tower_without_causal_attention_is_refused():
    cfg = tiny_clip_cfg()
    cfg['text_cfg'].update(no_causal_mask=True, pool_type='last')
    cfg['custom_text'] = True
    with pytest.raises(
            ValueError, match="attention is not causal; it pools by 'last'"):
        build_clip(model_cfg=cfg)


def test_importing_the_models_leaves_open_clip_alone():
    code = ('import sys, ipmot_mm.models, ipmot_mm.models.track_book, '
            'ipmot_mm.engine.hooks; assert "open_clip" not in sys.modules')
    subprocess.run([sys.executable, '-c', code], check=True)
