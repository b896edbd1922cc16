"""Tiny models, clips and frames for tests and examples."""
from .fake_frames import make_outputs, make_targets, make_tracks
from .tiny_clip import tiny_clip_cfg
from .tiny_model import config_root, make_clip, tiny_model_cfg

__all__ = [
    'config_root', 'make_clip', 'make_outputs', 'make_targets', 'make_tracks',
    'tiny_clip_cfg', 'tiny_model_cfg'
]
