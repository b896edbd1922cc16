"""Transforms of clips: consistent over the frames, safe for the ids."""
from .clip_data_sample import ClipDataSample
from .clip_geometry import (ClipRandomCrop, ClipRandomFlip, ClipRandomResize,
                            ClipResize)
from .clip_hsv import ClipHSV
from .clip_order import ClipRandomChoice, ClipReverse
from .clip_transform import ClipTransform, keep_objects, render_clip
from .filter_boxes import FilterBoxes
from .image_view import ImageView
from .load_clip_images import LoadClipImages
from .pack_clip_inputs import PackClipInputs
from .pseudo_clip_shift import PseudoClipShift

__all__ = [
    'ClipDataSample', 'ClipHSV', 'ClipRandomChoice', 'ClipRandomCrop',
    'ClipRandomFlip', 'ClipRandomResize', 'ClipResize', 'ClipReverse',
    'ClipTransform', 'FilterBoxes', 'ImageView', 'LoadClipImages',
    'PackClipInputs', 'PseudoClipShift', 'keep_objects', 'render_clip'
]
