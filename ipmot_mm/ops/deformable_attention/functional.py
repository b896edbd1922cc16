"""Multi-scale deformable attention in plain PyTorch."""
from typing import Callable, List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

Shapes = Sequence[Tuple[int, int]]
"""Height and width of each level, Python integers."""
Attend = Callable[[Tensor, Shapes, Tensor, Tensor, Tensor], Tensor]
"""Arguments and result of :func:`attend_torch`."""


def multi_scale_deformable_attn(value: Tensor,
                                spatial_shapes: Shapes,
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
    inputs = in_full_precision(value, sampling_locations, attention_weights)
    # nothing in there is an operator that autocast narrows
    output = _sample_levels(inputs[0], spatial_shapes, *inputs[1:])
    return output.to(value.dtype)


def attend_torch(value: Tensor, spatial_shapes: Shapes,
                 reference_points: Tensor, offsets: Tensor,
                 logits: Tensor) -> Tensor:
    """Deformable attention on raw projections, on any device.

    Arguments and result are those of :func:`deformable_attention`, without
    the choice.
    """
    locations, weights = locations_and_weights(spatial_shapes,
                                               reference_points, offsets,
                                               logits)
    return multi_scale_deformable_attn(value, spatial_shapes, locations,
                                       weights)


def locations_and_weights(spatial_shapes: Shapes, reference_points: Tensor,
                          offsets: Tensor,
                          logits: Tensor) -> Tuple[Tensor, Tensor]:
    """What :func:`multi_scale_deformable_attn` takes, of raw projections.

    Arguments are those of :func:`attend_torch`.

    Returns:
        tuple[Tensor, Tensor]: Sampling locations and attention weights, both
        in 32 bits at least, also under autocast.
    """
    references, offsets, logits = in_full_precision(reference_points, offsets,
                                                    logits)
    # queries last in memory, as the PyTorch form reads them
    weights = logits.flatten(3).permute(0, 2, 3, 1).softmax(2)
    weights = weights.permute(0, 3, 1, 2).unflatten(-1, logits.shape[3:])
    return sampling_locations(references, offsets, spatial_shapes), weights


def sampling_locations(reference_points: Tensor, offsets: Tensor,
                       spatial_shapes: Shapes) -> Tensor:
    """Reference points plus offsets.

    Deformable DETR, Eq. 3: an offset counts pixels of its level around a
    point, and 1 / (2 P) of the size around a box (its appendix A.4).

    Args:
        reference_points (Tensor): (cx, cy) or (cx, cy, w, h) in [0, 1], has
            shape (B, Q, V, 2) or (B, Q, V, 4).
        offsets (Tensor): Has shape (B, Q, H, V, P, 2).
        spatial_shapes (sequence[tuple[int, int]]): Height and width of each
            level.

    Returns:
        Tensor: (x, y) in [0, 1], has shape (B, Q, H, V, P, 2).
    """
    references = reference_points[:, :, None, :, None, :]
    if references.size(-1) == 2:
        sizes = level_sizes(spatial_shapes, references)
        return references + offsets / sizes[:, None]
    scales = references[..., 2:] * (0.5 / offsets.size(-2))
    return references[..., :2] + offsets * scales


def level_sizes(spatial_shapes: Shapes,
                like: Tensor) -> Tensor:
    """(w, h) of each level, has shape (V, 2).

    Made on the device: a copy from the host would wait for it, and a copy
    kept for the next call could be a fake tensor by then.
    """
    return torch.stack([
        torch.linspace(w, h, 2, dtype=like.dtype, device=like.device)
        for h, w in spatial_shapes
    ])


def pair_up(numbers: Sequence[int]) -> List[Tuple[int, int]]:
    """(h, w) of each level from a flat sequence."""
    return list(zip(numbers[::2], numbers[1::2]))


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


def _sample_levels(value: Tensor, spatial_shapes: Shapes,
                   sampling_locations: Tensor,
                   attention_weights: Tensor) -> Tensor:
    """The op on tensors of one type.

    Queries are the last axis of all but the result: multiplied and summed
    over points, they fill the vectors of a CPU.
    """
    batch_size, _, num_heads, head_dims = value.shape
    num_queries = sampling_locations.size(1)
    # (B, Q, H, V, P, ...) -> (B, H, V, P, Q, ...)
    grids = sampling_locations.mul(2).sub(1)
    grids = grids.permute(0, 2, 3, 4, 1, 5).contiguous()
    weights = attention_weights.permute(0, 2, 3, 4, 1).contiguous()
    # (B, S, H, D) -> (B*H, D, S)
    features = value.permute(0, 2, 3, 1).flatten(0, 1)
    levels = features.split([h * w for h, w in spatial_shapes], dim=2)
    total = None
    for level, (height, width) in enumerate(spatial_shapes):
        samples = F.grid_sample(
            levels[level].unflatten(2, (height, width)),
            grids[:, :, level].flatten(0, 1),  # (B*H, P, Q, 2)
            mode='bilinear',
            padding_mode='zeros',
            align_corners=False)  # (B*H, D, P, Q)
        weight = weights[:, :, level].flatten(0, 1)  # (B*H, P, Q)
        output = (samples * weight[:, None]).sum(2)
        total = output if total is None else total + output
    # (B*H, D, Q) -> (B, Q, H*D)
    return total.reshape(batch_size, num_heads * head_dims,
                         num_queries).transpose(1, 2)
