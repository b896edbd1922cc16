"""Clips and frames of videos, from file to model."""
from .base_clip_dataset import BaseClipDataset
from .clip_index import ClipIndex
from .coco_video_clip_dataset import CocoVideoClipDataset
from .concat_clip_dataset import ConcatClipDataset
from .crowdhuman_clip_dataset import CrowdHumanClipDataset
from .live_pipeline import LivePipeline
from .mot_clip_dataset import MOTClipDataset
from .mot_text import (MOTAnnotations, MOTTable, read_ground_truth,
                       read_mot_table)
from .samplers import ClipSampler, VideoSampler
from .transforms import *  # noqa: F401,F403
from .transforms import __all__ as _transforms

__all__ = [
    'BaseClipDataset', 'ClipIndex', 'ClipSampler', 'CocoVideoClipDataset',
    'ConcatClipDataset', 'CrowdHumanClipDataset', 'LivePipeline',
    'MOTAnnotations', 'MOTClipDataset', 'MOTTable', 'VideoSampler',
    'read_ground_truth', 'read_mot_table', *_transforms
]
