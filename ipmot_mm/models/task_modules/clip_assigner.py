"""Which object each query learns, and which queries live on in training."""
import zlib
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from mmengine.logging import print_log
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import (NO_GT, NO_ID, FrameAssignment, FrameTargets,
                                 QueryOutputs, QuerySelection, TrackQueries)

from .match_cost import match_costs

POLICIES = ('qbs', 'tala', 'cola')


@dataclass
class _Frame:
    """One sample of one frame on the host; arrays named as the tensors."""
    costs: np.ndarray  # (L, Qd, G)
    scores: np.ndarray  # (Q, )
    bboxes: np.ndarray  # (Q, 4) xyxy of the last layer
    track_ids: np.ndarray  # (Qt, ), NO_ID on padding
    is_track: np.ndarray  # (Qt, ) bool, False on padding
    track_ious: np.ndarray  # (Qt, )
    gt_ids: np.ndarray  # (G, )
    gt_bboxes: np.ndarray  # (G, 4) xyxy


@TASK_UTILS.register_module()
class ClipAssigner:
    """Assign objects to detect and track queries, and select the next tracks.

    1. A track query answers for the object with its id; for background where
       that object is not visible.
    2. Detect queries are matched one-to-one, in every decoder layer anew, by
       class, L1 and GIoU cost. With which objects is the policy:

       - ``qbs``: with all of them in every layer, the query-balanced strategy
         (paper, Section 3.3). A tracked object then has two positives.
       - ``tala``: with objects that no track owns (MOTR). Layers without
         track queries take all of them, as in MeMOTR.
       - ``cola``: with all in every layer but the last, which takes the
         unowned (CO-MOT).

    3. The deduplication target is 1 for a visible track and for a detect
       query whose last match is an unowned object; 0 elsewhere.
    4. Live on: tracks with an id or a high score, detect queries matched to
       unowned objects, and spawned false positives. An id is lost where the
       IoU with the object, when last visible, is below ``iou_thr``
       (MCG-NJU/MeMOTR @7de13f4, models/query_updater.py:186-192). Queries
       with an id are dropped at random, if asked for, so that objects appear
       in the middle of a clip (megvii-research/MOTR @8690da3,
       models/qim.py:133-145).

    Owned means: a live track query carries the id when the frame begins.

    Args:
        policy (str): ``qbs``, ``tala`` or ``cola``. Defaults to ``qbs``.
        cls_cost (float): Weight of the focal cost. Defaults to 2.0.
        bbox_cost (float): Weight of the L1 cost. Defaults to 5.0.
        iou_cost (float): Weight of the GIoU cost. Defaults to 2.0.
        iou_thr (float): See step 4. Defaults to 0.5.
        track_score_thr (float): tau, above which a track without id lives on.
            Defaults to 0.5 (paper, Section 4.2).
        false_positives (dict, optional): Config of
            :class:`FalsePositiveSpawner`. None spawns nothing.
        track_drop_prob (float): Probability that a query with an id does not
            live on. MOTR takes 0.1. Defaults to 0.0.
        max_track_queries (int): Hard cap of tracks per sample; the last ones,
            false positives first, are dropped. Defaults to 500.
    """

    def __init__(self,
                 *,
                 policy: str = 'qbs',
                 cls_cost: float = 2.0,
                 bbox_cost: float = 5.0,
                 iou_cost: float = 2.0,
                 iou_thr: float = 0.5,
                 track_score_thr: float = 0.5,
                 false_positives: Optional[dict] = None,
                 track_drop_prob: float = 0.0,
                 max_track_queries: int = 500) -> None:
        if policy not in POLICIES:
            raise ValueError(f'assigner.policy must be one of {POLICIES}, '
                             f'got {policy!r}.')
        self.policy = policy
        self.cost_weights = (cls_cost, bbox_cost, iou_cost)
        self.iou_thr = iou_thr
        self.track_score_thr = track_score_thr
        self.spawner = None
        if false_positives is not None:
            self.spawner = TASK_UTILS.build(false_positives)
        self.track_drop_prob = track_drop_prob
        self.max_track_queries = max_track_queries
        self._most_objects = 0  # in a frame that was warned about

    @torch.no_grad()
    def __call__(
        self, outputs: QueryOutputs, tracks: TrackQueries,
        targets: Sequence[FrameTargets]
    ) -> Tuple[FrameAssignment, QuerySelection]:
        """Assign one frame of a batch of clips.

        Args:
            outputs (:obj:`QueryOutputs`): Of this frame.
            tracks (:obj:`TrackQueries`): That entered this frame.
            targets (sequence[:obj:`FrameTargets`]): Ground truth, N of them.

        Returns:
            tuple: :obj:`FrameAssignment` for the losses and
            :obj:`QuerySelection` for the updater.
        """
        frames = self._to_host(outputs, tracks, targets)
        gt_inds, chosen = [], []
        for frame, target in zip(frames, targets):
            self._check(frame, target)
            track_inds, is_owned = self._bind_tracks(frame)
            detect_inds = self._match_detections(
                frame, is_owned, outputs.num_detect_only_layers)
            num_layers = len(detect_inds)
            joint = np.broadcast_to(track_inds,
                                    (num_layers, len(track_inds))).copy()
            joint[:outputs.num_detect_only_layers] = NO_GT
            gt_inds.append(np.concatenate([detect_inds, joint], 1))
            chosen.append(self._select(frame, gt_inds[-1][-1], is_owned))
        assignment = self._pack_assignment(gt_inds, outputs, tracks, targets)
        return assignment, self._pack_selection(chosen, outputs, tracks)

    def _to_host(self, outputs: QueryOutputs, tracks: TrackQueries,
                 targets: Sequence[FrameTargets]) -> List[_Frame]:
        """Bring all that decides to the host in one transfer.

        float64 holds float32 values and int64 ids below 2**53 exactly.
        """
        costs = match_costs(outputs, targets, self.cost_weights)
        bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1])
        tensors: List[Tensor] = []
        for n, (cost, target) in enumerate(zip(costs, targets)):
            tensors += [
                cost, outputs.scores[n], bboxes[n], tracks.ids[n],
                tracks.valid[n], tracks.ious[n], target.instance_ids,
                bbox_cxcywh_to_xyxy(target.bboxes_cxcywh)
            ]
        flat = torch.cat([t.detach().double().flatten() for t in tensors])
        sizes = np.cumsum([t.numel() for t in tensors])[:-1]
        parts = [
            part.reshape(tensor.shape)
            for part, tensor in zip(np.split(flat.cpu().numpy(), sizes),
                                    tensors)
        ]
        fields_per_frame = len(tensors) // len(targets)
        frames = []
        for start in range(0, len(parts), fields_per_frame):
            frame = _Frame(*parts[start:start + fields_per_frame])
            frame.is_track = frame.is_track.astype(bool)
            frame.track_ids = frame.track_ids.astype(np.int64)
            frame.gt_ids = frame.gt_ids.astype(np.int64)
            frames.append(frame)
        return frames

    def _check(self, frame: _Frame, target: FrameTargets) -> None:
        """Say that a frame has too many objects, with its name.

        A crowded video would fill the log: a frame is named only if it holds
        more objects than all that were named before.
        """
        num_queries, num_gts = frame.costs.shape[1:]
        if num_gts > max(num_queries, self._most_objects):
            self._most_objects = num_gts
            print_log(
                f'{target.name}: {num_gts} objects but only {num_queries} '
                'detect queries, some objects stay unlearned; raise '
                'model.detector.num_queries.',
                logger='current',
                level=30)

    @staticmethod
    def _bind_tracks(frame: _Frame) -> Tuple[np.ndarray, np.ndarray]:
        """Step 1: object of each track (Qt, ), and which are owned (G, )."""
        has_id = frame.is_track & (frame.track_ids != NO_ID)
        same = has_id[:, None] & (
            frame.track_ids[:, None] == frame.gt_ids[None])
        if same.size == 0:
            return (np.full(len(has_id), NO_GT),
                    np.zeros(len(frame.gt_ids), dtype=bool))
        return np.where(same.any(1), same.argmax(1), NO_GT), same.any(0)

    def _match_detections(self, frame: _Frame, is_owned: np.ndarray,
                          num_detect_only_layers: int) -> np.ndarray:
        """Step 2: object of each detect query in each layer, (L, Qd)."""
        num_layers, num_queries, num_gts = frame.costs.shape
        # Some matching of what is not finite: the loss will not be either,
        # which NonFiniteGuard reports.
        costs = np.nan_to_num(frame.costs, nan=1e4, posinf=1e4, neginf=-1e4)
        detect_inds = np.full((num_layers, num_queries), NO_GT)
        for layer in range(num_layers):
            takes_all = (
                self.policy == 'qbs' or layer < num_detect_only_layers
                or (self.policy == 'cola' and layer < num_layers - 1))
            candidates = np.arange(num_gts) if takes_all else np.flatnonzero(
                ~is_owned)
            if len(candidates) == 0:
                continue
            queries, columns = linear_sum_assignment(
                costs[layer][:, candidates])
            detect_inds[layer, queries] = candidates[columns]
        return detect_inds

    def _select(self, frame: _Frame, gt_inds: np.ndarray,
                is_owned: np.ndarray) -> Tuple[np.ndarray, ...]:
        """Step 4: query index, id and IoU of what lives on."""
        num_detect = frame.costs.shape[1]
        ious = self._ious(frame, gt_inds)
        ids = np.full(len(gt_inds), NO_ID)
        ids[num_detect:] = frame.track_ids

        # tracks: with an id, or confident without one
        tracks = num_detect + np.flatnonzero(frame.is_track & (
            (frame.track_ids != NO_ID)
            | (frame.scores[num_detect:] > self.track_score_thr)))
        # newborns: matched to an object that no track owns
        matched = gt_inds[:num_detect]
        is_newborn = matched != NO_GT
        is_newborn[is_newborn] = ~is_owned[matched[is_newborn]]
        newborns = np.flatnonzero(is_newborn)
        ids[newborns] = frame.gt_ids[matched[newborns]]
        # false positives: other confident detections
        spawned = np.zeros(0, dtype=np.int64)
        if self.spawner is not None:
            spawned = self.spawner(frame.scores[:num_detect], is_newborn,
                                   len(frame.gt_ids))

        ids[ious < self.iou_thr] = NO_ID
        inds = np.concatenate([tracks, newborns, spawned])
        inds = inds[~self._is_dropped(frame, ids[inds])]
        # stable: queries with an id first, so that the cap drops the others
        order = np.argsort(ids[inds] == NO_ID, kind='stable')
        inds = inds[order][:self.max_track_queries]
        return inds, ids[inds], ious[inds]

    def _is_dropped(self, frame: _Frame, ids: np.ndarray) -> np.ndarray:
        """Queries with an id that are dropped at random.

        The scores seed the draw, so that it is new in every iteration and a
        resumed run repeats it.
        """
        if self.track_drop_prob == 0:
            return np.zeros(len(ids), dtype=bool)
        generator = np.random.default_rng(zlib.crc32(frame.scores.tobytes()))
        return (ids != NO_ID) & (
            generator.random(len(ids)) < self.track_drop_prob)

    @staticmethod
    def _ious(frame: _Frame, gt_inds: np.ndarray) -> np.ndarray:
        """IoU of each query with its object, (Q, ).

        A track whose object is not visible keeps the value of the frame where
        it last was: that is what keeps occluded identities alive.
        """
        ious = np.zeros(len(gt_inds))
        num_detect = frame.costs.shape[1]
        ious[num_detect:] = frame.track_ious
        matched = np.flatnonzero(gt_inds != NO_GT)
        if len(matched) > 0:
            ious[matched] = bbox_overlaps(
                torch.from_numpy(frame.bboxes[matched]),
                torch.from_numpy(frame.gt_bboxes[gt_inds[matched]]),
                is_aligned=True).numpy()
        return ious

    @staticmethod
    def _pack_assignment(
            gt_inds: Sequence[np.ndarray], outputs: QueryOutputs,
            tracks: TrackQueries,
            targets: Sequence[FrameTargets]) -> FrameAssignment:
        """Step 3, and all of it back on the device."""
        device = outputs.valid.device
        stacked = torch.from_numpy(np.stack(gt_inds, 1)).to(device)
        is_supervised = outputs.valid.expand(len(stacked), -1, -1).clone()
        is_supervised[:outputs.num_detect_only_layers,
                      :, outputs.num_detect_queries:] = False
        dedup = torch.zeros_like(outputs.valid, dtype=torch.float)
        for n, target in enumerate(targets):
            last = stacked[-1, n]
            has_id = tracks.valid[n] & (tracks.ids[n] != NO_ID)
            owned = torch.isin(target.instance_ids, tracks.ids[n][has_id])
            owned = torch.cat([owned, owned.new_zeros(1)])  # for NO_GT
            is_duplicate = outputs.is_detect & owned[last]
            dedup[n] = ((last != NO_GT) & ~is_duplicate).float()
        return FrameAssignment(stacked, is_supervised, dedup)

    @staticmethod
    def _pack_selection(chosen: Sequence[Tuple[np.ndarray, ...]],
                        outputs: QueryOutputs,
                        tracks: TrackQueries) -> QuerySelection:
        """Pad the samples to one length."""
        device = outputs.valid.device
        longest = max(len(inds) for inds, ids, ious in chosen)
        shape = (len(chosen), longest)
        query_inds = np.zeros(shape, dtype=np.int64)
        ids = np.full(shape, NO_ID, dtype=np.int64)
        ious = np.zeros(shape, dtype=np.float32)
        valid = np.zeros(shape, dtype=bool)
        for n, (sample_inds, sample_ids, sample_ious) in enumerate(chosen):
            length = len(sample_inds)
            query_inds[n, :length] = sample_inds
            ids[n, :length] = sample_ids
            ious[n, :length] = sample_ious
            valid[n, :length] = True
        inds = torch.from_numpy(query_inds).to(device)
        labels = torch.cat(
            [outputs.labels[:, :outputs.num_detect_queries], tracks.labels],
            1)
        return QuerySelection(
            query_inds=inds,
            valid=torch.from_numpy(valid).to(device),
            ids=torch.from_numpy(ids).to(device),
            labels=labels.gather(1, inds),
            scores=outputs.scores.gather(1, inds),
            ious=torch.from_numpy(ious).to(device),
            num_frames_missed=torch.zeros_like(inds))
