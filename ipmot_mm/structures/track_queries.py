"""The only state that crosses frames."""
from dataclasses import dataclass, fields, replace
from typing import Any, Optional

import torch
from torch import Tensor

NO_ID = -1
"""Id of a query that follows nothing: a false positive."""


@dataclass(frozen=True)
class TrackQueries:
    """Track queries of one frame for a batch of videos, padded.

    Letters: N batch, Qt track queries of the richest sample, C query dims.

    Attributes:
        content (Tensor): Content part, has shape (N, Qt, C). Carries gradient
            to earlier frames.
        anchors (Tensor): (cx, cy, w, h) in [0, 1], detached, has shape
            (N, Qt, 4).
        ids (Tensor): Instance id in training, track id at test time, int64,
            ``NO_ID`` for false positives and padding, has shape (N, Qt).
        labels (Tensor): Class of the track, int64, has shape (N, Qt).
        scores (Tensor): Tracking score s of the last frame, has shape
            (N, Qt).
        ious (Tensor): IoU with the ground truth when last visible, has shape
            (N, Qt).
        num_frames_missed (Tensor): Consecutive frames below the track
            threshold, int64, has shape (N, Qt).
        valid (Tensor): False for padding, bool, has shape (N, Qt).
        query_pos (Tensor, optional): Positional part, plain Deformable-DETR
            only, has shape (N, Qt, C).
        last_output (Tensor, optional): Output embedding of the last confident
            frame, memory updater only, has shape (N, Qt, C).
        long_memory (Tensor, optional): Slow average of the output
            embeddings, memory updater only, has shape (N, Qt, C).
    """
    content: Tensor
    anchors: Tensor
    ids: Tensor
    labels: Tensor
    scores: Tensor
    ious: Tensor
    num_frames_missed: Tensor
    valid: Tensor
    query_pos: Optional[Tensor] = None
    last_output: Optional[Tensor] = None
    long_memory: Optional[Tensor] = None

    def __post_init__(self) -> None:
        shape = self.valid.shape
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value.shape[:2] != shape:
                raise ValueError(
                    f'TrackQueries.{field.name} must start with shape '
                    f'{tuple(shape)} like "valid", got {tuple(value.shape)}.')

    @property
    def batch_size(self) -> int:
        """int: N."""
        return self.valid.size(0)

    def __len__(self) -> int:
        return self.valid.size(1)

    @classmethod
    def empty(cls, batch_size: int, embed_dims: int,
              device: Any = None) -> 'TrackQueries':
        """No track, as before the first frame of a video.

        Args:
            batch_size (int): N.
            embed_dims (int): C.
            device (torch.device, optional): Where the tensors live.

        Returns:
            :obj:`TrackQueries`: With ``len() == 0``.
        """
        integers = torch.zeros(
            batch_size, 0, dtype=torch.long, device=device)
        numbers = torch.zeros(batch_size, 0, device=device)
        return cls(
            content=torch.zeros(batch_size, 0, embed_dims, device=device),
            anchors=torch.zeros(batch_size, 0, 4, device=device),
            ids=integers,
            labels=integers,
            scores=numbers,
            ious=numbers,
            num_frames_missed=integers,
            valid=integers.bool())

    def replace(self, **changes: Any) -> 'TrackQueries':
        """Copy with some fields changed."""
        return replace(self, **changes)

    def __getitem__(self, inds: Any) -> 'TrackQueries':
        """Take a subset of the tracks of every sample.

        Args:
            inds (slice | Tensor): Positions along the track axis.

        Returns:
            :obj:`TrackQueries`: Same dtypes and device.
        """
        changes = {
            field.name: getattr(self, field.name)[:, inds]
            for field in fields(self)
            if getattr(self, field.name) is not None
        }
        return replace(self, **changes)

    @staticmethod
    def cat(first: 'TrackQueries', second: 'TrackQueries') -> 'TrackQueries':
        """Join two sets of tracks of the same batch along the track axis.

        A field that only one of them carries is refused, since filling it
        would invent state.
        """
        changes = {}
        for field in fields(first):
            parts = getattr(first, field.name), getattr(second, field.name)
            if (parts[0] is None) != (parts[1] is None):
                raise ValueError(
                    f'TrackQueries.{field.name} is set on one side of cat '
                    'only; both must come from the same updater.')
            if parts[0] is not None:
                changes[field.name] = torch.cat(parts, dim=1)
        return replace(first, **changes)
