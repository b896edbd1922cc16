"""A converted MeMOTR detects and updates as the formulas of the original."""
import math

import pytest
import torch
import torch.nn.functional as F
from layout_models import build_tracker, memory_updater
from official_forward import OfficialForward
from official_state import DIMS
from other_states import memotr_state

from ipmot_mm.checkpoint_layouts import convert, find_layout
from ipmot_mm.structures import TrackQueries

KINDS = ('dab', 'deformable')
HEADS = 8  # fixed in the updater of MeMOTR
MOMENTUM = 0.01


class OfficialNames(dict):
    """The state of a MeMOTR, asked for by the names of the detector."""

    NAMES = (('backbone.0.body', 'backbone.backbone.backbone'),
             ('input_proj', 'feature_projs'),
             ('tgt_embed.weight', 'det_query_embed'),
             ('refpoint_embed.weight', 'det_anchor'))

    def rename(self, key):
        if key == 'query_embed.weight':
            return 'det_query_embed'
        for old, new in self.NAMES:
            key = key.replace(old, new)
        return key

    def __getitem__(self, key):
        return super().__getitem__(self.rename(key))

    def __contains__(self, key):
        name = 'det_anchor' if key == 'tgt_embed.weight' else self.rename(key)
        return super().__contains__(name)


class MemotrForward(OfficialForward):
    """Its decoder encodes x before y."""

    def dab_position(self, content, references, layer):
        exchanged = references[..., [1, 0, 2, 3]]
        return super().dab_position(content, exchanged, layer)


@pytest.mark.parametrize('kind', KINDS)
@torch.no_grad()
def test_detections_are_those_of_the_original(kind):
    state = memotr_state(kind)
    model = tracker_from(state, kind)
    image = torch.randn(1, 3, 64, 96)
    found = model.detector.decode(
        model.detector.encode(image, [(64, 96)]), TrackQueries.empty(1, DIMS))
    logits, boxes = MemotrForward(OfficialNames(state))(image[0], (64, 96))
    torch.testing.assert_close(
        found.cls_logits[:, 0], logits, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.bboxes[:, 0], boxes, atol=1e-4, rtol=0)


def tracker_from(state, kind):
    done = convert(state, find_layout(state))
    model = build_tracker(kind, updater=memory_updater(HEADS), dedup=None)
    result = model.load_state_dict(done.weights, strict=False)
    assert result.unexpected_keys == []
    return model


def naive_update(state, anchors, hidden, last, memory):
    """Content and long memory of confident tracks, (S, C) each."""

    def linear(name, x):
        name = f'query_updater.{name}'
        return x @ state[f'{name}.weight'].T + state[f'{name}.bias']

    def norm(name, x):
        name = f'query_updater.{name}'
        return F.layer_norm(x, (DIMS, ), state[f'{name}.weight'],
                            state[f'{name}.bias'])

    def mlp(name, x):
        return linear(f'{name}.layers.1',
                      linear(f'{name}.layers.0', x).relu())

    def feed_forward(name, x):
        y = linear(f'{name}.linear2', linear(f'{name}.linear1', x).relu())
        return norm(f'{name}.norm', x + y)

    waves = [[f(2 * math.pi * value / 10000**(2 * i / (DIMS // 2)))
              for value in anchor for i in range(DIMS // 4)
              for f in (math.sin, math.cos)] for anchor in anchors.tolist()]
    position = mlp('query_pos_head', torch.tensor(waves))
    weight = mlp('confidence_weight_net.0', hidden).sigmoid()
    short = mlp('short_memory_fusion', torch.cat([weight * hidden, last], 1))
    in_weight = state['query_updater.memory_attn.in_proj_weight'].chunk(3)
    in_bias = state['query_updater.memory_attn.in_proj_bias'].chunk(3)
    q, k, v = ((x @ w.T + b).view(len(x), HEADS, -1).transpose(0, 1)
               for x, w, b in zip((short + position, memory + position,
                                   hidden), in_weight, in_bias))
    share = (q @ k.transpose(1, 2) / (DIMS / HEADS)**0.5).softmax(-1)
    attended = linear('memory_attn.out_proj',
                      (share @ v).transpose(0, 1).flatten(1))
    found = feed_forward('memory_ffn', norm('memory_norm', hidden + attended))
    content = feed_forward('query_feat_ffn',
                           norm('query_feat_norm', memory + found))
    return content, (1 - MOMENTUM) * memory + MOMENTUM * hidden


@pytest.mark.parametrize('kind', KINDS)
@torch.no_grad()
def test_updates_are_those_of_the_original(kind):
    state = memotr_state(kind)
    updater = tracker_from(state, kind).updater
    anchors = torch.rand(3, 4)
    hidden, last, memory, content = torch.randn(4, 3, DIMS)
    tracks = TrackQueries(
        content=content[None],
        anchors=anchors[None],
        query_pos=None,
        ids=torch.zeros(1, 3, dtype=torch.long),
        labels=torch.zeros(1, 3, dtype=torch.long),
        scores=torch.ones(1, 3),
        ious=torch.ones(1, 3),
        num_frames_missed=torch.zeros(1, 3, dtype=torch.long),
        valid=torch.ones(1, 3, dtype=torch.bool),
        last_output=last[None],
        long_memory=memory[None])
    found = updater.interact(tracks, hidden[None])
    expected = naive_update(state, anchors, hidden, last, memory)
    torch.testing.assert_close(
        found.content[0], expected[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(found.long_memory[0], expected[1])
    assert found.last_output[0].equal(hidden)


def test_what_moves_positions_without_anchors_is_said_to_be_dropped():
    state = memotr_state('deformable')
    dropped = convert(state, find_layout(state)).dropped
    assert {key for key in dropped if key.startswith('query_updater')} == {
        f'query_updater.{name}.{kind}'
        for name in ('linear_pos1', 'linear_pos2', 'norm_pos')
        for kind in ('weight', 'bias')
    }
