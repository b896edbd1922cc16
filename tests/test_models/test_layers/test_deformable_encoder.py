"""The encoder is mmdet's, with Python shapes and checkpointing."""
import pytest
import torch
from layer_samples import DIMS, count_calls, layer_cfg, make_memory, randomise
from mmdet.models.layers import DeformableDetrTransformerEncoder

from ipmot_mm.models.layers import DeformableEncoder


def encoder_cfg(num_levels):
    cfg = layer_cfg(num_levels)
    return dict(
        self_attn_cfg=dict(cfg['cross_attn_cfg'], dropout=0.0),
        ffn_cfg=cfg['ffn_cfg'])


@pytest.mark.parametrize('num_levels', [1, 4])
@pytest.mark.parametrize('ragged', [True, False])
def test_equals_mmdet(num_levels, ragged):
    ours = randomise(
        DeformableEncoder(num_layers=2, layer_cfg=encoder_cfg(num_levels)))
    theirs = DeformableDetrTransformerEncoder(
        num_layers=2, layer_cfg=encoder_cfg(num_levels))
    theirs.load_state_dict(ours.state_dict())
    memory = make_memory(3, num_levels, ragged)
    position = torch.randn_like(memory.features)
    shapes = torch.tensor(memory.spatial_shapes)
    expected = theirs(
        query=memory.features,
        query_pos=position,
        key_padding_mask=memory.padding_mask,
        spatial_shapes=shapes,
        level_start_index=shapes.prod(1).cumsum(0) - shapes.prod(1),
        valid_ratios=memory.valid_ratios)
    output = ours(memory.features, position, memory.padding_mask,
                  memory.spatial_shapes, memory.valid_ratios)
    torch.testing.assert_close(output, expected)
    assert ours.embed_dims == DIMS


def test_reference_points_are_centres_seen_from_every_level():
    memory = make_memory(2, 3)
    points = DeformableEncoder.get_encoder_reference_points(
        memory.spatial_shapes, memory.valid_ratios, torch.device('cpu'))
    for b in range(2):
        position = 0
        for level, (height, width) in enumerate(memory.spatial_shapes):
            ratio_w, ratio_h = memory.valid_ratios[b, level].tolist()
            for row in range(height):
                for col in range(width):
                    centre = torch.tensor([(col + 0.5) / (width * ratio_w),
                                           (row + 0.5) / (height * ratio_h)])
                    torch.testing.assert_close(points[b, position],
                                               centre * memory.valid_ratios[b])
                    position += 1
        assert position == points.size(1)


def test_one_position_serves_a_batch_without_padding():
    encoder = randomise(
        DeformableEncoder(num_layers=1, layer_cfg=encoder_cfg(2)))
    memory = make_memory(3, 2, ragged=False)
    position = torch.randn_like(memory.features[:1])
    rest = (None, memory.spatial_shapes, memory.valid_ratios)
    torch.testing.assert_close(
        encoder(memory.features, position, *rest),
        encoder(memory.features, position.repeat(3, 1, 1), *rest))


def test_checkpointing_changes_no_value_and_no_gradient():
    results = []
    memory = make_memory()
    features = memory.features.requires_grad_()
    position = torch.randn_like(features)
    for with_cp in (False, True):
        torch.manual_seed(3)
        encoder = randomise(
            DeformableEncoder(
                num_layers=2, layer_cfg=encoder_cfg(2), with_cp=with_cp))
        calls = count_calls(encoder.layers[1])
        output = encoder(features, position, memory.padding_mask,
                         memory.spatial_shapes, memory.valid_ratios)
        grads = torch.autograd.grad(output.square().sum(),
                                    [features, *encoder.parameters()])
        results.append([output, *grads])
        assert len(calls) == (2 if with_cp else 1)
    for plain, recomputed in zip(*results):
        torch.testing.assert_close(recomputed, plain)
