"""Trackers and detectors of the sizes of ``official_state``."""
from official_state import (DECODER_LAYERS, DIMS, ENCODER_LAYERS, FFN, GROUPS,
                            HEADS, LEVELS, WIDTHS)

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import tiny_model_cfg

BASES = {'dab': 'ipmot_dab_r50', 'deformable': 'ipmot_deformable_r50'}


def tracker_cfg(kind, num_queries=5, **changes):
    """A shipped config with the smaller numbers."""
    cfg = tiny_model_cfg(
        BASES[kind],
        embed_dims=DIMS,
        num_queries=num_queries,
        num_levels=LEVELS,
        num_layers=DECODER_LAYERS)
    detector = cfg.detector
    assert detector.neck.in_channels == list(WIDTHS[1:])
    assert detector.neck.norm_cfg.num_groups == GROUPS
    detector.encoder.num_layers = ENCODER_LAYERS
    attention = dict(embed_dims=DIMS, num_heads=HEADS)
    for layers in (detector.encoder, detector.decoder):
        for part in ('self_attn_cfg', 'cross_attn_cfg'):
            if part in layers.layer_cfg:
                layers.layer_cfg[part].update(attention)
        layers.layer_cfg.ffn_cfg.feedforward_channels = FFN
    cfg.update(changes)
    return cfg


def build_tracker(kind, num_queries=5, **changes):
    return MODELS.build(tracker_cfg(kind, num_queries, **changes)).eval()


def memory_updater(num_heads=8):
    return dict(
        type='MemoryQueryUpdater',
        embed_dims=DIMS,
        num_heads=num_heads,
        feedforward_channels=FFN)
