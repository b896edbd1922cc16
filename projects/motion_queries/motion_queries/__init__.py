"""Track queries that know how their target moves."""
from .motion_updaters import (MotionMemoryQueryUpdater,
                              MotionPositionalQueryUpdater, MotionQueryUpdater)

__all__ = [
    'MotionMemoryQueryUpdater', 'MotionPositionalQueryUpdater',
    'MotionQueryUpdater'
]
