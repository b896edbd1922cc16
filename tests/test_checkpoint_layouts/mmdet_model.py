"""mmdet's own Deformable DETR, made small from its own config."""
from pathlib import Path

import mmdet
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from official_state import (DECODER_LAYERS, DIMS, ENCODER_LAYERS, FFN, GROUPS,
                            HEADS, LEVELS, WIDTHS)

NAME = '.mim/configs/deformable_detr/deformable-detr_r50_16xb2-50e_coco.py'


def build_mmdet(with_box_refine=True, as_two_stage=False):
    """With random weights in all layers."""
    cfg = Config.fromfile(Path(mmdet.__file__).parent / NAME).model
    cfg.update(
        num_queries=5,
        num_feature_levels=LEVELS,
        with_box_refine=with_box_refine,
        as_two_stage=as_two_stage)
    cfg.backbone.update(
        depth=18,
        base_channels=WIDTHS[0],
        stem_channels=WIDTHS[0],
        init_cfg=None)
    cfg.neck.update(in_channels=list(WIDTHS[1:]), out_channels=DIMS)
    cfg.neck.norm_cfg.num_groups = GROUPS
    cfg.positional_encoding.num_feats = DIMS // 2
    cfg.bbox_head.embed_dims = DIMS
    attention = dict(embed_dims=DIMS, num_heads=HEADS)
    for part, layers in ((cfg.encoder, ENCODER_LAYERS),
                         (cfg.decoder, DECODER_LAYERS)):
        part.num_layers = layers
        part.layer_cfg.self_attn_cfg.update(attention)
        part.layer_cfg.ffn_cfg.update(
            embed_dims=DIMS, feedforward_channels=FFN)
    cfg.decoder.layer_cfg.cross_attn_cfg.update(attention)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        model.level_embed.zero_()  # left as the memory was
        for name, value in model.state_dict().items():
            if value.is_floating_point() and 'running_var' not in name:
                value += 0.1 * torch.randn(value.shape, generator=generator)
    return model


def mmdet_state(**kwargs):
    return build_mmdet(**kwargs).state_dict()
