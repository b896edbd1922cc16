"""A slow Deformable DETR over a state dict with the official names.

Written from the description of the networks, one image at a time and without
any module, as a second opinion on names, order of layers and formulas.
"""
import math

import torch
import torch.nn.functional as F
from official_state import (DECODER_LAYERS, DIMS, ENCODER_LAYERS, GROUPS,
                            HEADS, LEVELS, POINTS)


class OfficialForward:
    """Logits and boxes of every decoder layer for one image."""

    def __init__(self, state):
        self.state = state

    def linear(self, name, x):
        return x @ self.state[f'{name}.weight'].T + self.state[f'{name}.bias']

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.state[f'{name}.weight'],
                            self.state[f'{name}.bias'])

    def mlp(self, name, x, num_layers):
        for j in range(num_layers):
            x = self.linear(f'{name}.layers.{j}', x)
            x = x.relu() if j + 1 < num_layers else x
        return x

    def conv_bn(self, conv, bn, x, stride):
        weight = self.state[f'{conv}.weight']
        x = F.conv2d(x, weight, None, stride, weight.size(-1) // 2)
        mean, var, gain, bias = (
            self.state[f'{bn}.{k}'][:, None, None]
            for k in ('running_mean', 'running_var', 'weight', 'bias'))
        return (x - mean) / (var + 1e-5).sqrt() * gain + bias

    def backbone(self, x):
        body = 'backbone.0.body'
        x = self.conv_bn(f'{body}.conv1', f'{body}.bn1', x, 2).relu()
        x = F.max_pool2d(x, 3, 2, 1)
        outs = []
        for stage in range(1, 5):
            for i in range(2):
                name, stride = f'{body}.layer{stage}.{i}', 1
                if stage > 1 and i == 0:
                    stride = 2
                y = self.conv_bn(f'{name}.conv1', f'{name}.bn1', x, stride)
                y = self.conv_bn(f'{name}.conv2', f'{name}.bn2', y.relu(), 1)
                if f'{name}.downsample.0.weight' in self.state:
                    x = self.conv_bn(f'{name}.downsample.0',
                                     f'{name}.downsample.1', x, stride)
                x = (x + y).relu()
            outs.append(x)
        return outs[1:]

    def levels(self, image):
        features = self.backbone(image[None])
        for i, x in enumerate([*features, features[-1]]):
            name = f'input_proj.{i}'
            x = F.conv2d(x, self.state[f'{name}.0.weight'],
                         self.state[f'{name}.0.bias'], 2 if i == 3 else 1,
                         1 if i == 3 else 0)
            yield F.group_norm(x, GROUPS, self.state[f'{name}.1.weight'],
                               self.state[f'{name}.1.bias'])[0]

    @staticmethod
    def sine(values, num):
        """Interleaved sine and cosine of angles, (..., num)."""
        out = torch.zeros(*values.shape, num)
        for i in range(num):
            angle = values / 10000**(2 * (i // 2) / num)
            out[..., i] = angle.cos() if i % 2 else angle.sin()
        return out

    def attend(self, name, query, references, value, padding):
        """Multi-scale deformable attention, bilinear by hand."""
        num, head_dims = len(query), DIMS // HEADS
        offsets = self.linear(f'{name}.sampling_offsets', query)
        offsets = offsets.view(num, HEADS, LEVELS, POINTS, 2)
        weights = self.linear(f'{name}.attention_weights', query)
        weights = weights.view(num, HEADS, -1).softmax(-1)
        weights = weights.view(num, HEADS, LEVELS, POINTS)
        value = self.linear(f'{name}.value_proj', value)
        value = (value * ~padding[:, None]).view(-1, HEADS, head_dims)
        out, start = torch.zeros(num, HEADS, head_dims), 0
        for level, (h, w) in enumerate(self.shapes):
            grid = value[start:start + h * w].view(h, w, HEADS, head_dims)
            start += h * w
            ref = references[:, level, None, None]
            if ref.size(-1) == 2:
                xy = ref + offsets[:, :, level] / torch.tensor([w, h])
            else:
                xy = ref[..., :2] + (
                    offsets[:, :, level] / POINTS * ref[..., 2:] * 0.5)
            x, y = xy[..., 0] * w - 0.5, xy[..., 1] * h - 0.5
            for dx in (0, 1):
                for dy in (0, 1):
                    col, row = x.floor() + dx, y.floor() + dy
                    share = (1 - (x - col).abs()) * (1 - (y - row).abs())
                    inside = (col >= 0) & (col < w) & (row >= 0) & (row < h)
                    col = col.clamp(0, w - 1).long()
                    row = row.clamp(0, h - 1).long()
                    heads = torch.arange(HEADS)[None, :, None]
                    share = share * inside * weights[:, :, level]
                    out += (grid[row, col, heads] * share[..., None]).sum(2)
        return self.linear(f'{name}.output_proj', out.reshape(num, DIMS))

    def feed_forward(self, name, x):
        hidden = self.linear(f'{name}.linear1', x).relu()
        return x + self.linear(f'{name}.linear2', hidden)

    def encode(self, image, img_shape):
        """Memory (S, C), padding (S, ) and valid ratios (V, 2) as (w, h)."""
        maps = list(self.levels(image))
        self.shapes = [tuple(x.shape[1:]) for x in maps]
        features, positions, padding, ratios, centres = [], [], [], [], []
        for level, x in enumerate(maps):
            h, w = x.shape[1:]
            row, col = torch.meshgrid(
                torch.arange(h), torch.arange(w), indexing='ij')
            # nearest pixel of the frame: is it padding?
            num_rows = sum(i * image.size(1) // h < img_shape[0]
                           for i in range(h))
            num_cols = sum(j * image.size(2) // w < img_shape[1]
                           for j in range(w))
            y = (row + 1).clamp(max=num_rows).flatten().float()
            x_ = (col + 1).clamp(max=num_cols).flatten().float()
            y = (y - 0.5) / (num_rows + 1e-6) * 2 * math.pi
            x_ = (x_ - 0.5) / (num_cols + 1e-6) * 2 * math.pi
            embed = torch.cat([self.sine(v, DIMS // 2) for v in (y, x_)], 1)
            embed = embed + self.state['transformer.level_embed'][level]
            padding.append(((row >= num_rows) | (col >= num_cols)).flatten())
            ratios.append([num_cols / w, num_rows / h])
            centres.append(
                torch.stack([(col.flatten() + 0.5) / num_cols,
                             (row.flatten() + 0.5) / num_rows], 1))
            features.append(x.flatten(1).T)
            positions.append(embed)
        x, position = torch.cat(features), torch.cat(positions)
        padding, ratios = torch.cat(padding), torch.tensor(ratios)
        references = torch.cat(centres)[:, None] * ratios
        for i in range(ENCODER_LAYERS):
            name = f'transformer.encoder.layers.{i}'
            x = self.norm(
                f'{name}.norm1', x + self.attend(
                    f'{name}.self_attn', x + position, references, x, padding))
            x = self.norm(f'{name}.norm2', self.feed_forward(name, x))
        return x, padding, ratios

    def self_attend(self, name, x, position):
        weight = self.state[f'{name}.in_proj_weight'].chunk(3)
        bias = self.state[f'{name}.in_proj_bias'].chunk(3)
        q, k, v = ((y @ w.T + b).view(len(x), HEADS, -1).transpose(0, 1)
                   for y, w, b in zip((x + position, x + position,
                                       x), weight, bias))
        share = (q @ k.transpose(1, 2) / q.size(-1)**0.5).softmax(-1)
        return self.linear(f'{name}.out_proj',
                           (share @ v).transpose(0, 1).flatten(1))

    def dab_position(self, content, references, layer):
        """From the anchor in the frame of level 0, y before x."""
        x, y, w, h = references[:, 0].unbind(-1)
        sine = torch.cat(
            [self.sine(v * 2 * math.pi, DIMS // 2) for v in (y, x, w, h)], 1)
        position = self.mlp('transformer.decoder.ref_point_head', sine, 2)
        if layer > 0:
            scale = self.mlp('transformer.decoder.query_scale', content, 2)
            position = scale * position
        return position

    def __call__(self, image, img_shape):
        memory, padding, ratios = self.encode(image, img_shape)
        is_dab = 'tgt_embed.weight' in self.state
        if is_dab:
            x = self.state['tgt_embed.weight']
            unact = self.state['refpoint_embed.weight']
        else:
            position, x = self.state['query_embed.weight'].chunk(2, 1)
            unact = self.linear('transformer.reference_points', position)
        logits, boxes = [], []
        for i in range(DECODER_LAYERS):
            name, dims = f'transformer.decoder.layers.{i}', unact.size(-1)
            references = unact.sigmoid()[:, None] * ratios.repeat(1,
                                                                  2)[:, :dims]
            if is_dab:
                position = self.dab_position(x, references, i)
            x = self.norm(
                f'{name}.norm2',
                x + self.self_attend(f'{name}.self_attn', x, position))
            x = self.norm(
                f'{name}.norm1',
                x + self.attend(f'{name}.cross_attn', x + position, references,
                                memory, padding))
            x = self.norm(f'{name}.norm3', self.feed_forward(name, x))
            delta = self.mlp(f'bbox_embed.{i}', x, 3)
            unact = delta + F.pad(unact, (0, 4 - dims))
            logits.append(self.linear(f'class_embed.{i}', x))
            boxes.append(unact.sigmoid())
        return torch.stack(logits), torch.stack(boxes)
