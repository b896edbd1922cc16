"""What the host has to know of a frame, in one piece of memory."""
from dataclasses import dataclass

import torch
from torch import Tensor

WORDS_PER_SLOT = 9
WORDS_PER_VIDEO = 4


@dataclass(frozen=True)
class FrameReport:
    """Tracks of one frame of N videos, and what the next frame needs.

    It is made on the device, packed, brought to the host as a whole and
    unpacked there: the one time in a frame that the host waits. Letters: N
    videos, S slots.

    Attributes:
        bboxes (Tensor): (cx, cy, w, h) in [0, 1], float32, has shape
            (N, S, 4).
        scores (Tensor): Tracking score s, float32, has shape (N, S).
        ids (Tensor): Track ids, 1-based, int64, ``NO_ID`` in empty slots,
            has shape (N, S).
        labels (Tensor): Class of the track, int64, has shape (N, S).
        num_wanted (Tensor): Tracks that are to live on, int64, has shape
            (N, ). Where there are more than S, the last ones found no slot.
        sums (Tensor): Of all scores and of all boxes of the frame, finite if
            they all are, float32, has shape (N, 2).
    """
    bboxes: Tensor
    scores: Tensor
    ids: Tensor
    labels: Tensor
    num_wanted: Tensor
    sums: Tensor

    def pack(self) -> Tensor:
        """All fields, bit by bit where they have the types above.

        Returns:
            Tensor: int32, has shape (N, 9 * S + 4).
        """
        return torch.cat([  # the wide ones first: they must lie even
            self.num_wanted[:, None].view(torch.int32),
            self.ids.view(torch.int32),
            self.labels.view(torch.int32),
            self.bboxes.to(torch.float32).flatten(1).view(torch.int32),
            self.scores.to(torch.float32).view(torch.int32),
            self.sums.to(torch.float32).view(torch.int32),
        ], 1)

    @classmethod
    def unpack(cls, packed: Tensor) -> 'FrameReport':
        """Undo :meth:`pack`.

        Args:
            packed (Tensor): int32, has shape (N, 9 * S + 4).

        Returns:
            :obj:`FrameReport`: On the device of ``packed``.
        """
        size = (packed.size(1) - WORDS_PER_VIDEO) // WORDS_PER_SLOT
        words = packed.split([2, 2 * size, 2 * size, 4 * size, size, 2], 1)
        num_wanted, ids, labels, bboxes, scores, sums = (
            part.clone(memory_format=torch.contiguous_format)
            for part in words)
        return cls(
            bboxes=bboxes.view(torch.float32).unflatten(1, (size, 4)),
            scores=scores.view(torch.float32),
            ids=ids.view(torch.int64),
            labels=labels.view(torch.int64),
            num_wanted=num_wanted.view(torch.int64)[:, 0],
            sums=sums.view(torch.float32))
