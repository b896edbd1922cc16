"""The extended collective average loss of a clip."""
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmdet.utils import reduce_mean
from torch import Tensor, nn

from ipmot_mm.ops.box_geometry import generalized_iou
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import NO_IDENTITY, FrameTargets
from ipmot_mm.structures.packed_transfer import to_device

from .focal_loss import sigmoid_focal_loss
from .image_to_text_loss import NO_TEXT
from .precision import at_least_float32
from .query_targets import (ClipFrame, PoolTargets, QueryTargets, pool_targets,
                            query_targets)


@dataclass(frozen=True)
class IdentityTexts:
    """Text features of some identities, Text(B, Y) of Algorithm 1.

    Attributes:
        identities (Tensor): Sorted rows of the TrackBook, int64, on the
            host, has shape (P, ).
        features (Tensor): Without gradient, has shape (P, D).
    """
    identities: Tensor
    features: Tensor


@dataclass(frozen=True)
class ClipNormaliser:
    """What the losses of a batch are divided by, the same for all its parts.

    Attributes:
        num_targets (Tensor): T of Eq. 7: objects of the batch, averaged over
            the ranks, at least one per clip, has shape ().
        num_clips (int): Clips of the batch on this rank.
    """
    num_targets: Tensor
    num_clips: int


@MODELS.register_module()
class ClipAverageLoss(nn.Module):
    """L*_clip: detection, tracking, deduplication and alignment of a clip.

    .. code:: text

        L_clip  = 1/T sum_frames 2 L_cls + 5 L_l1 + 2 L_giou      Eq. 7, 8
        L_dedup = 1/T sum_frames 2 focal(d, unique carrier)       Eq. 5
        L*_clip = L_clip + L_dedup + 2 L_tri + 4 L_i2tce          Eq. 11

    Eq. 7 and 8 hold in every decoder layer with weight 1. T counts the objects
    of all frames once, averaged over the ranks, but at least one per clip, so
    that clips with few objects weigh less. L_tri and L_i2tce are means over
    the embeddings of matched queries of a clip, then over the clips, in the
    last ``align_layers`` decoder layers (paper, Table 5). Taking them clip by
    clip and not over the merged batch makes a batch of two equal two batches
    of one and N ranks equal one. L_tri tells objects apart by their id in the
    video; L_i2tce needs the text of their TrackBook row, so objects without
    one are left out of it.

    Args:
        cls_weight (float): lambda_cls. Defaults to 2 (Section 4.2).
        bbox_weight (float): lambda_l1. Defaults to 5 (Section 4.2).
        iou_weight (float): lambda_giou. Defaults to 2 (Section 4.2).
        dedup (dict): Config of a deduplication loss, registered in
            ``MODELS``; None where there is no deduplication module.
        triplet (dict, optional): Config of L_tri; None leaves it out.
        image_to_text (dict, optional): Config of L_i2tce; None leaves it out.
        align_layers (int | sequence[int]): The last so many layers, or layer
            indices. Defaults to 5 (Table 5).
        align_reduction (str): ``sum`` or ``mean`` over those layers.
            Defaults to ``sum``.
    """

    def __init__(self,
                 *,
                 cls_weight: float = 2.0,
                 bbox_weight: float = 5.0,
                 iou_weight: float = 2.0,
                 dedup: Optional[dict] = None,
                 triplet: Optional[dict] = None,
                 image_to_text: Optional[dict] = None,
                 align_layers: Union[int, Sequence[int]] = 5,
                 align_reduction: str = 'sum') -> None:
        super().__init__()
        if align_reduction not in ('sum', 'mean'):
            raise ValueError('clip_loss.align_reduction must be "sum" or '
                             f'"mean", got {align_reduction!r}.')
        if (not align_layers or isinstance(align_layers, int)
                and align_layers < 1):
            raise ValueError(
                'clip_loss.align_layers must be a positive number or a list '
                f'of layers, got {align_layers!r}; to align no layer leave '
                'triplet and image_to_text out.')
        self.weights = dict(
            cls=cls_weight, bbox=bbox_weight, iou=iou_weight)
        self.dedup = None if dedup is None else MODELS.build(dedup)
        self.triplet = None if triplet is None else MODELS.build(triplet)
        self.image_to_text = None
        if image_to_text is not None:
            self.image_to_text = MODELS.build(image_to_text)
        self.align_layers = align_layers
        self.align_reduction = align_reduction

    @staticmethod
    def normaliser(
            targets: Sequence[Sequence[FrameTargets]],
            device: Union[str, torch.device] = 'cpu') -> ClipNormaliser:
        """Count the objects of a batch, before it is dealt out in parts.

        A collective operation: every rank must call it, also without objects.

        Args:
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.
            device (torch.device | str): Of the losses. Defaults to
                ``'cpu'``.

        Returns:
            :obj:`ClipNormaliser`: For :meth:`reduce`.
        """
        num_targets = sum(len(frame) for clip in targets for frame in clip)
        return ClipNormaliser(
            _mean_over_ranks(num_targets, len(targets), device),
            len(targets))

    def reduce(self,
               frames: Sequence[ClipFrame],
               texts: Optional[IdentityTexts] = None,
               normaliser: Optional[ClipNormaliser] = None
               ) -> Dict[str, Tensor]:
        """Losses of N clips, over all frames, layers and clips at once.

        What is known of the ground truth is gathered on the host and copied
        to the device once; nothing is read back.

        Args:
            frames (sequence[:obj:`ClipFrame`]): All frames of the clips.
            texts (:obj:`IdentityTexts`, optional): Text features of the
                identities in the batch; needed for ``image_to_text``.
            normaliser (:obj:`ClipNormaliser`, optional): Of the batch that
                these clips are a part of: the losses of all parts then add up
                to those of the batch. None takes these clips as the batch,
                and is a collective operation.

        Returns:
            dict[str, Tensor]: ``loss_cls``, ``loss_bbox``, ``loss_iou``,
            ``loss_dedup``, ``loss_triplet`` and ``loss_i2tce`` of the last
            layer, the same with prefix ``d0.``, ``d1.``, ... of the others.
        """
        first = frames[0].outputs
        num_layers, batch_size = first.cls_logits.shape[:2]
        if normaliser is None:
            clips = list(zip(*(frame.targets for frame in frames)))
            normaliser = self.normaliser(clips, first.valid.device)
        layers = []
        if self.triplet is not None or self.image_to_text is not None:
            layers = self.aligned_layers(num_layers)
        queries, pools = self._upload(frames, layers, texts)
        logits = at_least_float32(_join(frames, 'cls_logits', 2))
        bboxes = at_least_float32(_join(frames, 'bboxes', 2))
        by_layer = self._detect(logits, bboxes, queries)
        losses = {
            self._key(name, layer, num_layers): loss
            for name, values in by_layer.items()
            for layer, loss in enumerate(values / normaliser.num_targets)
        }
        if self.dedup is not None:
            losses['loss_dedup'] = self._deduplicate(
                frames, logits[-1], queries) / normaliser.num_targets
        if layers:
            scale = 1 / normaliser.num_clips
            if self.align_reduction == 'mean':
                scale /= len(layers)
            aligned = self._align(frames, pools, texts)
            for name, values in aligned.items():
                values = values.view(-1, batch_size).sum(1) * scale
                for layer, loss in zip(layers, values.unbind()):
                    losses[self._key(name, layer, num_layers)] = loss
        return losses

    def _upload(
        self, frames: Sequence[ClipFrame], layers: Sequence[int],
        texts: Optional[IdentityTexts]
    ) -> Tuple[QueryTargets, Optional['_Pools']]:
        """Bring the targets of queries and pools to the device, together."""
        device = frames[0].outputs.valid.device
        queries = vars(query_targets(frames))
        if not layers:
            return QueryTargets(*to_device(queries.values(), device)), None
        pools = pool_targets(frames, layers)
        class_inds = np.zeros(0, dtype=np.int64)
        if self.image_to_text is not None:
            class_inds = self._class_inds(pools, texts)
        moved = to_device([
            *queries.values(), class_inds, pools.instance_ids, pools.is_valid,
            *pools.places
        ], device)
        return (QueryTargets(*moved[:len(queries)]),
                _Pools(*moved[len(queries):][:3], moved[len(queries) + 3:]))

    @staticmethod
    def _class_inds(pools: PoolTargets,
                    texts: Optional[IdentityTexts]) -> np.ndarray:
        """Row of the text of each embedding, ``NO_TEXT`` without, (B, E)."""
        if texts is None:
            raise ValueError(
                'clip_loss.image_to_text needs a TrackBook; set '
                'model.track_book, with AlternatingOptimWrapperConstructor as '
                'optim_wrapper.constructor, or leave the loss out.')
        known = texts.identities.numpy()
        rows = np.searchsorted(known, pools.identities)
        padded = np.append(known, NO_IDENTITY)  # of what is behind the last
        has_text = ((padded[rows] == pools.identities)
                    & (pools.identities != NO_IDENTITY))
        return np.where(has_text, rows, NO_TEXT)

    def _detect(self, logits: Tensor, bboxes: Tensor,
                queries: QueryTargets) -> Dict[str, Tensor]:
        """Sums of Eq. 8 over all queries, each of shape (L, ).

        Args:
            logits (Tensor): Has shape (L, N, S, K).
            bboxes (Tensor): Has shape (L, N, S, 4).
        """
        classes = torch.arange(logits.size(-1), device=logits.device)
        focal = sigmoid_focal_loss(logits, queries.labels == classes)
        truth = queries.bboxes.to(bboxes)  # a copy in float64 alone
        l1 = (bboxes - truth).abs()
        giou = 1 - generalized_iou(bboxes, truth)
        matched = queries.is_matched
        sums = dict(
            cls=torch.where(queries.is_supervised, focal, 0).sum((1, 2, 3)),
            bbox=torch.where(matched[..., None], l1, 0).sum((1, 2, 3)),
            iou=torch.where(matched, giou, 0).sum((1, 2)))
        return {
            f'loss_{name}': weight * sums[name]
            for name, weight in self.weights.items()
        }

    def _deduplicate(self, frames: Sequence[ClipFrame], cls_logits: Tensor,
                     queries: QueryTargets) -> Tensor:
        if frames[0].outputs.dedup_logits is None:
            raise ValueError('clip_loss.dedup needs a deduplication module; '
                             'set model.dedup or leave the loss out.')
        return self.dedup(
            _join(frames, 'dedup_logits', 1), cls_logits,
            queries.dedup_targets, queries.is_valid, queries.is_background)

    def _align(self, frames: Sequence[ClipFrame], pools: '_Pools',
               texts: Optional[IdentityTexts]) -> Dict[str, Tensor]:
        """Eq. 9 and 10 of every layer and clip, each of shape (A * N, )."""
        if frames[0].outputs.embeddings is None:
            raise ValueError(
                'clip_loss.triplet and clip_loss.image_to_text need instance '
                'embeddings; set detector.bbox_head.joint_dims, or leave '
                'both losses out.')
        num_pools = len(pools.is_valid)
        embeddings = torch.cat([
            frame.outputs.embeddings.flatten(0, 2).index_select(
                0, places).unflatten(0, (num_pools, -1))
            for frame, places in zip(frames, pools.places)
        ], 1)  # (A * N, E, D)
        losses = {}
        if self.triplet is not None:
            losses['loss_triplet'] = self.triplet(
                embeddings, pools.instance_ids, pools.is_valid)
        if self.image_to_text is not None:
            losses['loss_i2tce'] = self.image_to_text(
                embeddings, texts.features, pools.class_inds)
        return losses

    def aligned_layers(self, num_layers: int) -> List[int]:
        """Indices of the decoder layers that are aligned.

        Args:
            num_layers (int): L.

        Returns:
            list[int]: Such as [1, 2, 3, 4, 5] for the last five of six.
        """
        if isinstance(self.align_layers, int):
            return list(range(num_layers))[-self.align_layers:]
        if not all(-num_layers <= i < num_layers for i in self.align_layers):
            raise ValueError(
                f'clip_loss.align_layers names layers {self.align_layers}, '
                f'but there are {num_layers} decoder layers.')
        return sorted({layer % num_layers for layer in self.align_layers})

    @staticmethod
    def _key(name: str, layer: int, num_layers: int) -> str:
        return name if layer == num_layers - 1 else f'd{layer}.{name}'


class _Pools(NamedTuple):
    """:class:`PoolTargets` on the device."""
    class_inds: Tensor
    instance_ids: Tensor
    is_valid: Tensor
    places: List[Tensor]


def _join(frames: Sequence[ClipFrame], name: str, dim: int) -> Tensor:
    """An output of all frames, along the queries."""
    return torch.cat([getattr(frame.outputs, name) for frame in frames], dim)


def _mean_over_ranks(num_targets: int, num_clips: int,
                     device: Union[str, torch.device]) -> Tensor:
    """T of Eq. 7.

    At least one object per clip: with a clip per rank that is the limit of
    MeMOTR (models/criterion.py:118-136), and it is the same for any other way
    of dealing the clips out.
    """
    count = torch.full((), float(num_targets), device=device)
    return reduce_mean(count).clamp(min=num_clips)
