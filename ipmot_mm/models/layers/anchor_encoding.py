"""Sine and cosine of the numbers of an anchor."""
import math

import torch
from torch import Tensor, nn


class AnchorEncoding(nn.Module):
    """What mmdet's ``coordinate_to_encoding`` gives for (cx, cy, w, h).

    The frequencies are made once instead of in every call, and the four
    numbers are encoded together: 5 kernels instead of 26 (mmdet 3.3.0,
    mmdet/models/layers/transformer/utils.py:49-97).

    Args:
        num_feats (int): Outputs per number, even.
        temperature (int): Ratio of the longest to the shortest wave.
            Defaults to 10000.

    Example:
        >>> AnchorEncoding(8)(torch.rand(2, 3, 4)).shape
        torch.Size([2, 3, 32])
    """

    def __init__(self, num_feats: int, temperature: int = 10000) -> None:
        super().__init__()
        exponents = torch.arange(0, num_feats, 2) / num_feats
        # No part of checkpoints: it follows from the arguments.
        self.register_buffer(
            'frequencies',
            2 * math.pi / temperature**exponents,
            persistent=False)

    def forward(self, anchors: Tensor) -> Tensor:
        """Encode in the order (y, x, w, h) of the official weights.

        Args:
            anchors (Tensor): (cx, cy, w, h) in [0, 1], has shape (N, Q, 4).

        Returns:
            Tensor: Has shape (N, Q, 4 * num_feats); sine and cosine in turns
            for each number.
        """
        x, y, extent = anchors.split((1, 1, 2), dim=-1)
        angles = torch.cat([y, x, extent], -1)[..., None] * self.frequencies
        return torch.stack([angles.sin(), angles.cos()], -1).flatten(-3)
