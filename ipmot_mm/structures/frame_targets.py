"""Ground truth of one frame, as the assigner, losses and TrackBook read it."""
from dataclasses import dataclass
from functools import cached_property
from typing import Tuple

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from .identity_map import NO_IDENTITY


@dataclass(frozen=True)
class FrameTargets:
    """Objects of one frame; a frame without objects has zero rows.

    All tensors are on the host, also where the model is on a GPU: what is
    known here is not asked from the device. :class:`TargetBatch` brings what
    the device reads.

    Attributes:
        bboxes (Tensor): Boxes as (x1, y1, x2, y2) in pixels of the frame the
            model sees, has shape (num_gts, 4). They may reach outside of the
            frame. Read by the TrackBook to cut crops.
        labels (Tensor): Class indices, int64, has shape (num_gts, ).
        instance_ids (Tensor): Identity inside one video, int64, has shape
            (num_gts, ). Read by the assigner to follow an object.
        identities (Tensor): Row of the TrackBook, int64, unique over all
            training videos, has shape (num_gts, ). ``NO_IDENTITY`` where the
            data set carries none. Read by the alignment losses.
        visibilities (Tensor): Visible share in [0, 1], 1 where unknown, has
            shape (num_gts, ).
        img_shape (tuple[int, int]): Height and width of the frame in pixels,
            without padding.
        name (str): What to call the frame in a message, usually its path.
    """
    bboxes: Tensor
    labels: Tensor
    instance_ids: Tensor
    identities: Tensor
    visibilities: Tensor
    img_shape: Tuple[int, int]
    name: str = ''

    def __post_init__(self) -> None:
        lengths = {
            len(self.bboxes),
            len(self.labels),
            len(self.instance_ids),
            len(self.identities),
            len(self.visibilities)
        }
        if len(lengths) > 1:
            raise ValueError(
                f'The fields of FrameTargets of frame "{self.name}" must have '
                f'one length, got {sorted(lengths)}. A transform dropped '
                'boxes but not their ids.')

    def __len__(self) -> int:
        return len(self.bboxes)

    @cached_property
    def bboxes_cxcywh(self) -> Tensor:
        """Tensor: Boxes as (cx, cy, w, h), 1 being the size of the unpadded
        frame, has shape (num_gts, 4)."""
        height, width = self.img_shape
        size = torch.tensor([width, height, width, height],
                            dtype=self.bboxes.dtype)
        x1, y1, x2, y2 = (self.bboxes / size).unbind(-1)
        return torch.stack(
            [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], dim=-1)

    @classmethod
    def from_instances(cls, instances: InstanceData, img_shape: Tuple[int,
                                                                      int],
                       name: str) -> 'FrameTargets':
        """Read the ground truth that the data pipeline packed.

        Args:
            instances (:obj:`InstanceData`): With ``bboxes``, ``labels`` and
                ``instances_ids``, and optionally ``identities``
                (``NO_IDENTITY`` without) and ``visibilities`` (1 without).
            img_shape (tuple[int, int]): Height and width in pixels.
            name (str): Path of the image.

        Returns:
            :obj:`FrameTargets`: The same objects on the host, ids as int64.
        """
        bboxes = getattr(instances.bboxes, 'tensor', instances.bboxes)
        ids = instances.instances_ids.cpu().long()
        identities = instances.get('identities',
                                   torch.full_like(ids, NO_IDENTITY))
        visibilities = instances.get('visibilities', torch.ones_like(ids))
        return cls(
            bboxes=bboxes.cpu().float(),
            labels=instances.labels.cpu().long(),
            instance_ids=ids,
            identities=identities.cpu().long(),
            visibilities=visibilities.cpu().float(),
            img_shape=(int(img_shape[0]), int(img_shape[1])),
            name=name)
