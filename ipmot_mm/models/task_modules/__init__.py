"""Assignment of objects to queries in training."""
from .clip_assigner import ClipAssigner
from .false_positive_spawner import FalsePositiveSpawner

__all__ = ['ClipAssigner', 'FalsePositiveSpawner']
