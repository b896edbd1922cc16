"""Multi-scale deformable sampling in plain PyTorch."""
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def multi_scale_deformable_attn(value: Tensor,
                                spatial_shapes: Sequence[Tuple[int, int]],
                                sampling_locations: Tensor,
                                attention_weights: Tensor) -> Tensor:
    """Weighted sum of bilinear samples over all levels and points.

    Deformable DETR (https://arxiv.org/abs/2010.04159), Eq. 3, the inner two
    sums. Every level is weighted and added as soon as it is sampled, so that
    the samples of all levels never exist at once; mmcv 2.1.0
    (mmcv/ops/multi_scale_deform_attn.py:104-153) stacks them first.

    Letters: B batch, S positions over all levels, H heads, D dims per head, Q
    queries, V levels, P points.

    Args:
        value (Tensor): Has shape (B, S, H, D).
        spatial_shapes (sequence[tuple[int, int]]): Height and width of each
            level as Python integers; reading them from a tensor would stop
            an accelerator.
        sampling_locations (Tensor): (x, y) in [0, 1], has shape
            (B, Q, H, V, P, 2). Samples outside count as zero.
        attention_weights (Tensor): Has shape (B, Q, H, V, P).

    Returns:
        Tensor: Has shape (B, Q, H * D) and the type of ``value``. Inside,
        half types become float32: a location of three digits would miss its
        pixel.
    """
    dtype = value.dtype
    with torch.autocast(value.device.type, enabled=False):
        value, sampling_locations, attention_weights = in_full_precision(
            value, sampling_locations, attention_weights)
        output = _sample_levels(value, spatial_shapes, sampling_locations,
                                attention_weights)
    return output.to(dtype)


def in_full_precision(*tensors: Tensor) -> List[Tensor]:
    """Bring tensors to one type, of 32 bits at least.

    Args:
        tensors (Tensor): Floating point, under autocast of mixed types.

    Returns:
        list[Tensor]: The same values as float32, or float64 where one was.
    """
    is_double = any(tensor.dtype == torch.float64 for tensor in tensors)
    return [
        tensor.to(torch.float64 if is_double else torch.float32)
        for tensor in tensors
    ]


def _sample_levels(value: Tensor, spatial_shapes: Sequence[Tuple[int, int]],
                   sampling_locations: Tensor,
                   attention_weights: Tensor) -> Tensor:
    """The op on tensors of one type."""
    batch_size, _, num_heads, head_dims = value.shape
    num_queries = sampling_locations.size(1)
    grids = sampling_locations.mul(2).sub(1).permute(0, 2, 3, 1, 4, 5)
    weights = attention_weights.permute(0, 2, 3, 1, 4)  # (B, H, V, Q, P)
    output = value.new_zeros(batch_size * num_heads, head_dims, num_queries)
    levels = value.split([h * w for h, w in spatial_shapes], dim=1)
    for level, (height, width) in enumerate(spatial_shapes):
        # (B, h*w, H, D) -> (B*H, D, h, w)
        feature = levels[level].permute(0, 2, 3, 1).reshape(
            batch_size * num_heads, head_dims, height, width)
        grid = grids[:, :, level].flatten(0, 1)  # (B*H, Q, P, 2)
        weight = weights[:, :, level].flatten(0, 1)[:, None]  # (B*H, 1, Q, P)
        samples = F.grid_sample(
            feature,
            grid,
            mode='bilinear',
            padding_mode='zeros',
            align_corners=False)  # (B*H, D, Q, P)
        output = output + (samples * weight).sum(-1)
    # (B*H, D, Q) -> (B, Q, H*D)
    return output.view(batch_size, num_heads * head_dims,
                       num_queries).transpose(1, 2)


def has_compiled_op() -> bool:
    """Whether mmcv came with its compiled deformable attention."""
    try:
        from mmcv.ops.multi_scale_deform_attn import ext_module
    except ImportError:
        return False
    # the stand-in of ipmot_mm.compat is no file
    return getattr(ext_module, '__file__', None) is not None
