"""The attention module is mmcv's with Python shapes."""
import pytest
import torch
from mmcv.ops import MultiScaleDeformableAttention as MMCVAttention

from ipmot_mm.ops.deformable_attention import (MultiScaleDeformableAttention,
                                               module)

SHAPES = ((5, 7), (3, 2), (1, 1))
NUM_VALUES = sum(h * w for h, w in SHAPES)
BATCH, QUERIES = 2, 11
SIZES = dict(embed_dims=12, num_heads=3, num_levels=3, num_points=5)


@pytest.fixture
def pair():
    ours = MultiScaleDeformableAttention(**SIZES)
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    theirs = MMCVAttention(**SIZES, dropout=0.0, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def make_inputs(reference_dims):
    query, query_pos = torch.randn(2, BATCH, QUERIES, 12).unbind()
    value = torch.randn(BATCH, NUM_VALUES, 12)
    references = torch.rand(BATCH, QUERIES, len(SHAPES), reference_dims)
    mask = torch.rand(BATCH, NUM_VALUES) > 0.6
    return query, query_pos, value, references, mask


@pytest.mark.parametrize('with_pos', [True, False])
@pytest.mark.parametrize('with_mask', [True, False])
@pytest.mark.parametrize('reference_dims', [2, 4])
def test_equals_mmcv(pair, reference_dims, with_mask, with_pos):
    query, query_pos, value, references, mask = make_inputs(reference_dims)
    inputs = [x.requires_grad_() for x in (query, value, references)]
    options = dict(
        query_pos=query_pos if with_pos else None,
        key_padding_mask=mask if with_mask else None)
    shapes = torch.tensor(SHAPES)
    ours, theirs = pair
    output = ours(
        query,
        value=value,
        spatial_shapes=SHAPES,
        reference_points=references,
        **options)
    expected = theirs(
        query,
        value=value,
        spatial_shapes=shapes,
        level_start_index=shapes.prod(1).cumsum(0) - shapes.prod(1),
        reference_points=references,
        **options)
    torch.testing.assert_close(output, expected)
    upstream = torch.randn_like(output)
    for got, wanted in zip(
            torch.autograd.grad(output, [*inputs, *ours.parameters()],
                                upstream),
            torch.autograd.grad(expected, [*inputs, *theirs.parameters()],
                                upstream)):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_padding_is_not_seen(pair):
    query, _, value, references, mask = make_inputs(2)
    options = dict(
        spatial_shapes=SHAPES,
        reference_points=references,
        key_padding_mask=mask)
    first = pair[0](query, value=value, **options)
    noise = torch.randn_like(value) * mask[..., None]
    assert torch.equal(first, pair[0](query, value=value + noise, **options))


def test_dropout_is_off_by_default():
    attention = MultiScaleDeformableAttention(**SIZES).train()
    assert attention.dropout.p == 0.0 and attention.batch_first
    assert MultiScaleDeformableAttention(**SIZES, dropout=0.3).dropout.p == 0.3


def test_projected_values_of_all_layers(pair):
    """As the decoder hands them: slices of one product."""
    query, _, value, references, mask = make_inputs(4)
    options = dict(spatial_shapes=SHAPES, reference_points=references)
    ours, _ = pair
    everything = torch.cat([value, ours.value_proj(value)], -1)
    projected = everything[..., 12:].masked_fill(mask[..., None], 0.0)
    sliced = torch.cat([value, projected], -1)[..., 12:].unflatten(-1, (3, 4))
    assert not sliced.is_contiguous()
    expected = ours(query, value=value, key_padding_mask=mask, **options)
    found = ours(query, projected_value=sliced, **options)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours.project_value(value, mask), sliced)


def test_backend_is_handed_on(pair, monkeypatch):
    query, _, value, references, _ = make_inputs(2)
    seen = []

    def attend(value, shapes, references, offsets, logits, backend):
        seen.append(backend)
        return offsets.new_zeros(BATCH, QUERIES, 12)

    monkeypatch.setattr(module, 'deformable_attention', attend)
    for backend in (None, 'torch'):
        attention = MultiScaleDeformableAttention(**SIZES, backend=backend)
        attention(
            query,
            value=value,
            spatial_shapes=SHAPES,
            reference_points=references)
    assert seen == [None, 'torch']
    with pytest.raises(ValueError, match="must be one of auto.*'cuda'"):
        MultiScaleDeformableAttention(**SIZES, backend='cuda')


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast(pair, dtype):
    query, _, value, references, _ = make_inputs(4)
    options = dict(spatial_shapes=SHAPES, reference_points=references)
    ours = pair[0]
    with torch.autocast('cpu', dtype=dtype):
        output = ours(query, value=value, **options)
    exact = ours(query, value=value, **options)
    torch.testing.assert_close(output, exact, atol=0.05, rtol=0.05)
    output.sum().backward()
    assert all(p.grad.dtype == torch.float32 for p in ours.parameters())
