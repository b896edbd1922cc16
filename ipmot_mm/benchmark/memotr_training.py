"""Losses of a clip in the style of MeMOTR, to be compared with.

Written from its description (MCG-NJU/MeMOTR @7de13f4, models/criterion.py and
train_engine.py), around our own network, weights and loss weights: what comes
out is what :meth:`IPMOT.loss` gives, by other means.

* One frame after the other goes through the whole network.
* Every decoder layer is matched by itself: its cost is copied to the host,
  and its losses are taken of queries that a mask or an index chooses.
* Tracks find their object in a Python loop over tracks.
"""
from typing import Any, Dict, List, NamedTuple, Sequence

import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import (bbox_cxcywh_to_xyxy, bbox_overlaps,
                                   bbox_xyxy_to_cxcywh)
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from ipmot_mm.structures import NO_GT, NO_ID, QueryOutputs, TrackQueries

from .memotr_loop import TrackRows

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
EPS = 1e-12


class Objects(NamedTuple):
    """Ground truth of one frame on the device.

    Attributes:
        bboxes (Tensor): (cx, cy, w, h), 1 being the size of the unpadded
            frame, has shape (G, 4).
        labels (Tensor): Classes, int64, has shape (G, ).
        instance_ids (Tensor): Identity inside the video, int64, has shape
            (G, ).
    """
    bboxes: Tensor
    labels: Tensor
    instance_ids: Tensor

    @classmethod
    def of_frame(cls, frame: DetDataSample) -> 'Objects':
        """Read a frame as the data preprocessor leaves it."""
        truth, (height, width) = frame.gt_instances, frame.img_shape[:2]
        size = truth.bboxes.new_tensor([width, height, width, height])
        return cls(
            bbox_xyxy_to_cxcywh(truth.bboxes.float() / size),
            truth.labels.long(), truth.instances_ids.long())


class Bindings(NamedTuple):
    """Which tracks own which objects when a frame begins.

    Attributes:
        track_inds (Tensor): Object of each track, ``NO_GT`` for none, int64,
            has shape (Qt, ).
        is_owned (Tensor): Objects that a track has, bool, has shape (G, ).
    """
    track_inds: Tensor
    is_owned: Tensor


def clip_losses(model: nn.Module, inputs: Tensor,
                data_samples: Sequence[Any]) -> Dict[str, Tensor]:
    """Losses of one clip.

    Args:
        model (:obj:`IPMOT`): In training mode, without losses of alignment
            and without dropped tracks, which MeMOTR does not have.
        inputs (Tensor): Normalised, has shape (1, T, 3, H, W).
        data_samples (sequence[:obj:`TrackDataSample`]): One, of T frames with
            ground truth.

    Returns:
        dict[str, Tensor]: Those of :meth:`IPMOT.loss`.

    Raises:
        ValueError: If the model has what MeMOTR does not have, or there are
            several clips.
    """
    _check(model, data_samples)
    tracks = TrackQueries.empty(1, model.detector.embed_dims, inputs.device)
    totals: Dict[str, Any] = {}
    num_targets = 0
    frames = data_samples[0].video_data_samples
    for t, frame in enumerate(frames):
        target = Objects.of_frame(frame)
        memory = model.encode(inputs[:, t:t + 1], [frame.img_shape])
        outputs = model.step(memory.frame(0, 1), tracks)
        bound = bind_tracks(tracks, target)
        gt_inds = match_layers(model.assigner, outputs, target, bound)
        for name, loss in frame_losses(model, outputs, target, bound,
                                       gt_inds).items():
            totals[name] = totals.get(name, 0) + loss
        num_targets += len(target.labels)
        if t + 1 < len(frames):
            rows = select(model.assigner, outputs, tracks, target, bound,
                          gt_inds[-1])
            tracks = model.updater(tracks, outputs, rows.selection())
    return {name: loss / max(num_targets, 1) for name, loss in totals.items()}


def _check(model: nn.Module, data_samples: Sequence[Any]) -> None:
    dedup = model.clip_loss.dedup
    found = [
        name for name, given in (
            ('clip_loss.dedup without focal loss of all queries',
             dedup is not None and (
                 dedup.mode != 'focal' or dedup.ignores_background)),
            ('clip_loss.triplet', model.clip_loss.triplet is not None),
            ('clip_loss.image_to_text',
             model.clip_loss.image_to_text is not None),
            ('assigner.track_drop_prob', model.assigner.track_drop_prob > 0),
            ('a batch of several clips', len(data_samples) != 1),
        ) if given
    ]
    if found:
        raise ValueError(
            'The loop in the style of MeMOTR trains one clip without '
            f'alignment and without dropped tracks, got {", ".join(found)}; '
            'leave that out on both sides to compare.')


def bind_tracks(tracks: TrackQueries, target: Objects) -> Bindings:
    """Let every track look for its object.

    Args:
        tracks (:obj:`TrackQueries`): That entered the frame, N = 1.
        target (:obj:`Objects`): Ground truth.

    Returns:
        :obj:`Bindings`: What they found.
    """
    rows = {gt_id.item(): row for row, gt_id in enumerate(target.instance_ids)}
    track_inds = [
        rows.get(track_id, NO_GT) if track_id != NO_ID else NO_GT
        for track_id in tracks.ids[0].tolist()
    ]
    owned = set(track_inds)
    device = target.instance_ids.device
    return Bindings(
        torch.as_tensor(track_inds, dtype=torch.long, device=device),
        torch.as_tensor([row in owned for row in rows.values()],
                        dtype=torch.bool,
                        device=device))


def match_layers(assigner: Any, outputs: QueryOutputs, target: Objects,
                 bound: Bindings) -> List[Tensor]:
    """Object of each query, layer by layer.

    Args:
        assigner (:obj:`ClipAssigner`): Gives policy and weights.
        outputs (:obj:`QueryOutputs`): Of the frame.
        target (:obj:`Objects`): Ground truth.
        bound (:obj:`Bindings`): Of the tracks.

    Returns:
        list[Tensor]: L of shape (Q, ), ``NO_GT`` for background.
    """
    num_layers, num_detect = len(outputs.bboxes), outputs.num_detect_queries
    everything = torch.arange(len(target.labels), device=bound.is_owned.device)
    free = everything[~bound.is_owned]
    found = []
    for layer in range(num_layers):
        takes_all = (
            assigner.policy == 'qbs' or layer < outputs.num_detect_only_layers
            or (assigner.policy == 'cola' and layer < num_layers - 1))
        candidates = everything if takes_all else free
        cost = _cost(outputs.cls_logits[layer, 0, :num_detect].detach(),
                     outputs.bboxes[layer, 0, :num_detect].detach(),
                     target.labels[candidates], target.bboxes[candidates],
                     assigner.cost_weights)
        queries, columns = linear_sum_assignment(cost.cpu().numpy())
        inds = torch.full((outputs.num_queries, ), NO_GT, device=cost.device)
        inds[torch.as_tensor(queries,
                             device=cost.device)] = candidates[torch.as_tensor(
                                 columns, device=cost.device)]
        if layer >= outputs.num_detect_only_layers:
            inds[num_detect:] = bound.track_inds
        found.append(inds)
    return found


def _cost(logits: Tensor, bboxes: Tensor, labels: Tensor, gt_bboxes: Tensor,
          weights: Sequence[float]) -> Tensor:
    """Matching cost of one layer, (Qd, G)."""
    scores = logits.float().sigmoid()
    negative = -(1 - scores + EPS).log() * (
        1 - FOCAL_ALPHA) * scores.pow(FOCAL_GAMMA)
    positive = -(scores + EPS).log() * FOCAL_ALPHA * (1 -
                                                      scores).pow(FOCAL_GAMMA)
    overlaps = bbox_overlaps(
        bbox_cxcywh_to_xyxy(bboxes.float()),
        bbox_cxcywh_to_xyxy(gt_bboxes),
        mode='giou')
    distances = torch.cdist(bboxes.float(), gt_bboxes, p=1)
    return (weights[0] * (positive - negative)[:, labels] +
            weights[1] * distances - weights[2] * overlaps)


def frame_losses(model: nn.Module, outputs: QueryOutputs, target: Objects,
                 bound: Bindings,
                 gt_inds: Sequence[Tensor]) -> Dict[str, Tensor]:
    """Losses of one frame, layer by layer, not yet normalised.

    Args:
        model (:obj:`IPMOT`): Gives the weights and the loss of d.
        outputs (:obj:`QueryOutputs`): Of the frame.
        target (:obj:`Objects`): Ground truth.
        bound (:obj:`Bindings`): Of the tracks.
        gt_inds (sequence[Tensor]): Of :func:`match_layers`.

    Returns:
        dict[str, Tensor]: Named as those of :meth:`IPMOT.loss`.
    """
    weights, losses = model.clip_loss.weights, {}
    num_layers, num_detect = len(gt_inds), outputs.num_detect_queries
    for layer, inds in enumerate(gt_inds):
        last = (
            num_detect
            if layer < outputs.num_detect_only_layers else outputs.num_queries)
        inds = inds[:last]
        logits = outputs.cls_logits[layer, 0, :last].float()
        matched = (inds != NO_GT).nonzero()[:, 0]
        objects = inds[matched]
        one_hot = torch.zeros_like(logits)
        one_hot[matched, target.labels[objects]] = 1
        bboxes = outputs.bboxes[layer, 0, :last][matched].float()
        gt_bboxes = target.bboxes[objects]
        overlaps = bbox_overlaps(
            bbox_cxcywh_to_xyxy(bboxes),
            bbox_cxcywh_to_xyxy(gt_bboxes),
            mode='giou',
            is_aligned=True)
        sums = dict(
            cls=py_sigmoid_focal_loss(logits, one_hot, reduction='sum'),
            bbox=nn.functional.l1_loss(bboxes, gt_bboxes, reduction='sum'),
            iou=(1 - overlaps).sum())
        prefix = '' if layer == num_layers - 1 else f'd{layer}.'
        for name, value in sums.items():
            losses[f'{prefix}loss_{name}'] = weights[name] * value
    if model.clip_loss.dedup is not None:
        losses['loss_dedup'] = _dedup_loss(model, outputs, bound, gt_inds)
    return losses


def _dedup_loss(model: nn.Module, outputs: QueryOutputs, bound: Bindings,
                gt_inds: Sequence[Tensor]) -> Tensor:
    """IP-MOT's own loss; MeMOTR has none, so nothing here waits."""
    inds = gt_inds[-1]
    targets = (inds != NO_GT).float()
    targets[:outputs.num_detect_queries] = _finds_newborn(
        inds[:outputs.num_detect_queries], bound).float()
    loss = model.clip_loss.dedup
    return loss.loss_weight * py_sigmoid_focal_loss(
        outputs.dedup_logits[0].float(),
        targets,
        gamma=loss.gamma,
        alpha=loss.alpha,
        reduction='sum')


def _finds_newborn(inds: Tensor, bound: Bindings) -> Tensor:
    """Which queries found an object that no track owns, bool, like inds."""
    owned = torch.cat([bound.is_owned, bound.is_owned.new_ones(1)])
    return ~owned[inds]  # NO_GT reads the last


def select(assigner: Any, outputs: QueryOutputs, tracks: TrackQueries,
           target: Objects, bound: Bindings, gt_inds: Tensor) -> TrackRows:
    """Queries that live on: tracks, newborns and false positives.

    Args:
        assigner (:obj:`ClipAssigner`): Gives thresholds and caps.
        outputs (:obj:`QueryOutputs`): Of the frame.
        tracks (:obj:`TrackQueries`): That entered it.
        target (:obj:`Objects`): Ground truth.
        bound (:obj:`Bindings`): Of the tracks.
        gt_inds (Tensor): Of the last layer, has shape (Q, ).

    Returns:
        :obj:`TrackRows`: With ids; ``NO_ID`` for those of no object.
    """
    num_detect = outputs.num_detect_queries
    queries = TrackRows({
        name: value.detach()
        for name, value in TrackRows.of_queries(outputs).fields.items()
    }).set(
        ids=torch.cat(
            [torch.full_like(gt_inds[:num_detect], NO_ID), tracks.ids[0]]),
        labels=torch.cat([outputs.labels[0, :num_detect], tracks.labels[0]]),
        ious=torch.cat([outputs.scores.new_zeros(num_detect), tracks.ious[0]]))
    matched = gt_inds != NO_GT
    ious = queries.ious.clone()
    ious[matched] = bbox_overlaps(
        bbox_cxcywh_to_xyxy(queries.bboxes[matched].float()),
        bbox_cxcywh_to_xyxy(target.bboxes[gt_inds[matched]]),
        is_aligned=True)
    queries = queries.set(ious=ious)

    old = queries[num_detect:]
    old = old[(old.ids != NO_ID) | (old.scores > assigner.track_score_thr)]
    detections, inds = queries[:num_detect], gt_inds[:num_detect]
    is_newborn = _finds_newborn(inds, bound)
    newborns = detections[is_newborn].set(
        ids=target.instance_ids[inds[is_newborn]])
    chosen = old.cat(newborns)
    if assigner.spawner is not None:
        spawner, others = assigner.spawner, detections[~is_newborn]
        others = others[others.scores > spawner.score_thr]
        cap = max(spawner.min_cap, int(spawner.cap_ratio * len(target.labels)))
        chosen = chosen.cat(
            others[others.scores.argsort(descending=True)[:cap]])
    ids = chosen.ids.clone()
    ids[chosen.ious < assigner.iou_thr] = NO_ID
    chosen = chosen.set(ids=ids)
    order = (chosen.ids == NO_ID).int().argsort(stable=True)
    return chosen[order[:assigner.max_track_queries]]
