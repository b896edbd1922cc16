"""Nothing is left over: every key of either side is accounted for."""
import re

import pytest
import torch
from layout_models import build_tracker, memory_updater
from mmdet_model import mmdet_state
from official_state import random_state_dict, two_stage
from other_states import detrex_state, memotr_state

from ipmot_mm.checkpoint_layouts import (LAYOUTS, convert, describe_model,
                                         find_fresh, find_layout,
                                         find_state_dict)


def both(kind):
    return [random_state_dict(kind), two_stage(random_state_dict(kind))]


def sources(name):
    """Checkpoints of a layout, which together have all keys it can have."""
    if name in ('dab', 'deformable'):
        return both(name)
    if name == 'detrex':
        extra = {'criterion.empty_weight': 1, 'pixel_mean': 1, 'pixel_std': 1}
        states = [detrex_state(s) for k in ('dab', 'deformable')
                  for s in both(k)]
        return [dict(states[0], **{
            key: torch.ones(1) for key in extra}), *states[1:]]
    if name == 'mmdet':
        preprocessor = {'data_preprocessor.mean': torch.ones(3)}
        return [{**mmdet_state(), **preprocessor},
                mmdet_state(as_two_stage=True)]
    return [memotr_state('dab' if name == 'memotr' else 'deformable')]


def tracker_of(state):
    kind = 'dab' if any('ref_point_head' in key
                        for key in state) else 'deformable'
    changes = {}
    if any(key.startswith('query_updater') for key in state):
        changes = dict(updater=memory_updater(), dedup=None)
    return build_tracker(kind, **changes)


@pytest.mark.parametrize('name', LAYOUTS)
def test_every_source_key_is_used_or_dropped_with_a_reason(name):
    for state in sources(name):
        done = convert(state, find_layout(state))
        assert done.layout == name
        assert all(done.dropped.values())
        added = [k for k in done.weights if k.endswith('conv.bias')] if (
            name == 'mmdet') else []
        assert len(done.weights) - len(added) + len(
            done.dropped) == len(state)


@pytest.mark.parametrize('name', LAYOUTS)
def test_every_key_of_the_tracker_is_filled_or_fresh_with_a_reason(name):
    for state in sources(name):
        done = convert(state, find_layout(state))
        own = tracker_of(state).state_dict()
        fresh = find_fresh(done, own)
        assert all(fresh.values())
        assert not fresh.keys() & done.weights.keys()
        assert fresh.keys() | done.weights.keys() == own.keys()


@pytest.mark.parametrize('name', LAYOUTS)
def test_every_row_of_a_table_has_a_key(name):
    layout = LAYOUTS[name]
    keys = [key for state in sources(name) for key in state]
    for pattern in (*layout.keys, *layout.dropped, *layout.markers):
        if 'res2' in pattern and 'shortcut' in pattern:
            continue  # a ResNet-18 has none, a ResNet-50 does
        assert any(re.fullmatch(pattern, key) for key in keys), pattern


@pytest.mark.parametrize('name', LAYOUTS)
def test_no_key_matches_two_rows(name):
    layout = LAYOUTS[name]
    rows = [*layout.keys, *layout.dropped]
    for state in sources(name):
        for key in state:
            assert sum(bool(re.fullmatch(row, key)) for row in rows) == 1, key


def test_fresh_parts_of_a_one_stage_detector():
    state = random_state_dict('dab')
    fresh = find_fresh(
        convert(state, LAYOUTS['dab']),
        build_tracker('dab').state_dict())
    parts = {re.match(r'(detector\.bbox_head\.\w+|\w+)', key).group()
             for key in fresh if not key.endswith('num_batches_tracked')}
    assert parts == {'detector.bbox_head.embed_branches', 'updater', 'dedup'}


def test_another_model_is_refused_with_what_is_needed():
    done = convert(random_state_dict('dab'), LAYOUTS['dab'])
    assert describe_model(done) == (
        'it asks for detector.type DABDeformableDetector, num_queries=5, 2 '
        'and 3 layers, feedforward_channels=24, num_feature_levels=4, '
        'num_classes=1')
    for kind, queries, text in (
            ('deformable', 5, 'has no .*type DABDeformableDetector'),
            ('dab', 6, r'shape \(6, 16\) in .* \(5, 16\) in the checkpoint')):
        own = build_tracker(kind, num_queries=queries).state_dict()
        with pytest.raises(ValueError, match=text):
            find_fresh(done, own)
    own = build_tracker('dab').state_dict()
    own['detector.more'] = torch.ones(1)
    with pytest.raises(ValueError, match='does not fill, such as detector.m'):
        find_fresh(done, own)


@pytest.mark.parametrize('key, hint', [
    ('detector.query_anchor.weight', 'load_from as it is'),
    ('decoder.ref_anchor_head.layers.0.weight', 'looks like DAB-DETR'),
    ('input_proj.weight', 'looks like DETR'),
    ('label_enc.weight', 'looks like DINO'),
    ('track_embed.self_attn.in_proj_weight', 'looks like MOTR'),
    ('visual.transformer.resblocks.0.ln_1.weight', 'track_book.clip.pretra'),
    ('layer4.0.conv1.weight', 'plain backbone'),
    ('zero.a', 'see docs/checkpoints.md'),
])
def test_unknown_layout_says_what_was_found(key, hint):
    state = {key: torch.ones(1), 'other.b': torch.ones(1)}
    with pytest.raises(
            ValueError,
            match=rf'2 keys in .*{key.split(".")[0]}.* one of dab, .*{hint}'):
        find_layout(state)


def test_weights_are_found_in_the_files_of_all_projects():
    state = {'a': torch.ones(1)}
    wrapped = {'module.a': state['a']}
    for content in (state, dict(model=state), dict(state_dict=state),
                    dict(model=wrapped, optimizer={})):
        assert find_state_dict(content) == state
    for content in ([1], dict(epoch=1), dict(model={})):
        with pytest.raises(ValueError, match='has no weights under "model"'):
            find_state_dict(content)
