"""Random weights of a tiny Deformable DETR under the official names."""
import math

import torch

DIMS, HEADS, LEVELS, POINTS, FFN, GROUPS = 16, 2, 4, 4, 24, 4
ENCODER_LAYERS, DECODER_LAYERS, CLASSES = 2, 3, 91
WIDTHS = (8, 16, 32, 64)  # of the four stages of the backbone


def random_state_dict(layout, num_queries=5, classes=CLASSES):
    """Random weights under the names of the official checkpoints."""
    state = {}

    def linear(name, rows, cols, *kernel):
        fan_in = cols * math.prod(kernel)
        state[f'{name}.weight'] = torch.randn(rows, cols, *
                                              kernel) / fan_in**0.5
        state[f'{name}.bias'] = torch.randn(rows) * 0.1

    def norm(name, dims=DIMS):
        state[f'{name}.weight'] = 1 + torch.randn(dims) * 0.1
        state[f'{name}.bias'] = torch.randn(dims) * 0.1

    def conv_bn(conv, bn, rows, cols, size):
        linear(conv, rows, cols, size, size)
        del state[f'{conv}.bias']
        norm(bn, rows)
        state[f'{bn}.running_mean'] = torch.randn(rows) * 0.1
        state[f'{bn}.running_var'] = 1 + torch.rand(rows)

    body, cols = 'backbone.0.body', WIDTHS[0]
    conv_bn(f'{body}.conv1', f'{body}.bn1', WIDTHS[0], 3, 7)
    for stage, rows in enumerate(WIDTHS, 1):
        for block in (f'{body}.layer{stage}.{i}' for i in range(2)):
            conv_bn(f'{block}.conv1', f'{block}.bn1', rows, cols, 3)
            conv_bn(f'{block}.conv2', f'{block}.bn2', rows, rows, 3)
            if rows != cols:
                conv_bn(f'{block}.downsample.0', f'{block}.downsample.1', rows,
                        cols, 1)
            cols = rows
    for level, (cols, size) in enumerate(zip((16, 32, 64, 64), (1, 1, 1, 3))):
        linear(f'input_proj.{level}.0', DIMS, cols, size, size)
        norm(f'input_proj.{level}.1')
    state['transformer.level_embed'] = torch.randn(LEVELS, DIMS)
    samples = HEADS * LEVELS * POINTS
    for part, num_layers in (('encoder', ENCODER_LAYERS), ('decoder',
                                                           DECODER_LAYERS)):
        for i in range(num_layers):
            name = f'transformer.{part}.layers.{i}'
            attn = 'self_attn' if part == 'encoder' else 'cross_attn'
            linear(f'{name}.{attn}.sampling_offsets', samples * 2, DIMS)
            linear(f'{name}.{attn}.attention_weights', samples, DIMS)
            linear(f'{name}.{attn}.value_proj', DIMS, DIMS)
            linear(f'{name}.{attn}.output_proj', DIMS, DIMS)
            linear(f'{name}.linear1', FFN, DIMS)
            linear(f'{name}.linear2', DIMS, FFN)
            for j in range(1, 3 if part == 'encoder' else 4):
                norm(f'{name}.norm{j}')
            if part == 'decoder':
                linear(f'{name}.self_attn.out_proj', DIMS, DIMS)
                state[f'{name}.self_attn.in_proj_weight'] = torch.randn(
                    3 * DIMS, DIMS) / 4
                state[f'{name}.self_attn.in_proj_bias'] = torch.randn(
                    3 * DIMS) * 0.1
    for i in range(DECODER_LAYERS):
        linear(f'class_embed.{i}', classes, DIMS)
        for j, rows in enumerate((DIMS, DIMS, 4)):
            linear(f'bbox_embed.{i}.layers.{j}', rows, DIMS)
    for key in [k for k in state if k.startswith('bbox_embed.')]:
        state[f'transformer.decoder.{key}'] = state[key]
    if layout == 'dab':
        state['tgt_embed.weight'] = torch.randn(num_queries, DIMS)
        state['refpoint_embed.weight'] = torch.randn(num_queries, 4)
        for j in range(2):
            linear(f'transformer.decoder.query_scale.layers.{j}', DIMS, DIMS)
            linear(f'transformer.decoder.ref_point_head.layers.{j}', DIMS,
                   DIMS * (2 - j))
    else:
        state['query_embed.weight'] = torch.randn(num_queries, 2 * DIMS)
        linear('transformer.reference_points', 2, DIMS)
    return state


def two_stage(state):
    """The same detector with a first stage instead of detect queries."""
    gone = ('tgt_embed', 'refpoint_embed', 'query_embed',
            'transformer.reference_points')
    state = {k: v for k, v in state.items() if not k.startswith(gone)}
    for name in ('enc_output', 'enc_output_norm', 'pos_trans',
                 'pos_trans_norm'):
        state[f'transformer.{name}.weight'] = torch.randn(DIMS)
    for key in [k for k in state if k.startswith(('class_', 'bbox_'))]:
        part, layer, rest = key.split('.', 2)
        if layer == '0':
            state[f'{part}.{DECODER_LAYERS}.{rest}'] = torch.randn(3)
            state[f'transformer.decoder.{part}.{DECODER_LAYERS}.{rest}'] = (
                torch.randn(3))
    return state


def unrefined(state):
    """The same detector with one branch for all layers."""
    shared = {}
    for key, value in state.items():
        part, _, rest = key.partition('.')
        if part in ('class_embed', 'bbox_embed'):
            value = state[f'{part}.0.{rest.split(".", 1)[1]}']
        if not key.startswith('transformer.decoder.bbox_embed'):
            shared[key] = value
    return shared
