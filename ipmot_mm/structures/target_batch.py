"""Ground truth of a frame of several clips, ready on the device."""
from collections.abc import Sequence as SequenceABC
from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from .frame_targets import FrameTargets
from .packed_transfer import to_device

FILLER = (0.5, 0.5, 1.0, 1.0)
"""Box (cx, cy, w, h) of what is no object; all costs of it are finite."""


@dataclass(frozen=True, eq=False)
class TargetBatch(SequenceABC):
    """One frame of N clips: what the host reads, and what the device reads.

    A sequence of N :class:`FrameTargets`. Letters: N batch, G objects of the
    richest clip, at least one; other clips are padded.

    Attributes:
        frames (tuple[:obj:`FrameTargets`]): On the host, N of them.
        bboxes (Tensor): (cx, cy, w, h), 1 being the size of the unpadded
            frame, on the device, has shape (N, G, 4).
        labels (Tensor): Class indices, 0 on padding, int64, on the device,
            has shape (N, G).
    """
    frames: Tuple[FrameTargets, ...]
    bboxes: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: Any) -> Any:
        return self.frames[index]

    @classmethod
    def of(cls, targets: Sequence[FrameTargets],
           device: Union[str, torch.device]) -> 'TargetBatch':
        """Pack one frame, unless it is packed already.

        Args:
            targets (sequence[:obj:`FrameTargets`]): N of them.
            device (torch.device | str): Where the boxes are needed.

        Returns:
            :obj:`TargetBatch`: Of the same objects.
        """
        if isinstance(targets, cls):
            return targets
        return cls.of_clips([[frame] for frame in targets], device)[0]

    @classmethod
    def of_clips(cls, clips: Sequence[Sequence[FrameTargets]],
                 device: Union[str, torch.device]) -> List['TargetBatch']:
        """Bring the ground truth of some clips to the device in one copy.

        Args:
            clips (sequence[sequence[:obj:`FrameTargets`]]): T frames of N
                clips.
            device (torch.device | str): Where the boxes are needed.

        Returns:
            list[:obj:`TargetBatch`]: T of them, each with the frames of N
            clips.
        """
        frames = list(zip(*clips))  # T of N
        most = max([len(target) for clip in clips for target in clip] + [1])
        shape = (len(frames), len(clips), most)
        bboxes = np.full((*shape, 4), FILLER, dtype=np.float32)
        labels = np.zeros(shape, dtype=np.int64)
        for t, frame in enumerate(frames):
            for n, target in enumerate(frame):
                bboxes[t, n, :len(target)] = target.bboxes_cxcywh.numpy()
                labels[t, n, :len(target)] = target.labels.numpy()
        packed = to_device([bboxes, labels], device)
        return [cls(*fields) for fields in zip(frames, *packed)]
