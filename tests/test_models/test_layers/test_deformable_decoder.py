"""What both decoders do with detect and track queries."""
import dataclasses

import pytest
import torch
from layer_samples import (DIMS, count_calls, decode, layer_cfg, make_decoder,
                           make_memory, make_queries, make_reg_branches,
                           randomise, select_queries)
from mmdet.models.layers import DeformableDetrTransformerDecoder

from ipmot_mm.models.layers import DeformableDecoder
from ipmot_mm.models.layers.deformable_decoder import project_values

KINDS = pytest.mark.parametrize('kind', ['dab', 'plain'])
NUM_DETECT, NUM_TRACKS = 5, 3


@pytest.mark.parametrize('num_levels', [1, 4])
@pytest.mark.parametrize('num_layers', [1, 3, 6])
def test_without_tracks_equals_mmdet(num_layers, num_levels):
    cfg = layer_cfg(num_levels)
    cfg['cross_attn_cfg']['dropout'] = 0.0
    theirs = randomise(
        DeformableDetrTransformerDecoder(
            num_layers=num_layers,
            return_intermediate=True,
            layer_cfg=cfg,
            post_norm_cfg=None))
    ours = make_decoder('plain', num_layers, num_levels,
                        min(1, num_layers - 1))
    theirs.load_state_dict(ours.state_dict())
    branches = make_reg_branches(num_layers)
    memory, queries = make_memory(2, num_levels), make_queries('plain', 7)
    queries['anchors'][..., 2:] = 0.5
    shapes = torch.tensor(memory.spatial_shapes)
    hidden_states, references = theirs(
        query=queries['content'],
        query_pos=queries['query_pos'],
        value=memory.features,
        key_padding_mask=memory.padding_mask,
        reference_points=queries['anchors'][..., :2],
        spatial_shapes=shapes,
        level_start_index=shapes.prod(1).cumsum(0) - shapes.prod(1),
        valid_ratios=memory.valid_ratios,
        reg_branches=branches)
    decoded = decode(ours, branches, queries, memory, 7)
    torch.testing.assert_close(decoded.hidden_states, hidden_states)
    torch.testing.assert_close(decoded.bboxes, references)


@KINDS
def test_detect_only_layers_leave_tracks_untouched(kind):
    decoder = make_decoder(kind, num_layers=4, det_only=2)
    branches, memory = make_reg_branches(4), make_memory()
    queries = make_queries(kind, NUM_DETECT + NUM_TRACKS)
    decoded = decode(decoder, branches, queries, memory, NUM_DETECT)
    alone = decode(decoder, branches, select_queries(queries,
                                                     slice(NUM_DETECT)),
                   memory, NUM_DETECT)
    track = slice(NUM_DETECT, None)
    for layer in range(2):
        assert torch.equal(decoded.hidden_states[layer][:, track],
                           queries['content'][:, track])
        assert torch.equal(decoded.bboxes[layer][:, track],
                           queries['anchors'][:, track])
        torch.testing.assert_close(
            decoded.hidden_states[layer][:, :NUM_DETECT],
            alone.hidden_states[layer])
    for layer in range(2, 4):
        assert (decoded.hidden_states[layer][:, track]
                != decoded.hidden_states[layer - 1][:, track]).any(-1).all()
        assert (decoded.bboxes[layer][:, track]
                != decoded.bboxes[layer - 1][:, track]).any(-1).all()
        # joint layers: the detect queries see the tracks
        assert not torch.allclose(decoded.hidden_states[layer][:, :NUM_DETECT],
                                  alone.hidden_states[layer])


@KINDS
@pytest.mark.parametrize('det_only', [0, 1])
def test_padded_tracks_change_nothing(kind, det_only):
    decoder = make_decoder(kind, det_only=det_only)
    branches, memory = make_reg_branches(), make_memory()
    queries = make_queries(kind, NUM_DETECT + NUM_TRACKS)
    valid = torch.ones(2, NUM_DETECT + NUM_TRACKS, dtype=torch.bool)
    valid[1, -2:] = False
    padded = decode(decoder, branches, queries, memory, NUM_DETECT, valid)
    for n, num_valid in enumerate(valid.sum(1).tolist()):
        own = select_queries(queries, slice(num_valid))
        own = {k: None if v is None else v[n:n + 1] for k, v in own.items()}
        alone = decode(decoder, branches, own, memory.frame(n, 2), NUM_DETECT)
        for got, wanted in ((padded.hidden_states, alone.hidden_states),
                            (padded.bboxes, alone.bboxes)):
            torch.testing.assert_close(got[:, n, :num_valid], wanted[:, 0])


@KINDS
@pytest.mark.parametrize('num_levels, num_layers, det_only', [(1, 1, 0),
                                                              (2, 3, 1),
                                                              (4, 6, 5)])
def test_order_of_the_tracks_does_not_matter(kind, num_levels, num_layers,
                                             det_only):
    decoder = make_decoder(kind, num_layers, num_levels, det_only)
    branches = make_reg_branches(num_layers)
    memory = make_memory(2, num_levels)
    queries = make_queries(kind, NUM_DETECT + NUM_TRACKS)
    order = torch.tensor([0, 1, 2, 3, 4, 7, 5, 6])
    first = decode(decoder, branches, queries, memory, NUM_DETECT)
    second = decode(decoder, branches, select_queries(queries, order), memory,
                    NUM_DETECT)
    torch.testing.assert_close(second.hidden_states,
                               first.hidden_states[:, :, order])
    torch.testing.assert_close(second.bboxes, first.bboxes[:, :, order])
    assert first.hidden_states.shape == (num_layers, 2, 8, DIMS)


@KINDS
@pytest.mark.parametrize('num_layers', [1, 3])
def test_what_entered_the_last_layer(kind, num_layers):
    decoder = make_decoder(kind, num_layers, det_only=0)
    branches, memory = make_reg_branches(num_layers), make_memory()
    queries = make_queries(kind, NUM_DETECT)
    queries['anchors'].requires_grad_()
    decoded = decode(decoder, branches, queries, memory, NUM_DETECT)
    content, anchors = queries['content'], queries['anchors']
    if num_layers > 1:
        content, anchors = decoded.hidden_states[-2], decoded.bboxes[-2]
    assert torch.equal(decoded.last_content, content)
    assert torch.equal(decoded.last_anchors, anchors)
    assert not decoded.last_anchors.requires_grad


@KINDS
def test_a_box_trains_the_branch_of_its_layer_alone(kind):
    decoder, branches = make_decoder(kind), make_reg_branches()
    decoded = decode(decoder, branches,
                     make_queries(kind, NUM_DETECT + NUM_TRACKS),
                     make_memory(), NUM_DETECT)
    decoded.bboxes[2].sum().backward()
    for layer, branch in enumerate(branches):
        has_grad = [bool(p.grad.any()) for p in branch.parameters()]
        assert has_grad == [layer == 2] * 4


@KINDS
def test_refined_anchors_carry_no_gradient(kind):
    decoder, branches = make_decoder(kind), make_reg_branches()
    # without the layers, only the sum with the anchor links box and anchor
    for layer in decoder.layers:
        layer.forward = lambda query, *args: query
    queries = make_queries(kind, NUM_DETECT)
    queries['anchors'].requires_grad_()
    decoded = decode(decoder, branches, queries, make_memory(), NUM_DETECT)
    for layer in range(3):
        grad, = torch.autograd.grad(
            decoded.bboxes[layer].sum(), queries['anchors'], retain_graph=True)
        assert grad.any() == (layer == 0)


@KINDS
def test_checkpointing_changes_no_value_and_no_gradient(kind):
    memory, queries = make_memory(), make_queries(kind, NUM_DETECT + 2)
    memory.features.requires_grad_()
    branches, results = make_reg_branches(), []
    for with_cp in (False, True):
        torch.manual_seed(3)
        decoder = make_decoder(kind, with_cp=with_cp)
        calls = count_calls(decoder.layers[1])
        decoded = decode(decoder, branches, queries, memory, NUM_DETECT)
        loss = decoded.hidden_states.square().sum() + decoded.bboxes.sum()
        wanted = [
            memory.features, *decoder.parameters(), *branches.parameters()
        ]
        results.append([
            decoded.hidden_states, decoded.bboxes,
            *torch.autograd.grad(loss, wanted)
        ])
        assert len(calls) == (2 if with_cp else 1)
    for plain, recomputed in zip(*results):
        torch.testing.assert_close(recomputed, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('ragged', [True, False])
def test_values_of_all_layers_are_those_of_each(ragged):
    decoder, memory = make_decoder('dab').double(), make_memory(ragged=ragged)
    memory = dataclasses.replace(
        memory, features=memory.features.double().requires_grad_())
    results = []
    weights = torch.randn(3, *memory.features.shape).double()
    for values in (project_values(decoder.layers, memory), [
            layer.cross_attn.project_value(memory.features,
                                           memory.padding_mask)
            for layer in decoder.layers
    ]):
        loss = sum((value.flatten(2) * weight).sum()
                   for value, weight in zip(values, weights))
        wanted = [memory.features] + [
            parameter for layer in decoder.layers
            for parameter in layer.cross_attn.value_proj.parameters()
        ]
        results.append([*values, *torch.autograd.grad(loss, wanted)])
    assert len(results[0]) == 3 + 7
    for found, expected in zip(*results):
        torch.testing.assert_close(found, expected)


@KINDS
def test_masks_are_passed_only_where_something_may_be_padding(kind):
    decoder, seen = make_decoder(kind, det_only=1), []
    for layer in decoder.layers:
        layer.self_attn.register_forward_pre_hook(
            lambda module, args: seen.append(args[2]))
    for num_tracks in (0, NUM_TRACKS):
        queries = make_queries(kind, NUM_DETECT + num_tracks)
        decode(decoder, make_reg_branches(), queries, make_memory(),
               NUM_DETECT)
    assert [mask is None for mask in seen] == [True] * 4 + [False] * 2


@KINDS
def test_small_anchors_are_not_enlarged(kind):
    """Logits are cut at 1e-5, as the official code does."""
    decoder, branches = make_decoder(kind), make_reg_branches()
    for parameter in branches.parameters():
        torch.nn.init.zeros_(parameter)
    queries = make_queries(kind, NUM_DETECT)
    queries['anchors'] = torch.tensor([1e-4, 1 - 1e-4, 3e-5,
                                       0.0]).repeat(2, NUM_DETECT, 1)
    bboxes = decode(decoder, branches, queries, make_memory(),
                    NUM_DETECT).bboxes
    expected = queries['anchors'].clamp(min=1e-5).expand_as(bboxes)
    torch.testing.assert_close(bboxes, expected, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize('det_only', [-1, 3, 4])
def test_the_last_layer_must_decode_tracks(det_only):
    with pytest.raises(ValueError, match=r'\[0, num_layers = 3\), got'):
        DeformableDecoder(
            num_layers=3,
            layer_cfg=layer_cfg(2),
            num_detect_only_layers=det_only)
