"""Optimisers of the tracker and the TrackBook."""
from .alternating_constructor import AlternatingOptimWrapperConstructor
from .bfloat16_optim_wrapper import BFloat16OptimWrapper, knows_bfloat16
from .rowwise_adamw import RowwiseAdamW

__all__ = [
    'AlternatingOptimWrapperConstructor', 'BFloat16OptimWrapper',
    'RowwiseAdamW', 'knows_bfloat16'
]
