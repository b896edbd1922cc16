"""Sine encoding of frames with and without padding."""
from typing import Optional, Sequence, Tuple

import torch
from mmdet.models.layers import SinePositionalEncoding
from torch import Tensor

from ..layers.size_cache import SizeCache


class FrameEncoding(SinePositionalEncoding):
    """mmdet's encoding for all levels; that of unpadded frames is kept.

    Args:
        kwargs: As mmdet's ``SinePositionalEncoding``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self._of_size = SizeCache()

    def encode_levels(self, shapes: Tuple[Tuple[int, int], ...],
                      masks: Optional[Sequence[Tensor]],
                      device: torch.device) -> Tensor:
        """Encode the positions of all levels.

        Args:
            shapes (tuple[tuple[int, int]]): Height and width of each level.
            masks (sequence[Tensor], optional): True on padding, (B, h, w) for
                each level; None without padding.
            device (torch.device): Of the features.

        Returns:
            Tensor: float32, has shape (B, S, C), B = 1 without padding.
        """
        if masks is not None:
            return self._join([self(mask) for mask in masks])

        def make() -> Tensor:
            return self._join([
                self(None, torch.empty(1, 1, *shape, device=device))
                for shape in shapes
            ])

        if self.training:
            return make()
        return self._of_size.get(shapes, device, make)

    @staticmethod
    def _join(levels: Sequence[Tensor]) -> Tensor:
        return torch.cat([level.flatten(2) for level in levels],
                         2).transpose(1, 2).contiguous()
