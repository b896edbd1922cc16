"""MMTracking 1.0.0rc1 beside today's mmcv and mmdet.

Importing this package makes mmtrack importable and registers what configs
with ``default_scope='mmtrack'`` name as ``ipmot_mm.X``, so that it is enough
to name it in ``custom_imports``. No other part of ``ipmot_mm`` imports it.

Can go: when nobody has configs of mmtrack any more; the tracking part of it
lives in mmdet 3.
"""
from .mmtrack_import import enable

enable()

from .clip_dataset import MMTrackClipDataset  # noqa: E402
from .clip_sample import MMTrackClipSample  # noqa: E402
from .sample_conversion import from_mmtrack, to_mmtrack  # noqa: E402
from .sample_transforms import FromMMTrackSample, ToMMTrackSample  # noqa: E402

__all__ = [
    'FromMMTrackSample', 'MMTrackClipDataset', 'MMTrackClipSample',
    'ToMMTrackSample', 'enable', 'from_mmtrack', 'to_mmtrack'
]
