"""Optimisers of the tracker and the TrackBook."""
from .alternating_constructor import AlternatingOptimWrapperConstructor
from .rowwise_adamw import RowwiseAdamW

__all__ = ['AlternatingOptimWrapperConstructor', 'RowwiseAdamW']
