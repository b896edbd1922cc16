"""Recorded weights are those with which the model computed."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from query_samples import NUM_TRACKS, make_tracker, track
from torch import nn
from torch.overrides import _get_current_function_mode_stack

from ipmot_mm.models.layers.query_attention import attend
from ipmot_mm.structures import NO_ID, TrackState
from ipmot_mm.visualization.attention_recorder import (AttentionRecorder,
                                                       attention_weights)

OVERLAP = {'dedup.overlap_scale': 4.0}


def inputs_of(module, call):
    """What a module was called with, each time."""
    seen = []
    handle = module.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs))
    call()
    handle.remove()
    return seen


@pytest.mark.parametrize('layer, place', [(-1, 2), (1, 1)])
def test_decoder_layer_equals_torch(layer, place):
    """nn.MultiheadAttention, asked for its weights by its own code."""
    model = make_tracker()
    module = model.detector.decoder.layers[place].self_attn
    with AttentionRecorder(model, layer=layer) as recorder:
        seen = inputs_of(module, lambda: track(model))
    assert len(seen) == len(recorder.frames) == 3
    for (query, position, valid), frame in zip(seen, recorder.frames):
        query = query.transpose(0, 1)  # mmcv's module has the batch second
        located = query + position.transpose(0, 1)
        _, expected = module.attn(
            located, located, query, key_padding_mask=~valid,
            need_weights=True, average_attn_weights=False)
        torch.testing.assert_close(
            torch.from_numpy(frame().weights), expected[0].detach())


@pytest.mark.parametrize('num_videos', [1, 2])
@pytest.mark.parametrize('changes', [{}, OVERLAP])
def test_weights_of_the_deduplication_module_give_its_logits(
        changes, num_videos):
    """The rest of the module, from the weights on, by hand."""
    model = make_tracker(**changes)
    dedup, dims = model.dedup, model.dedup.attention.embed_dim
    states = [TrackState() for _ in range(num_videos)]
    with AttentionRecorder(model, layer='dedup') as recorder:
        seen = inputs_of(
            dedup, lambda: track(model, 3, num_videos, states))
    assert len(recorder.frames) == len(seen) * num_videos == 3 * num_videos
    for place, frame in enumerate(recorder.frames):
        (outputs, ), n = seen[place // num_videos], place % num_videos
        hidden, attention = outputs.hidden_states[-1], dedup.attention
        value = F.linear(hidden, attention.in_proj_weight[2 * dims:],
                         attention.in_proj_bias[2 * dims:])
        value = value[n].unflatten(-1, (attention.num_heads, -1))
        mixed = torch.einsum('hqk,khd->qhd',
                             torch.from_numpy(frame().weights), value)
        mixed = attention.out_proj(mixed.flatten(1))
        logits = dedup.mlp(dedup.norm(hidden[n] + mixed)).squeeze(-1)
        torch.testing.assert_close(logits, dedup(outputs)[n])


@pytest.mark.parametrize('kind', ['none', 'bool', 'float'])
def test_weights_times_values_are_what_the_kernel_gives(kind):
    query, key, value = torch.randn(3, 2, 4, 5, 8)
    mask = dict(
        none=None,
        bool=torch.tensor([True, True, False, True, True])[None, None, None],
        float=torch.randn(2, 4, 5, 5))[kind]
    torch.testing.assert_close(
        attention_weights(query, key, mask) @ value,
        F.scaled_dot_product_attention(query, key, value, mask))


def test_what_is_told_of_the_queries():
    model = make_tracker()
    with AttentionRecorder(model) as recorder:
        tracks = track(model)[0]
    first, _, last = [frame() for frame in recorder.frames]
    assert (first.track_ids == NO_ID).all()
    rows = np.flatnonzero(last.track_ids != NO_ID)
    assert (rows >= last.num_detect_queries).all()
    assert len(rows) == NUM_TRACKS == len(tracks[2])
    for row in rows:
        same = tracks[2][tracks[2].instances_id == last.track_ids[row]]
        np.testing.assert_allclose(
            last.bboxes[row] * [96, 64, 96, 64], same.bboxes[0], atol=1e-3)
        assert last.scores[row] == pytest.approx(float(same.scores[0]))
    assert last.weights.sum(-1) == pytest.approx(1, abs=1e-5)
    recorder.clear()
    assert recorder.frames == []


def test_each_video_has_its_own():
    model = make_tracker()
    with AttentionRecorder(model) as recorder:
        track(model, 2, 2, [TrackState(), TrackState()])
    both = [frame() for frame in recorder.frames][2:]
    with AttentionRecorder(model) as recorder:
        track(model, 2)
    alone = recorder.frames[1]()
    np.testing.assert_allclose(both[0].weights, alone.weights, atol=1e-5)
    assert np.abs(both[1].weights - alone.weights).max() > 0.01


def test_afterwards_nothing_listens():
    model = make_tracker()
    with AttentionRecorder(model) as recorder:
        pass
    track(model)
    assert recorder.frames == []
    assert not model.detector.decoder.layers[-1].self_attn._forward_hooks


def test_an_error_inside_leaves_no_mode_behind():
    model = make_tracker()
    before = len(_get_current_function_mode_stack())
    module = model.detector.decoder.layers[-1].self_attn
    module.attn.out_proj = None
    with pytest.raises(TypeError):
        with AttentionRecorder(model):
            track(model)
    assert len(_get_current_function_mode_stack()) == before


@pytest.mark.parametrize('layer, text', [
    (0, r'are, 1 to 2, got 0'), (3, 'got 3'), (-4, 'got -4'),
    ('mean', "got 'mean'")])
def test_layers_without_track_queries_are_refused(layer, text):
    with pytest.raises(ValueError, match=text):
        AttentionRecorder(make_tracker(), layer=layer)


def test_other_modules_are_refused():
    model = make_tracker(dedup=None)
    with pytest.raises(ValueError, match='has no deduplication module'):
        AttentionRecorder(model, layer='dedup')

    class Silent(nn.Module):

        def forward(self, query, *args):
            return query

    model.detector.decoder.layers[-1].self_attn = Silent()
    with AttentionRecorder(model):
        with pytest.raises(ValueError, match='Silent did not call scaled_dot'):
            track(model)


def test_no_other_attention_is_taken_for_it():
    """Such as the updater's, between two frames."""
    model = make_tracker()
    with AttentionRecorder(model) as recorder:
        track(model)
        before = recorder.frames[-1]().weights
        query = torch.randn(1, 3, 32)
        attend(model.dedup.attention, query, query, query)
        np.testing.assert_array_equal(recorder.frames[-1]().weights, before)
        assert recorder._kernel.query.size(2) == before.shape[1]
