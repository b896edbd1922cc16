"""A small detector for 64 x 96 pixel frames, and tracks to feed it."""
import torch
from mmengine.config import ConfigDict
from torch import nn

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries

DIMS, HEADS, FFN = 12, 3, 23
KINDS = {'dab': 'DABDeformable', 'plain': 'Deformable'}


def detector_cfg(kind, num_queries=5, num_layers=3, det_only=1, num_levels=4):
    """Config of the detector, in the layout of the shipped ones."""
    attention = dict(embed_dims=DIMS, num_heads=HEADS, num_levels=num_levels)
    ffn = dict(embed_dims=DIMS, feedforward_channels=FFN)
    stages = tuple(range(max(0, 4 - num_levels), 4))[-3:]
    return ConfigDict(
        type=f'{KINDS[kind]}Detector',
        num_queries=num_queries,
        num_feature_levels=num_levels,
        backbone=dict(
            type='mmdet.ResNet',
            depth=18,
            base_channels=8,
            stem_channels=8,
            out_indices=stages,
            frozen_stages=1,
            norm_cfg=dict(type='BN', requires_grad=False),
            norm_eval=True,
            style='pytorch'),
        neck=dict(
            type='mmdet.ChannelMapper',
            in_channels=[8 * 2**stage for stage in stages],
            kernel_size=1,
            out_channels=DIMS,
            act_cfg=None,
            bias=True,
            norm_cfg=dict(type='GN', num_groups=4),
            num_outs=num_levels),
        positional_encoding=dict(
            num_feats=DIMS // 2, normalize=True, offset=-0.5),
        encoder=dict(
            type='DeformableEncoder',
            num_layers=2,
            layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
        decoder=dict(
            type=f'{KINDS[kind]}Decoder',
            num_layers=num_layers,
            num_detect_only_layers=det_only,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=DIMS, num_heads=HEADS),
                cross_attn_cfg=attention,
                ffn_cfg=ffn)),
        bbox_head=dict(type='TrackHead', num_classes=2, joint_dims=7))


def make_detector(kind, **kwargs):
    """With weights that hide nothing, unlike zeros."""
    detector = MODELS.build(detector_cfg(kind, **kwargs))
    for name, parameter in detector.named_parameters():
        if not name.startswith('backbone'):
            nn.init.normal_(parameter, std=0.3)
    return detector


def make_images(img_shapes, size=(64, 96)):
    """Frames with zeros outside of their own shape."""
    images = torch.randn(len(img_shapes), 3, *size)
    for image, (height, width) in zip(images, img_shapes):
        image[:, height:] = 0
        image[:, :, width:] = 0
    return images


def make_tracks(kind, num_tracks, batch_size=2, valid=None):
    """Random track queries, all valid by default."""
    shape = (batch_size, num_tracks)
    numbers = torch.zeros(shape, dtype=torch.long)
    return TrackQueries(
        content=torch.randn(*shape, DIMS, requires_grad=True),
        anchors=torch.rand(*shape, 4) * 0.8 + 0.1,
        ids=numbers,
        labels=numbers,
        scores=torch.ones(shape),
        ious=torch.ones(shape),
        num_frames_missed=numbers,
        valid=numbers == 0 if valid is None else torch.tensor(valid),
        query_pos=torch.randn(*shape, DIMS) if kind == 'plain' else None)
