"""The gradient of the values, added up in an order that never changes."""
from typing import List

import torch
from torch import Tensor

from .functional import pair_up, sampling_locations


def value_gradient(grad: Tensor, value: Tensor, references: Tensor,
                   offsets: Tensor, logits: Tensor,
                   spatial_shapes: List[int]) -> Tensor:
    """Add the share of every sample to its four neighbours.

    One ``index_add_`` per level, point and neighbour: on a GPU it sorts
    under ``torch.use_deterministic_algorithms``, where atomic additions
    would come in another order each time.

    Letters: B batch, S positions, H heads, D dims per head, Q queries, V
    levels, P points.

    Args:
        grad (Tensor): Of the output, has shape (B, Q, H * D).
        value (Tensor): Has shape (B, S, H, D); only its shape is used.
        references (Tensor): Has shape (B, Q, V, 2) or (B, Q, V, 4).
        offsets (Tensor): Has shape (B, Q, H, V, P, 2).
        logits (Tensor): Has shape (B, Q, H, V, P).
        spatial_shapes (list[int]): Height and width of each level in turn.

    Returns:
        Tensor: float32, has shape (B, S, H, D).
    """
    batch_size, num_positions, num_heads, dims = value.shape
    shapes = pair_up(spatial_shapes)
    locations = sampling_locations(references.float(), offsets.float(), shapes)
    weights = logits.float().flatten(3).softmax(-1).view(logits.shape)
    grad = grad.float().view(batch_size, -1, num_heads, dims)
    total = grad.new_zeros(batch_size * num_positions * num_heads, dims)
    frame = torch.arange(batch_size, device=grad.device)[:, None, None]
    head = torch.arange(num_heads, device=grad.device)
    start = 0
    for level, (height, width) in enumerate(shapes):
        for point in range(offsets.size(4)):
            x, y = locations[:, :, :, level, point].unbind(-1)  # (B, Q, H)
            x, y = x * width - 0.5, y * height - 0.5
            weight = weights[:, :, :, level, point]
            for dy in (0, 1):
                for dx in (0, 1):
                    col, row = x.floor() + dx, y.floor() + dy
                    share = (1 - (x - col).abs()) * (1 - (y - row).abs())
                    seen = (col >= 0) & (col < width) & (row >= 0) & (
                        row < height)
                    share = torch.where(seen, share * weight, 0)
                    # a NaN is not seen either: no index is made of it
                    position = torch.where(seen, start + row * width + col,
                                           0).long()
                    index = (frame * num_positions +
                             position) * num_heads + head
                    total.index_add_(0, index.flatten(),
                                     (share[..., None] * grad).flatten(0, 2))
        start += height * width
    return total.view(value.shape)
