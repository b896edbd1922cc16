"""DEM looks at all queries of a frame, whatever their order or padding."""
import pytest
import torch
from layer_samples import DIMS, HEADS, make_outputs, randomise
from mmdet.models.layers import coordinate_to_encoding

from ipmot_mm.models.layers import DeduplicationModule

NUM_DETECT, NUM_TRACKS = 5, 3
OPTIONS = pytest.mark.parametrize('options', [
    dict(),
    dict(with_residual=False),
    dict(with_pos=True),
    dict(with_type_embed=True),
    dict(with_pos=True, with_type_embed=True, with_residual=False),
    dict(overlap_scale=4.0),
    dict(with_pos=True, overlap_scale=4.0),
])


def make_module(**options):
    return randomise(
        DeduplicationModule(embed_dims=DIMS, num_heads=HEADS, **options))


def reorder(outputs, order):
    return outputs.replace(
        hidden_states=outputs.hidden_states[:, :, order],
        bboxes=outputs.bboxes[:, :, order],
        valid=outputs.valid[:, order])


@OPTIONS
def test_permutation_equivariant(options):
    module, outputs = make_module(**options), make_outputs()
    # detect queries and tracks each keep their side
    order = torch.tensor([4, 0, 3, 1, 2, 6, 7, 5])
    logits = module(outputs)
    assert logits.shape == (2, 8) and logits.std() > 1e-3
    torch.testing.assert_close(
        module(reorder(outputs, order)), logits[:, order])


def test_kind_of_a_query_counts_only_with_the_type_embedding():
    order = torch.tensor([5, 1, 2, 3, 4, 0, 6, 7])  # swaps detect and track
    for options, is_blind in ((dict(), True), (dict(with_type_embed=True),
                                               False)):
        module, outputs = make_module(**options), make_outputs()
        same = torch.allclose(
            module(reorder(outputs, order)),
            module(outputs)[:, order])
        assert same == is_blind


@OPTIONS
@pytest.mark.parametrize('training', [True, False])
def test_padding_is_not_seen(options, training):
    module, outputs = make_module(**options).train(training), make_outputs()
    valid = outputs.valid.clone()
    valid[1, -2:] = False
    padded = outputs.replace(valid=valid)
    with torch.set_grad_enabled(training):
        logits = module(padded)
        noise = torch.where(valid, 0.0, 9.0)[..., None]
        noisy = padded.replace(hidden_states=outputs.hidden_states + noise)
        alone = padded.replace(
            hidden_states=outputs.hidden_states[:, 1:, :-2],
            bboxes=outputs.bboxes[:, 1:, :-2],
            valid=valid[1:, :-2])
        torch.testing.assert_close(module(noisy)[valid], logits[valid])
        torch.testing.assert_close(module(alone)[0], logits[1, :-2])
    assert logits.isfinite().all()


def naive_overlaps(bboxes):
    """GIoU of each two of cxcywh boxes, number by number."""

    def giou(first, second):
        sizes, spans, hulls = [], [], []
        for axis in (0, 1):
            edges = [(box[axis] - box[axis + 2] / 2,
                      box[axis] + box[axis + 2] / 2)
                     for box in (first, second)]
            sizes.append([end - start for start, end in edges])
            spans.append(max(0, min(edge[1] for edge in edges) -
                             max(edge[0] for edge in edges)))
            hulls.append(max(edge[1] for edge in edges) -
                         min(edge[0] for edge in edges))
        both = spans[0] * spans[1]
        union = sum(w * h for w, h in zip(*sizes)) - both
        hull = hulls[0] * hulls[1]
        return both / union - (hull - union) / hull

    return torch.tensor([[[giou(first, second) for second in sample]
                          for first in sample]
                         for sample in bboxes.tolist()])


@OPTIONS
def test_formula(options):
    """Eq. 5 by torch's own attention, with each option spelled out."""
    module, outputs = make_module(**options), make_outputs()
    hidden = outputs.hidden_states[-1]
    if 'with_type_embed' in options:
        rows = [0] * NUM_DETECT + [1] * NUM_TRACKS
        hidden = hidden + torch.stack(
            [module.type_embed.weight[i] for i in rows])
    query = hidden
    if 'with_pos' in options:
        query = hidden + module.pos_head(
            coordinate_to_encoding(outputs.bboxes[-1], DIMS // 2))
    bias = None
    if 'overlap_scale' in options:
        scales = module.overlap_scales
        assert len(set(scales.tolist())) == HEADS  # each head its own
        overlaps = naive_overlaps(outputs.bboxes[-1].detach())
        bias = torch.cat([  # torch wants (N * H, Q, Q)
            scales[:, None, None] * sample for sample in overlaps])
    expected = module.attention(query, query, hidden, attn_mask=bias)[0]
    if options.get('with_residual', True):
        expected = module.norm(hidden + expected)
    first, last = module.mlp.layers
    torch.testing.assert_close(
        module(outputs),
        last(first(expected).relu())[..., 0])


def test_twins_need_the_residual():
    outputs = make_outputs()
    hidden = outputs.hidden_states.detach().clone()
    hidden[:, :, NUM_DETECT] = hidden[:, :, 0] + 1e-3 * torch.randn(DIMS)
    outputs = outputs.replace(hidden_states=hidden)

    def gap(**options):
        torch.manual_seed(1)
        logits = make_module(**options)(outputs)
        return (logits[:, NUM_DETECT] - logits[:, 0]).abs().mean()

    assert gap(with_residual=False) < 0.2 * gap()
    hidden[:, :, NUM_DETECT] = hidden[:, :, 0]
    assert gap(with_residual=False) < 1e-6
    assert gap() < 1e-6  # identical twins: only the type tells them apart
    assert gap(with_type_embed=True) > 1e-3


@pytest.mark.parametrize('detach_input', [True, False])
def test_detached_input_keeps_the_gradient_out_of_the_decoder(detach_input):
    module = make_module(
        detach_input=detach_input,
        with_pos=True,
        with_type_embed=True,
        overlap_scale=1.0)
    outputs = make_outputs()
    module(outputs).square().sum().backward()
    if detach_input:
        assert outputs.hidden_states.grad is None
    else:
        assert outputs.hidden_states.grad[-1].any(-1).all()
        assert not outputs.hidden_states.grad[0].any()
    assert outputs.bboxes.grad is None
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def test_confidence_starts_at_one_half():
    module = DeduplicationModule(embed_dims=DIMS, num_heads=HEADS)
    module.init_weights()
    last = module.mlp.layers[-1]
    assert torch.equal(last.bias, torch.zeros(1))
    assert last.weight.any()
    torch.nn.init.zeros_(last.weight)
    torch.testing.assert_close(
        module(make_outputs()).sigmoid(), torch.full((2, 8), 0.5))


def test_overlap_is_an_option_with_one_number_for_each_head():
    plain = DeduplicationModule(embed_dims=DIMS, num_heads=HEADS)
    assert 'overlap_scales' not in plain.state_dict()
    module = DeduplicationModule(
        embed_dims=DIMS, num_heads=HEADS, overlap_scale=4.0)
    assert module.overlap_scales.tolist() == [4.0] * HEADS
    module.load_state_dict(plain.state_dict(), strict=False)
    outputs = make_outputs()
    assert not torch.allclose(module(outputs), plain(outputs), atol=1e-4)
    torch.nn.init.zeros_(module.overlap_scales)
    torch.testing.assert_close(module(outputs), plain(outputs))


def test_overlap_under_autocast():
    module = make_module(overlap_scale=4.0)
    outputs = make_outputs()
    padded = outputs.replace(valid=outputs.valid.clone())
    padded.valid[1, -1] = False
    expected = module(padded)[padded.valid]
    with torch.autocast('cpu', torch.bfloat16):
        found = module(padded)[padded.valid]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=0.1, rtol=0.1)
    found.sum().backward()
    assert module.overlap_scales.grad.isfinite().all()
