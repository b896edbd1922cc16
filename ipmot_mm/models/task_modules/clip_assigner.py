"""Which object each query learns, and which queries live on in training."""
import zlib
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.logging import print_log
from scipy.optimize import linear_sum_assignment

from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import (NO_GT, NO_ID, FrameAssignment, FrameTargets,
                                 QueryOutputs, QuerySelection, TargetBatch,
                                 TrackQueries)
from ipmot_mm.structures.packed_transfer import to_device, to_host

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
        if not 0 <= track_drop_prob <= 1:
            raise ValueError('assigner.track_drop_prob must lie in [0, 1], '
                             f'got {track_drop_prob!r}.')
        if max_track_queries < 0:
            raise ValueError(
                'assigner.max_track_queries must not be negative, got '
                f'{max_track_queries!r}; take a large number for no cap.')
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

        Waits for the device once, and copies to it once.

        Args:
            outputs (:obj:`QueryOutputs`): Of this frame.
            tracks (:obj:`TrackQueries`): That entered this frame.
            targets (sequence[:obj:`FrameTargets`]): Ground truth, N of them;
                a :obj:`TargetBatch` has its boxes on the device already.

        Returns:
            tuple: :obj:`FrameAssignment` for the losses and
            :obj:`QuerySelection` for the updater.
        """
        targets = TargetBatch.of(targets, outputs.valid.device)
        num_detect_only = outputs.num_detect_only_layers
        rows, chosen = [], []
        for frame, target in zip(
                self._read(outputs, tracks, targets), targets):
            self._check(frame, target)
            track_inds, is_owned = self._bind_tracks(frame)
            detect_inds = self._match_detections(frame, is_owned,
                                                 num_detect_only)
            joint = np.tile(track_inds, (len(detect_inds), 1))
            joint[:num_detect_only] = NO_GT
            gt_inds = np.concatenate([detect_inds, joint], 1)
            is_carrier = self._carries_target(frame, gt_inds[-1], is_owned)
            rows.append((gt_inds, frame.is_track, is_carrier))
            chosen.append(self._select(frame, gt_inds[-1], is_owned))
        return (self._pack_assignment(rows, num_detect_only),
                self._pack_selection(chosen, outputs, tracks))

    def _read(self, outputs: QueryOutputs, tracks: TrackQueries,
              targets: TargetBatch) -> List[_Frame]:
        """Bring all that decides to the host in one transfer."""
        costs = match_costs(outputs, targets, self.cost_weights)
        ids, costs, scores, bboxes, ious, is_track = to_host([
            tracks.ids, costs, outputs.scores, outputs.bboxes[-1],
            tracks.ious, tracks.valid
        ])
        return [
            _Frame(
                costs=costs[:, n, :, :len(target)],
                scores=scores[n].astype(np.float64),
                bboxes=_to_corners(bboxes[n]),
                track_ids=ids[n],
                is_track=is_track[n],
                track_ious=ious[n],
                gt_ids=target.instance_ids.numpy(),
                gt_bboxes=_to_corners(target.bboxes_cxcywh.numpy()))
            for n, target in enumerate(targets)
        ]

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

    @staticmethod
    def _carries_target(frame: _Frame, gt_inds: np.ndarray,
                        is_owned: np.ndarray) -> np.ndarray:
        """Step 3: the one query that carries its object, bool, (Q, )."""
        is_duplicate = np.append(is_owned, False)[gt_inds]  # for NO_GT
        is_duplicate[frame.costs.shape[1]:] = False
        return (gt_inds != NO_GT) & ~is_duplicate

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
        is_matched = matched != NO_GT
        is_newborn = is_matched.copy()
        is_newborn[is_matched] = ~is_owned[matched[is_matched]]
        newborns = np.flatnonzero(is_newborn)
        ids[newborns] = frame.gt_ids[matched[newborns]]
        # false positives: other confident detections
        spawned = np.zeros(0, dtype=np.int64)
        if self.spawner is not None:
            spawned = self.spawner(frame.scores[:num_detect], is_newborn,
                                   is_matched & ~is_newborn,
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
        ious[matched] = _aligned_ious(frame.bboxes[matched],
                                      frame.gt_bboxes[gt_inds[matched]])
        return ious

    @staticmethod
    def _pack_assignment(rows: Sequence[Tuple[np.ndarray, ...]],
                         num_detect_only_layers: int) -> FrameAssignment:
        """Stack the samples."""
        gt_inds, is_track, is_carrier = (
            np.stack(field) for field in zip(*rows))  # (N, L, Q), ...
        is_supervised = np.ones(gt_inds.shape, dtype=bool)
        num_detect = gt_inds.shape[2] - is_track.shape[1]
        is_supervised[:, :, num_detect:] = is_track[:, None]
        is_supervised[:, :num_detect_only_layers, num_detect:] = False
        return FrameAssignment(
            gt_inds=torch.from_numpy(gt_inds.swapaxes(0, 1)),
            is_supervised=torch.from_numpy(is_supervised.swapaxes(0, 1)),
            dedup_targets=torch.from_numpy(is_carrier.astype(np.float32)))

    @staticmethod
    def _pack_selection(chosen: Sequence[Tuple[np.ndarray, ...]],
                        outputs: QueryOutputs,
                        tracks: TrackQueries) -> QuerySelection:
        """Pad the samples to one length, and copy them to the device."""
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
        inds, ids, missed, ious, valid = to_device(
            [query_inds, ids, np.zeros_like(ids), ious, valid],
            outputs.valid.device)
        labels = torch.cat(
            [outputs.labels[:, :outputs.num_detect_queries], tracks.labels],
            1)
        return QuerySelection(
            query_inds=inds,
            valid=valid,
            ids=ids,
            labels=labels.gather(1, inds),
            scores=outputs.scores.gather(1, inds),
            ious=ious,
            num_frames_missed=missed)


def _to_corners(bboxes: np.ndarray) -> np.ndarray:
    """(x1, y1, x2, y2) of (cx, cy, w, h) in float64, shape (..., 4)."""
    centre, half = np.split(bboxes.astype(np.float64), 2, axis=-1)
    half = half / 2
    return np.concatenate([centre - half, centre + half], -1)


def _aligned_ious(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU of pairs of boxes (x1, y1, x2, y2), shape (num, )."""
    sizes = np.minimum(first, second)[:, 2:] - np.maximum(first,
                                                          second)[:, :2]
    overlap = sizes.clip(min=0).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).prod(1) for box in (first, second)]
    return overlap / np.maximum(areas[0] + areas[1] - overlap, 1e-6)
