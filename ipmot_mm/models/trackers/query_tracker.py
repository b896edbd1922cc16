"""Birth, miss and death of tracks at test time, from scores alone."""
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from torch import Tensor

from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import (NO_ID, FrameReport, QueryOutputs,
                                 QuerySelection, TrackQueries)


@TASK_UTILS.register_module()
class QueryTracker:
    """Decide which queries of a frame are tracks.

    It remembers nothing itself: what lasts is in the :obj:`TrackState` of the
    video.

    1. A track that does not reach ``track_score_thr`` missed the frame; else
       its count of missed frames restarts.
    2. A track that missed ``miss_tolerance`` frames in a row is dead. Its id
       is never given again.
    3. A detect query with a score of ``newborn_score_thr`` or more is a new
       track with the next id. Where ``max_tracks`` are alive, the weakest
       newborns wait.
    4. Reported are tracks, newborns among them, above ``output_score_thr``
       with a box larger than ``min_area``; lost tracks wait unreported.

    The score is s of Eq. 6; rules after MCG-NJU/MeMOTR @7de13f4
    (models/runtime_tracker.py:29-101).

    Tracks live in slots, of which there are more than tracks: survivors in
    the order of their slots, then newborns in the order of their queries,
    then empty slots. All is computed on the device for any number of videos
    at once, and nothing depends on how many tracks there are but the number
    of slots, which :meth:`num_slots` gives.

    Args:
        track_score_thr (float): tau. Defaults to 0.5 (paper, Section 4.2).
        newborn_score_thr (float): tau_det. Defaults to 0.5.
        output_score_thr (float): Defaults to 0.5.
        miss_tolerance (int): Frames. Defaults to 15; 30 on DanceTrack.
        min_area (float): Square pixels of the original frame. Defaults to
            100.
        max_tracks (int): Tracks alive at once, so that a model that scores
            everything high, as an untrained one may, cannot exhaust memory.
            Defaults to 500, as in training.
        newborn_iou_thr (float, optional): Suppress a newborn whose IoU with a
            track seen in this frame is larger. None, the default, trusts the
            deduplication module.
        min_slots (int): Slots of a video with few tracks. It decides nothing
            but speed: fewer changes of size, or less to compute. Defaults to
            16.
    """

    def __init__(self,
                 *,
                 track_score_thr: float = 0.5,
                 newborn_score_thr: float = 0.5,
                 output_score_thr: float = 0.5,
                 miss_tolerance: int = 15,
                 min_area: float = 100.0,
                 max_tracks: int = 500,
                 newborn_iou_thr: Optional[float] = None,
                 min_slots: int = 16) -> None:
        if not (isinstance(min_slots, int) and min_slots > 0):
            raise ValueError(
                'tracker.min_slots must be a positive integer, got '
                f'{min_slots!r}; 16 fits most videos.')
        for name, value in (('miss_tolerance', miss_tolerance),
                            ('max_tracks', max_tracks)):
            if value < 1:
                raise ValueError(
                    f'tracker.{name} must be at least 1, else no track lives '
                    f'for two frames, got {value!r}.')
        self.track_score_thr = track_score_thr
        self.newborn_score_thr = newborn_score_thr
        self.output_score_thr = output_score_thr
        self.miss_tolerance = miss_tolerance
        self.min_area = min_area
        self.max_tracks = max_tracks
        self.newborn_iou_thr = newborn_iou_thr
        self.min_slots = min_slots

    def num_slots(self, num_tracks: int, current: int) -> int:
        """Slots for so many tracks in the next frame.

        ``min_slots``, doubled as often as it takes; they are halved when the
        tracks fill no more than three quarters of the half, so that a video
        with about as many tracks as slots does not change its size in every
        other frame.

        Args:
            num_tracks (int): Alive after a frame, in the richest video.
            current (int): Slots in this frame.

        Returns:
            int: At least ``num_tracks``.
        """
        slots = max(current, self.min_slots)
        while slots < num_tracks:
            slots *= 2
        while slots > self.min_slots and num_tracks <= slots * 3 // 8:
            slots //= 2
        return max(slots, self.min_slots)

    @torch.no_grad()
    def __call__(self, outputs: QueryOutputs, tracks: TrackQueries,
                 num_ids: Tensor,
                 num_slots: int) -> Tuple[QuerySelection, Tensor, FrameReport]:
        """Track one frame of N videos; nothing given is written to.

        Args:
            outputs (:obj:`QueryOutputs`): Of this frame.
            tracks (:obj:`TrackQueries`): That entered this frame.
            num_ids (Tensor): Ids given so far in each video, int64, has shape
                (N, ).
            num_slots (int): S. If more tracks are to live on, the last ones
                are missing; call again with more.

        Returns:
            tuple: :obj:`QuerySelection` of S queries for the updater,
            ``num_ids`` after this frame, and :obj:`FrameReport`.
        """
        num_detect, scores = outputs.num_detect_queries, outputs.scores
        # 1. missed frames; a score that is NaN is none
        missed = torch.where(scores[:, num_detect:] >= self.track_score_thr,
                             0, tracks.num_frames_missed + 1)
        # 2. deaths
        is_alive = outputs.valid[:, num_detect:] & (
            missed < self.miss_tolerance)
        # 3. births
        is_newborn = self._newborns(outputs, is_alive, missed)
        newborn_ids = num_ids[:, None] + is_newborn.cumsum(1)

        # Queries in the order [track ; detect], in which they find slots
        order, valid, num_wanted = self._fill_slots(
            torch.cat([is_alive, is_newborn], 1), num_slots)
        integers = torch.cat([
            tracks.ids, newborn_ids, tracks.labels,
            outputs.labels[:, :num_detect], missed,
            torch.zeros_like(newborn_ids)
        ], 1).unflatten(1, (3, -1))
        ids, labels, missed = integers.gather(
            2, order[:, None].expand(-1, 3, -1)).unbind(1)
        inds = (order + num_detect) % outputs.num_queries * valid
        selected = scores.gather(1, inds)
        selection = QuerySelection(
            query_inds=inds,
            valid=valid,
            ids=torch.where(valid, ids, NO_ID),
            labels=labels,
            scores=selected,
            ious=torch.ones_like(selected),
            num_frames_missed=missed)
        bboxes = outputs.bboxes[-1]
        report = FrameReport(
            bboxes=selection.gather(bboxes),
            scores=selected,
            ids=selection.ids,
            labels=labels,
            num_wanted=num_wanted,
            sums=torch.stack([scores.sum(1), bboxes.sum((1, 2))], 1))
        return selection, newborn_ids[:, -1], report

    def results(self, report: FrameReport, index: int,
                ori_shape: Tuple[int, int]) -> InstanceData:
        """Step 4, for one video, on the host.

        Args:
            report (:obj:`FrameReport`): Of a frame of N videos.
            index (int): Which of the videos.
            ori_shape (tuple[int, int]): Height and width of the original
                frame in pixels.

        Returns:
            InstanceData: Reported tracks in the order of their slots:
            ``bboxes`` xyxy in original pixels, not clipped, ``scores``,
            ``labels``, ``instances_id``.
        """
        height, width = ori_shape
        scores, ids = report.scores[index], report.ids[index]
        bboxes, kept = self.locate(
            report.bboxes[index], scores, ids,
            torch.tensor([width, height, width, height]))
        return InstanceData(
            bboxes=bboxes[kept],
            scores=scores[kept],
            labels=report.labels[index][kept],
            instances_id=ids[kept])

    def locate(self, bboxes: Tensor, scores: Tensor, ids: Tensor,
               size: Tensor) -> Tuple[Tensor, Tensor]:
        """Step 4 for S slots, on tensors alone.

        Args:
            bboxes (Tensor): (cx, cy, w, h) in [0, 1], has shape (..., S, 4).
            scores (Tensor): Has shape (..., S).
            ids (Tensor): ``NO_ID`` in empty slots, has shape (..., S).
            size (Tensor): (width, height, width, height) of the original
                frame in pixels, has shape (4, ).

        Returns:
            tuple[Tensor, Tensor]: xyxy in original pixels, not clipped,
            (..., S, 4), and whether a slot is reported, bool, (..., S).
        """
        bboxes = bbox_cxcywh_to_xyxy(bboxes) * size
        areas = (bboxes[..., 2:] - bboxes[..., :2]).prod(-1)
        is_reported = (ids != NO_ID) & (scores > self.output_score_thr) & (
            areas > self.min_area)
        return bboxes, is_reported

    def _newborns(self, outputs: QueryOutputs, is_alive: Tensor,
                  missed: Tensor) -> Tensor:
        """Step 3, detect queries that are new tracks, bool, (N, Qd)."""
        scores = outputs.scores[:, :outputs.num_detect_queries]
        is_newborn = scores >= self.newborn_score_thr
        if self.newborn_iou_thr is not None:
            seen = is_alive & (missed == 0)
            is_newborn = is_newborn & ~self._overlaps_track(outputs, seen)
        if outputs.num_queries > self.max_tracks:  # else there is room for all
            strength = scores.masked_fill(~is_newborn, -1)
            order = strength.argsort(dim=1, descending=True, stable=True)
            rank = order.argsort(dim=1)
            num_free = self.max_tracks - is_alive.sum(1, keepdim=True)
            is_newborn = is_newborn & (rank < num_free)
        return is_newborn

    @staticmethod
    def _fill_slots(is_wanted: Tensor,
                    num_slots: int) -> Tuple[Tensor, Tensor, Tensor]:
        """Wanted queries first: positions and validity (N, S), count (N, ).
        """
        flags, order = is_wanted.view(torch.uint8).sort(
            dim=1, descending=True, stable=True)
        num_wanted = flags.sum(1)
        flags, order = flags[:, :num_slots], order[:, :num_slots]
        if order.size(1) < num_slots:
            missing = (0, num_slots - order.size(1))
            flags, order = F.pad(flags, missing), F.pad(order, missing)
        return order, flags.view(torch.bool), num_wanted

    def _overlaps_track(self, outputs: QueryOutputs, seen: Tensor) -> Tensor:
        """Detect queries on a track that was seen, bool, (N, Qd)."""
        num_detect = outputs.num_detect_queries
        centres, sizes = outputs.bboxes[-1].split(2, -1)
        starts, ends = centres - sizes / 2, centres + sizes / 2
        areas = sizes.prod(-1)

        def pairs(values: Tensor) -> Tuple[Tensor, Tensor]:
            return values[:, :num_detect, None], values[:, None, num_detect:]

        common = (torch.minimum(*pairs(ends)) -
                  torch.maximum(*pairs(starts))).clamp(min=0).prod(-1)
        union = torch.add(*pairs(areas)) - common  # (N, Qd, Qt)
        overlaps = common > self.newborn_iou_thr * union
        return (overlaps & seen[:, None]).any(-1)
