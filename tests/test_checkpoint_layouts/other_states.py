"""The official state dict under the names that other projects give it.

Each function undoes its renaming by plain replacement, in another way than
the tables of the package.
"""
import re

import torch
from official_state import DIMS, FFN, HEADS, random_state_dict

RESNET = {'bn1': 'conv1.norm', 'bn2': 'conv2.norm', 'downsample.1':
          'shortcut.norm', 'downsample.0': 'shortcut'}
NORMS = {'norm2': 'norms.0', 'norm1': 'norms.1', 'norm3': 'norms.2'}


def detrex_name(key):
    """As its own converter does (projects/deformable_detr/converter.py)."""
    if key.startswith('backbone.0.body.'):
        key = key[len('backbone.0.body.'):]
        key = key if key.startswith('layer') else f'stem.{key}'
        for old, new in RESNET.items():
            key = key.replace(old, new)
        return 'backbone.' + re.sub(
            'layer(.)', lambda found: f'res{int(found.group(1)) + 1}', key)
    for level in range(4):
        folder = f'convs.{level}' if level < 3 else 'extra_convs.0'
        key = key.replace(f'input_proj.{level}.0', f'neck.{folder}.conv')
        key = key.replace(f'input_proj.{level}.1', f'neck.{folder}.norm')
    if '.layers.' in key and 'transformer' in key:
        key = key.replace('linear1', 'ffns.0.layers.0.0')
        key = key.replace('linear2', 'ffns.0.layers.1')
        if 'encoder' in key:
            key = key.replace('self_attn', 'attentions.0')
            key = key.replace('norm1', 'norms.0').replace('norm2', 'norms.1')
        else:
            key = key.replace('self_attn', 'attentions.0.attn')
            key = key.replace('cross_attn', 'attentions.1')
            for old, new in NORMS.items():
                key = key.replace(old, new)
    return key.replace('level_embed', 'level_embeds').replace(
        'query_embed.', 'query_embedding.').replace(
            'enc_output_norm', 'enc_outpout_norm')


def detrex_state(state):
    """Weights of a detrex model, with its 80 classes if they were 91."""
    return {detrex_name(key): value for key, value in state.items()}


def memotr_state(kind, num_queries=5):
    """Weights of a MeMOTR on ``'dab'`` or on ``'deformable'``."""
    state = {}
    for key, value in random_state_dict(kind, num_queries, classes=1).items():
        key = key.replace('backbone.0.body.', 'backbone.backbone.backbone.')
        key = key.replace('input_proj', 'feature_projs')
        key = key.replace('tgt_embed.weight', 'det_query_embed')
        key = key.replace('refpoint_embed.weight', 'det_anchor')
        state[re.sub(r'^query_embed\.weight$', 'det_query_embed', key)] = value
    updater = memotr_updater(kind)
    return {**state, **updater}


def memotr_updater(kind):
    """Its updater alone."""
    state = {}

    def linear(name, rows, cols):
        state[f'query_updater.{name}.weight'] = torch.randn(rows, cols) / 4
        state[f'query_updater.{name}.bias'] = torch.randn(rows) / 4

    def norm(name):
        state[f'query_updater.{name}.weight'] = torch.rand(DIMS) + 0.5
        state[f'query_updater.{name}.bias'] = torch.randn(DIMS) / 4

    linear('confidence_weight_net.0.layers.0', DIMS, DIMS)
    linear('confidence_weight_net.0.layers.1', DIMS, DIMS)
    linear('short_memory_fusion.layers.0', 2 * DIMS, 2 * DIMS)
    linear('short_memory_fusion.layers.1', DIMS, 2 * DIMS)
    linear('memory_attn.out_proj', DIMS, DIMS)
    name = 'query_updater.memory_attn.in_proj_'
    state[f'{name}weight'] = torch.randn(3 * DIMS, DIMS) / 4
    state[f'{name}bias'] = torch.randn(3 * DIMS) / 4
    for part in ('memory_ffn', 'query_feat_ffn'):
        linear(f'{part}.linear1', FFN, DIMS)
        linear(f'{part}.linear2', DIMS, FFN)
        norm(f'{part}.norm')
    norm('memory_norm')
    norm('query_feat_norm')
    linear('query_pos_head.layers.0', DIMS, 2 * DIMS)
    linear('query_pos_head.layers.1', DIMS, DIMS)
    if kind == 'deformable':
        linear('linear_pos1', DIMS, DIMS)
        linear('linear_pos2', DIMS, DIMS)
        norm('norm_pos')
    assert DIMS % HEADS == 0
    return state
