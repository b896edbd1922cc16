"""The extended collective average loss of a clip."""
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Union

import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from mmdet.utils import reduce_mean
from torch import Tensor, nn

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import (NO_GT, NO_IDENTITY, FrameAssignment,
                                 FrameTargets, QueryOutputs)


@dataclass(frozen=True)
class FrameLoss:
    """What one frame adds to the loss of its clip, not yet normalised.

    Letters: L decoder layers, N batch, Q queries, D embedding dims.

    Attributes:
        terms (dict[str, Tensor]): Sums over all queries: ``cls``, ``bbox``,
            ``iou`` of shape (L, ) and ``dedup`` of shape ().
        num_targets (int): Objects of the frame, over the batch.
        embeddings (Tensor, optional): e of all queries, (L, N, Q, D).
        is_matched (Tensor): Queries that have an object, bool, (L, N, Q).
        instance_ids (Tensor): Id in its video of the object of each matched
            query, arbitrary elsewhere, int64, has shape (L, N, Q).
        identities (Tensor): TrackBook row of that object, ``NO_IDENTITY``
            where it has none, int64, has shape (L, N, Q).
    """
    terms: Dict[str, Tensor]
    num_targets: int
    embeddings: Optional[Tensor]
    is_matched: Tensor
    instance_ids: Tensor
    identities: Tensor


@dataclass(frozen=True)
class IdentityTexts:
    """Text features of some identities, Text(B, Y) of Algorithm 1.

    Attributes:
        identities (Tensor): Sorted rows of the TrackBook, int64, (P, ).
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

    def frame(self, outputs: QueryOutputs, assignment: FrameAssignment,
              targets: Sequence[FrameTargets]) -> FrameLoss:
        """Sum the losses of one frame over its queries.

        Args:
            outputs (:obj:`QueryOutputs`): Of the frame.
            assignment (:obj:`FrameAssignment`): Of the same frame.
            targets (sequence[:obj:`FrameTargets`]): Ground truth, N of them.

        Returns:
            :obj:`FrameLoss`: For :meth:`reduce`.
        """
        supervised = assignment.is_supervised  # (L, N, Q)
        matched = supervised & (assignment.gt_inds != NO_GT)
        labels, bboxes, instance_ids, identities = self._gather(
            targets, assignment.gt_inds)

        logits = outputs.cls_logits.float()
        one_hot = nn.functional.one_hot(labels, logits.size(-1))
        focal = py_sigmoid_focal_loss(
            logits, one_hot * matched[..., None], reduction='none').sum(-1)
        l1 = (outputs.bboxes.float() - bboxes).abs().sum(-1)
        giou = 1 - bbox_overlaps(
            bbox_cxcywh_to_xyxy(outputs.bboxes.float()),
            bbox_cxcywh_to_xyxy(bboxes),
            mode='giou',
            is_aligned=True)
        terms = dict(
            cls=torch.where(supervised, focal, 0).sum((1, 2)),
            bbox=torch.where(matched, l1, 0).sum((1, 2)),
            iou=torch.where(matched, giou, 0).sum((1, 2)))
        if self.dedup is not None:
            terms['dedup'] = self.dedup(outputs, assignment)
        return FrameLoss(
            terms=terms,
            num_targets=sum(map(len, targets)),
            embeddings=outputs.embeddings,
            is_matched=matched,
            instance_ids=instance_ids,
            identities=torch.where(matched, identities, NO_IDENTITY))

    @staticmethod
    def _gather(targets: Sequence[FrameTargets],
                gt_inds: Tensor) -> List[Tensor]:
        """Label, box, id and identity of the object of each query.

        Returns:
            list[Tensor]: Labels (L, N, Q), boxes as (cx, cy, w, h) in [0, 1]
            (L, N, Q, 4), ids and identities (L, N, Q); those of background
            are arbitrary but finite.
        """
        gathered = []
        for n, target in enumerate(targets):
            filler = target.bboxes.new_tensor([[0.5, 0.5, 1.0, 1.0]])
            bboxes = torch.cat([target.bboxes_cxcywh, filler])
            inds = gt_inds[:, n]  # NO_GT takes the filler, the last row
            labels, ids, identities = (
                torch.cat([field, field.new_zeros(1)])[inds]
                for field in (target.labels, target.instance_ids,
                              target.identities))
            gathered.append((labels, bboxes[inds], ids, identities))
        return [torch.stack(field, 1) for field in zip(*gathered)]

    @staticmethod
    def normaliser(
            targets: Sequence[Sequence[FrameTargets]]) -> ClipNormaliser:
        """Count the objects of a batch, before it is dealt out in parts.

        A collective operation: every rank must call it, also without objects.

        Args:
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.

        Returns:
            :obj:`ClipNormaliser`: For :meth:`reduce`.
        """
        num_targets = sum(len(frame) for clip in targets for frame in clip)
        return ClipNormaliser(
            _mean_over_ranks(num_targets, len(targets), targets[0][0].bboxes),
            len(targets))

    def reduce(self,
               frames: Sequence[FrameLoss],
               texts: Optional[IdentityTexts] = None,
               normaliser: Optional[ClipNormaliser] = None
               ) -> Dict[str, Tensor]:
        """Normalise the sums of a clip and add the alignment.

        Args:
            frames (sequence[:obj:`FrameLoss`]): All frames of the clip.
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
        first = frames[0].terms
        if normaliser is None:
            num_targets = sum(frame.num_targets for frame in frames)
            num_clips = frames[0].identities.size(1)
            normaliser = ClipNormaliser(
                _mean_over_ranks(num_targets, num_clips, first['cls']),
                num_clips)
        losses = {}
        num_layers = len(first['cls'])
        for name, weight in self.weights.items():
            total = sum(frame.terms[name] for frame in frames)
            for layer, loss in enumerate(
                    total * weight / normaliser.num_targets):
                losses[self._key(f'loss_{name}', layer, num_layers)] = loss
        if self.dedup is not None:
            total = sum(frame.terms['dedup'] for frame in frames)
            losses['loss_dedup'] = total / normaliser.num_targets
        losses.update(
            self._align(frames, texts, num_layers, normaliser.num_clips))
        return losses

    def _align(self, frames: Sequence[FrameLoss],
               texts: Optional[IdentityTexts], num_layers: int,
               num_clips: int) -> Dict[str, Tensor]:
        """Triplet and image-to-text loss over the clip-level pools."""
        if self.triplet is None and self.image_to_text is None:
            return {}
        if frames[0].embeddings is None:
            raise ValueError(
                'clip_loss.triplet and clip_loss.image_to_text need instance '
                'embeddings; set detector.bbox_head.joint_dims, or leave '
                'both losses out.')
        layers = self.aligned_layers(num_layers)
        scale = 1 / len(layers) if self.align_reduction == 'mean' else 1.0
        batch_size = frames[0].identities.size(1)
        losses = {}
        for layer in layers:
            pools = [self._pool(frames, layer, n) for n in range(batch_size)]
            if self.triplet is not None:
                per_clip = [self.triplet(e, ids) for e, ids, _ in pools]
                key = self._key('loss_triplet', layer, num_layers)
                losses[key] = scale * sum(per_clip) / num_clips
            if self.image_to_text is not None:
                per_clip = [
                    self._image_to_text(e, identities, texts)
                    for e, _, identities in pools
                ]
                key = self._key('loss_i2tce', layer, num_layers)
                losses[key] = scale * sum(per_clip) / num_clips
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
    def _pool(frames: Sequence[FrameLoss], layer: int,
              n: int) -> List[Tensor]:
        """P_emb of one clip: embeddings (E, D), ids (E, ) and identities
        (E, ) of all queries that have an object."""
        fields = [[
            field[layer, n][frame.is_matched[layer, n]]
            for field in (frame.embeddings, frame.instance_ids,
                          frame.identities)
        ] for frame in frames]
        embeddings, ids, identities = map(torch.cat, zip(*fields))
        return [embeddings.float(), ids, identities]

    def _image_to_text(self, embeddings: Tensor, identities: Tensor,
                       texts: Optional[IdentityTexts]) -> Tensor:
        """Classes are the identities of this clip that have a text."""
        if texts is None:
            raise ValueError('clip_loss.image_to_text needs a TrackBook; set '
                             'model.track_book or leave the loss out.')
        has_text = torch.isin(identities, texts.identities)
        classes, class_inds = identities[has_text].unique(return_inverse=True)
        rows = torch.searchsorted(texts.identities, classes)
        return self.image_to_text(embeddings[has_text], texts.features[rows],
                                  class_inds)

    @staticmethod
    def _key(name: str, layer: int, num_layers: int) -> str:
        return name if layer == num_layers - 1 else f'd{layer}.{name}'


def _mean_over_ranks(num_targets: int, num_clips: int,
                     like: Tensor) -> Tensor:
    """T of Eq. 7.

    At least one object per clip: with a clip per rank that is the limit of
    MeMOTR (models/criterion.py:118-136), and it is the same for any other way
    of dealing the clips out.
    """
    return reduce_mean(like.new_tensor(
        float(num_targets))).clamp(min=num_clips)
