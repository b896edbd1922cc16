"""The image tower: its type, and the name of what decides on features."""
import copy

import pytest
import torch

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.clip_encoders import build_clip
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


def build(seed=0, vision=None, **kwargs):
    cfg = tiny_clip_cfg()
    cfg['vision_cfg'].update(vision or {})
    return build_clip(model_cfg=cfg, seed=seed, **kwargs).image_encoder


def test_bfloat16_computes_the_same_features():
    crops = torch.rand(4, 3, 64, 32)
    full, low = build()(crops), build(image_dtype='bfloat16')(crops)
    assert low.dtype == torch.bfloat16
    # 8 bits of mantissa through two layers
    gap = (low.float() - full).norm() / full.norm()
    assert 1e-5 < gap < 0.02


def test_bfloat16_outlives_moves_of_the_head_and_halves_the_memory():
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg(), image_dtype='bfloat16'))
    for move in ('float', 'double', 'float'):
        getattr(head, move)()
        tower = head.frozen_clip.image_encoder
        assert {p.dtype for p in tower.parameters()} == {torch.bfloat16}
    assert head.frozen_clip.text_encoder.ln_final.weight.dtype \
        == torch.float32
    features = head.encode(torch.rand(2, 3, 64, 32))
    assert features.dtype == torch.float32
    # what a loss keeps for its gradient must not be of an inference mode
    assert not features.is_inference()


def test_losses_stay_in_float32():
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg(), image_dtype='bfloat16'))
    losses = head.loss_contrastive(
        head.encode(torch.rand(2, 3, 64, 32)), torch.randn(2, 64),
        torch.arange(2))
    assert all(loss.dtype == torch.float32 for loss in losses)


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="bfloat16'\\), got 'float16'"):
        build(image_dtype='float16')


def test_digest_names_all_that_decides():
    digests = [
        encoder.digest() for encoder in (
            build(), build(seed=1), build(image_dtype='bfloat16'),
            build(pixel_std=(.5, .5, .5)), build(vision=dict(head_width=16)),
            build(vision=dict(image_size=(32, 64))),
            build(vision=dict(pool_type='avg')))
    ]
    assert len(set(digests)) == len(digests)
    assert build().digest() == digests[0]
    assert copy.deepcopy(build()).train().digest() == digests[0]


def test_digest_sees_every_weight():
    encoder = build()
    before = encoder.digest()
    for name, weight in encoder.named_parameters():
        weight.data.flatten()[-1] += 1
        assert encoder.digest() != before, name
        weight.data.flatten()[-1] -= 1
