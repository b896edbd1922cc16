"""What computes: detector, updater, deduplication, losses, TrackBook."""
from . import (dense_heads, detectors, layers, losses, mot, task_modules,
               track_book, trackers)

__all__ = [
    'dense_heads', 'detectors', 'layers', 'losses', 'mot', 'task_modules',
    'track_book', 'trackers'
]
