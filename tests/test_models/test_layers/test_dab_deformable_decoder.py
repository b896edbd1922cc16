"""How anchors become positions in the DAB decoder."""
import math

import pytest
import torch
from layer_samples import (DIMS, decode, make_decoder, make_memory,
                           make_queries, make_reg_branches)
from mmdet.models.layers import coordinate_to_encoding
from torch import nn

FEATS = DIMS // 2  # per coordinate


def sine(value, temperature=10000):
    """Sine and cosine in turns, for one number."""
    angles = [
        value * 2 * math.pi / temperature**(2 * (i // 2) / FEATS)
        for i in range(FEATS)
    ]
    return [
        math.cos(angle) if i % 2 else math.sin(angle)
        for i, angle in enumerate(angles)
    ]


def anchor_sine(anchor, order):
    numbers = dict(zip('xywh', anchor.tolist()))
    return torch.tensor([s for name in order for s in sine(numbers[name])])


def first_position(references):
    """Position in layer 0 where the head lets the sine pass."""
    decoder = make_decoder('dab')
    decoder.ref_point_head = nn.Identity()
    content = torch.randn(*references.shape[:2], DIMS)
    return decoder.position(content, None, references, 0)


def test_sine_has_the_order_of_the_official_weights():
    references = torch.rand(2, 3, 4, 4)  # (N, Q, V, 4)
    position = first_position(references)
    assert position.shape == (2, 3, 4 * FEATS)
    torch.testing.assert_close(
        position, coordinate_to_encoding(references[:, :, 0], FEATS))
    for n in range(2):
        for q in range(3):
            torch.testing.assert_close(
                position[n, q], anchor_sine(references[n, q, 0], 'yxwh'))


def test_swapped_centre_gives_the_order_of_memotr():
    references = torch.rand(1, 3, 1, 4)
    swapped = first_position(references[..., [1, 0, 2, 3]])
    for q in range(3):
        torch.testing.assert_close(swapped[0, q],
                                   anchor_sine(references[0, q, 0], 'xywh'))


def test_content_scales_the_position_after_the_first_layer():
    decoder = make_decoder('dab')
    references = torch.rand(2, 3, 2, 4)
    content, other = torch.randn(2, 2, 3, DIMS)
    first = decoder.position(content, None, references, 0)
    assert torch.equal(first, decoder.position(other, None, references, 0))
    for layer_id in (1, 2):
        torch.testing.assert_close(
            decoder.position(content, None, references, layer_id),
            first * decoder.query_scale(content))
    # the position is that of level 0
    references[:, :, 1] = 0
    assert torch.equal(first, decoder.position(content, None, references, 0))


def naive_layer(layer, x, position, references, memory):
    """One decoder layer with loops over samples and heads."""
    attn = layer.self_attn.attn
    weights = attn.in_proj_weight.chunk(3)
    biases = attn.in_proj_bias.chunk(3)
    q, k, v = (y @ w.T + b for y, w, b in zip((x + position, x + position,
                                               x), weights, biases))
    heads = []
    for part in range(attn.num_heads):
        dims = slice(part * attn.head_dim, (part + 1) * attn.head_dim)
        share = (q[..., dims] @ k[..., dims].transpose(1, 2) /
                 math.sqrt(attn.head_dim)).softmax(-1)
        heads.append(share @ v[..., dims])
    x = layer.norms[0](x + attn.out_proj(torch.cat(heads, -1)))
    x = layer.norms[1](
        layer.cross_attn(
            x,
            value=memory.features,
            spatial_shapes=memory.spatial_shapes,
            reference_points=references,
            query_pos=position,
            key_padding_mask=memory.padding_mask))
    first, last = layer.ffn.layers[0][0], layer.ffn.layers[1]
    return layer.norms[2](x + last(first(x).relu()))


@pytest.mark.parametrize('num_layers, num_levels', [(1, 1), (3, 2), (2, 4)])
def test_equals_a_naive_decoder_without_tracks(num_layers, num_levels):
    decoder = make_decoder('dab', num_layers, num_levels, det_only=0)
    branches = make_reg_branches(num_layers)
    memory, queries = make_memory(2, num_levels), make_queries('dab', 7)
    decoded = decode(decoder, branches, queries, memory, 7)

    x, boxes = queries['content'], queries['anchors']
    for layer_id, layer in enumerate(decoder.layers):
        references = torch.stack([
            boxes * torch.cat([ratio, ratio], -1)[:, None]
            for ratio in memory.valid_ratios.unbind(1)
        ], 2)
        position = decoder.ref_point_head(
            torch.stack([
                torch.stack([anchor_sine(a, 'yxwh') for a in sample])
                for sample in references[:, :, 0]
            ]))
        if layer_id > 0:
            position = position * decoder.query_scale(x)
        x = naive_layer(layer, x, position, references, memory)
        logits = (boxes / (1 - boxes)).log()
        boxes = (logits + branches[layer_id](x)).sigmoid()
        torch.testing.assert_close(
            decoded.hidden_states[layer_id], x, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(
            decoded.bboxes[layer_id], boxes, atol=1e-4, rtol=1e-4)
        boxes = boxes.detach()


def test_anchors_at_the_border_stay_finite():
    decoder, branches = make_decoder('dab'), make_reg_branches()
    memory, queries = make_memory(), make_queries('dab', 5)
    queries['anchors'] = torch.tensor([0.0, 1.0, 0.0, 1.0]).repeat(2, 5, 1)
    queries['anchors'].requires_grad_()
    decoded = decode(decoder, branches, queries, memory, 5)
    decoded.bboxes.sum().backward()
    assert decoded.bboxes.isfinite().all()
    assert queries['anchors'].grad.isfinite().all()
