"""Multi-scale deformable attention: module, PyTorch form, dispatch."""
from .functional import multi_scale_deformable_attn
from .module import MultiScaleDeformableAttention

__all__ = ['MultiScaleDeformableAttention', 'multi_scale_deformable_attn']
