"""The remembered prefix against open_clip's own forward over 77 tokens."""
import copy

import pytest
import torch
from torch import nn

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.clip_encoders import (CLIPTextEncoder,
                                                      load_random_clip)
from ipmot_mm.models.track_book.prompt_template import PromptTemplate
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


class Handed(nn.Module):
    """In the place of the embedding table: what the test hands in."""

    def __init__(self, embeddings):
        super().__init__()
        self.embeddings = embeddings

    def forward(self, token_ids):
        return self.embeddings


def make_parts(num_tokens=4, dtype=torch.float32, text=None, **changes):
    import open_clip
    cfg = tiny_clip_cfg()
    cfg['text_cfg'].update(text or {})
    cfg.update(changes)
    model = load_random_clip(cfg, seed=3).to(dtype).eval()
    encoder = CLIPTextEncoder(model, open_clip.SimpleTokenizer())
    template = PromptTemplate(
        'A photo of a {} person.',
        num_context_tokens=num_tokens,
        text_encoder=encoder)
    rows = torch.randn(3, num_tokens * 64, dtype=dtype, requires_grad=True)
    return model, encoder, template, rows


def own_features(model, template, rows):
    """``encode_text`` of 77 tokens with the rows in the place of the X."""
    model = copy.deepcopy(model)
    owner = getattr(model, 'text', model)
    ids = torch.zeros(len(rows), 77, dtype=torch.long)
    ids[:, :len(template.token_ids)] = torch.tensor(template.token_ids)
    embeddings = owner.token_embedding.weight[ids].detach()
    start, num = template.context_start, template.num_context_tokens
    embeddings[:, start:start + num] = rows.view(len(rows), num, -1)
    owner.token_embedding = Handed(embeddings)
    return model.encode_text(ids)


def assert_same(model, encoder, template, rows, tolerance):
    ours = encoder(template.after_prefix(rows), template.prefix_ids)
    theirs = own_features(model, template, rows)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    weights = torch.randn_like(ours)
    grads = [
        torch.autograd.grad((features * weights).sum(), rows)[0]
        for features in (ours, theirs)
    ]
    assert grads[1].abs().max() > 100 * tolerance
    torch.testing.assert_close(*grads, rtol=0, atol=tolerance)


@pytest.mark.parametrize('quick_gelu', (False, True))
@pytest.mark.parametrize('num_tokens', (2, 4, 6, 8))
def test_features_and_gradients_are_those_of_the_whole_text(
        num_tokens, quick_gelu):
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-12)):
        assert_same(
            *make_parts(num_tokens, dtype, quick_gelu=quick_gelu), tolerance)


@pytest.mark.parametrize('text', (dict(), dict(ls_init_value=0.3),
                                  dict(proj_bias=True)))
def test_custom_text_model(text):
    parts = make_parts(
        dtype=torch.float64, text=text, custom_text=True)
    assert parts[1].keeps_prefixes
    assert_same(*parts, 1e-12)


def test_other_blocks_read_the_whole_sentence():
    parts = make_parts(
        dtype=torch.float64, text=dict(qk_norm=True), custom_text=True)
    assert not parts[1].keeps_prefixes
    assert_same(*parts, 1e-12)
    assert not parts[1]._prefixes


def test_prefix_is_run_once_and_the_rest_is_short():
    _, encoder, template, rows = make_parts()
    lengths = []
    for block in encoder.transformer.resblocks:
        block.ln_1.register_forward_hook(
            lambda module, args, out: lengths.append(out.shape[:2]))
    for _ in range(3):
        encoder(template.after_prefix(rows), template.prefix_ids)
    assert lengths == [(1, 5)] * 2 + [(3, 7)] * 6


def test_sentences_do_not_share_a_prefix():
    model, encoder, template, rows = make_parts(dtype=torch.float64)
    encoder(template.after_prefix(rows), template.prefix_ids)
    other = PromptTemplate(
        'The {} man.', num_context_tokens=4, text_encoder=encoder)
    assert_same(model, encoder, other, rows, 1e-12)


def test_prefix_made_without_gradient_serves_with_gradient():
    model, encoder, template, rows = make_parts(dtype=torch.float64)
    with torch.inference_mode():
        encoder(template.after_prefix(rows), template.prefix_ids)
    assert_same(model, encoder, template, rows, 1e-12)


@pytest.mark.parametrize('change', ('double', 'round', 'copy'))
def test_prefix_follows_the_tower(change):
    """Also through types that do not hold every digit, and back."""
    head = TrackBookHead(clip=dict(model_cfg=tiny_clip_cfg()))
    encoder, template = head.frozen_clip.text_encoder, head.prompt_template
    rows = torch.randn(2, 256)
    head._encode_texts(rows)
    if change == 'double':
        head, rows = head.double(), rows.double()
    elif change == 'round':
        head = head.half().float()
    else:
        encoder = copy.deepcopy(encoder)
    expected = encoder(template(rows))
    torch.testing.assert_close(
        encoder(template.after_prefix(rows), template.prefix_ids), expected,
        rtol=0, atol=1e-12 if change == 'double' else 1e-5)


def test_under_autocast_the_prefix_keeps_its_digits():
    _, encoder, template, rows = make_parts()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        low = encoder(template.after_prefix(rows), template.prefix_ids)
    full = encoder(template.after_prefix(rows), template.prefix_ids)
    torch.testing.assert_close(full, encoder(template(rows)))
    torch.testing.assert_close(low.float(), full, rtol=0.1, atol=0.1)
