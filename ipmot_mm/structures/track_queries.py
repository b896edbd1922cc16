"""The only state that crosses frames."""
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, Optional, Sequence

import torch
from torch import Tensor

NO_ID = -1
"""Id of a query that follows nothing: a false positive."""


@dataclass(frozen=True)
class TrackQueries:
    """Track queries of one frame for a batch of videos, padded.

    Letters: N batch, Qt track queries of the richest sample, or at test time
    the slots for tracks, C query dims. Padding comes last.

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
        extra (Tensor, optional): State of an updater from outside of this
            package, which alone knows what it holds, has shape (N, Qt, any).
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
    extra: Optional[Tensor] = None

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
    def empty(cls,
              batch_size: int,
              embed_dims: int,
              device: Any = None,
              num_slots: int = 0) -> 'TrackQueries':
        """No track, as before the first frame of a video.

        Args:
            batch_size (int): N.
            embed_dims (int): C.
            device (torch.device, optional): Where the tensors live.
            num_slots (int): Qt, all of them padding. Defaults to 0.

        Returns:
            :obj:`TrackQueries`: Without a valid track.
        """
        shape = (batch_size, num_slots)
        integers = torch.zeros(shape, dtype=torch.long, device=device)
        numbers = torch.zeros(shape, device=device)
        return cls(
            content=torch.zeros(*shape, embed_dims, device=device),
            anchors=torch.zeros(*shape, 4, device=device),
            ids=torch.full(shape, NO_ID, device=device),
            labels=integers,
            scores=numbers,
            ious=numbers,
            num_frames_missed=integers,
            valid=integers.bool())

    def replace(self, **changes: Any) -> 'TrackQueries':
        """Copy with some fields changed."""
        return replace(self, **changes)

    def map(self, function: Callable[[Tensor], Tensor]) -> 'TrackQueries':
        """Change all fields that are there.

        Args:
            function (callable): Takes and returns a tensor of a field.

        Returns:
            :obj:`TrackQueries`: Of what it returned.
        """
        return replace(
            self, **{
                field.name: function(getattr(self, field.name))
                for field in fields(self)
                if getattr(self, field.name) is not None
            })

    def resize(self, num_slots: int) -> 'TrackQueries':
        """Change the number of slots at their end.

        Args:
            num_slots (int): Qt, at least as many as there are tracks in the
                richest sample.

        Returns:
            :obj:`TrackQueries`: The same tracks.
        """
        missing = num_slots - len(self)
        if missing <= 0:
            return self[:num_slots] if missing else self
        padded = self.map(lambda value: torch.constant_pad_nd(
            value, (0, 0) * (value.dim() - 2) + (0, missing)))
        ids = torch.constant_pad_nd(self.ids, (0, missing), NO_ID)
        return padded.replace(ids=ids)

    def sample(self, index: int) -> 'TrackQueries':
        """Tracks of one video of the batch.

        Args:
            index (int): Which of the N videos.

        Returns:
            :obj:`TrackQueries`: N = 1; shares memory with the batch.
        """
        return self.map(lambda value: value[index:index + 1])

    def __getitem__(self, inds: Any) -> 'TrackQueries':
        """Take a subset of the tracks of every sample.

        Args:
            inds (slice | Tensor): Positions along the track axis.

        Returns:
            :obj:`TrackQueries`: Same dtypes and device.
        """
        return self.map(lambda value: value[:, inds])

    @staticmethod
    def batch(videos: Sequence['TrackQueries']) -> 'TrackQueries':
        """Tracks of several videos side by side.

        A field that some of them lack, since they are at their beginning and
        have no track, is zero there.

        Args:
            videos (sequence[:obj:`TrackQueries`]): Of the same C.

        Returns:
            :obj:`TrackQueries`: With the slots of the richest.
        """
        if len(videos) == 1:
            return videos[0]
        num_slots = max(len(video) for video in videos)
        videos = [video.resize(num_slots) for video in videos]
        changes = {}
        for field in fields(TrackQueries):
            parts = [getattr(video, field.name) for video in videos]
            known = [part for part in parts if part is not None]
            if known:
                changes[field.name] = torch.cat([
                    known[0].new_zeros(*video.valid.shape, known[0].size(-1))
                    if part is None else part
                    for video, part in zip(videos, parts)
                ])
        return replace(videos[0], **changes)

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
