"""Optimisers of the tracker and the TrackBook."""
from .alternating_constructor import AlternatingOptimWrapperConstructor
from .bfloat16_optim_wrapper import BFloat16OptimWrapper, knows_bfloat16
from .optim_wrapper import AmpOptimWrapper, OptimWrapper
from .rowwise_adamw import RowwiseAdamW

__all__ = [
    'AlternatingOptimWrapperConstructor', 'AmpOptimWrapper',
    'BFloat16OptimWrapper', 'OptimWrapper', 'RowwiseAdamW', 'knows_bfloat16'
]
