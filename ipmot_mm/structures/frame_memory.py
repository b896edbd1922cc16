"""Encoded frames: what the decoder looks at."""
from dataclasses import dataclass
from typing import Optional, Tuple

from torch import Tensor


@dataclass(frozen=True)
class FrameMemory:
    """Multi-scale features of a batch of frames after the encoder.

    Letters: B frames, S positions over all levels, C dims, V levels.

    Attributes:
        features (Tensor): Has shape (B, S, C).
        padding_mask (Tensor, optional): True on padding, bool, has shape
            (B, S); None when no frame is padded.
        spatial_shapes (tuple[tuple[int, int]]): Height and width of each
            level.
        valid_ratios (Tensor): Unpadded share of width and height, has shape
            (B, V, 2).
    """
    features: Tensor
    padding_mask: Optional[Tensor]
    spatial_shapes: Tuple[Tuple[int, int], ...]
    valid_ratios: Tensor

    def frame(self, t: int, num_frames: int) -> 'FrameMemory':
        """Frame ``t`` of each clip.

        Args:
            t (int): Position in the clip.
            num_frames (int): Frames per clip (T); B = N * T, clip by clip.

        Returns:
            :obj:`FrameMemory`: Of N frames.
        """
        mask = self.padding_mask
        return FrameMemory(
            features=self.features[t::num_frames],
            padding_mask=None if mask is None else mask[t::num_frames],
            spatial_shapes=self.spatial_shapes,
            valid_ratios=self.valid_ratios[t::num_frames])
