"""Multi-scale deformable attention: module, PyTorch form, kernels, choice."""
from .backends import (BACKENDS, CHOICES, choose_while_compiling,
                       deformable_attention, set_default_backend)
from .functional import multi_scale_deformable_attn
from .module import MultiScaleDeformableAttention

__all__ = [
    'BACKENDS', 'CHOICES', 'MultiScaleDeformableAttention',
    'choose_while_compiling', 'deformable_attention',
    'multi_scale_deformable_attn', 'set_default_backend'
]
