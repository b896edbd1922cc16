"""Birth, miss and death of tracks at test time, from scores alone."""
from typing import Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import Tensor

from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import QueryOutputs, QuerySelection, TrackState


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
    """

    def __init__(self,
                 *,
                 track_score_thr: float = 0.5,
                 newborn_score_thr: float = 0.5,
                 output_score_thr: float = 0.5,
                 miss_tolerance: int = 15,
                 min_area: float = 100.0,
                 max_tracks: int = 500,
                 newborn_iou_thr: Optional[float] = None) -> None:
        self.track_score_thr = track_score_thr
        self.newborn_score_thr = newborn_score_thr
        self.output_score_thr = output_score_thr
        self.miss_tolerance = miss_tolerance
        self.min_area = min_area
        self.max_tracks = max_tracks
        self.newborn_iou_thr = newborn_iou_thr

    @torch.no_grad()
    def __call__(
            self,
            outputs: QueryOutputs,
            state: TrackState,
            ori_shape: Tuple[int, int],
            name: Optional[str] = None
    ) -> Tuple[InstanceData, QuerySelection]:
        """Track one frame of one video.

        Args:
            outputs (:obj:`QueryOutputs`): Of this frame, N = 1.
            state (:obj:`TrackState`): Of the video, with the tracks that
                entered this frame. Newborns take their ids from it.
            ori_shape (tuple[int, int]): Height and width of the original
                frame in pixels.
            name (str, optional): Path of the frame, for messages.

        Returns:
            tuple: Reported tracks (``bboxes`` xyxy in original pixels,
            ``scores``, ``labels``, ``instances_id``) and
            :obj:`QuerySelection` for the updater.
        """
        tracks, num_detect = state.tracks, outputs.num_detect_queries
        scores, valid = outputs.scores[0], outputs.valid[0]
        # 1. missed frames; a score that is NaN is none
        missed = torch.where(scores[num_detect:] >= self.track_score_thr, 0,
                             tracks.num_frames_missed[0] + 1)
        # 2. deaths
        is_alive = valid[num_detect:] & (missed < self.miss_tolerance)
        # 3. births
        is_newborn = scores[:num_detect] >= self.newborn_score_thr
        if self.newborn_iou_thr is not None:
            seen = is_alive & (missed == 0)
            is_newborn &= ~self._overlaps_track(outputs, seen)
        survivors = is_alive.nonzero().squeeze(1)
        newborns = is_newborn.nonzero().squeeze(1)
        num_free = max(self.max_tracks - len(survivors), 0)
        if len(newborns) > num_free:
            best = scores[newborns].topk(num_free).indices
            newborns = newborns[best.sort().values]
        births = state.claim_ids(len(newborns))
        ids = torch.cat([
            tracks.ids[0, survivors],
            torch.arange(births.start, births.stop, device=newborns.device)
        ])

        inds = torch.cat([num_detect + survivors, newborns])
        labels = torch.cat(
            [tracks.labels[0, survivors], outputs.labels[0, newborns]])
        missed = torch.cat([missed[survivors], torch.zeros_like(newborns)])
        selection = QuerySelection(
            query_inds=inds[None],
            valid=torch.ones_like(inds, dtype=torch.bool)[None],
            ids=ids[None],
            labels=labels[None],
            scores=scores[inds][None],
            ious=torch.ones_like(scores[inds])[None],
            num_frames_missed=missed[None])
        report = self._report(outputs, selection, ori_shape)
        if len(report) == 0 and not state.is_broken:
            state.is_broken = self._warn_if_broken(outputs, name)
        return report, selection

    @staticmethod
    def _warn_if_broken(outputs: QueryOutputs, name: Optional[str]) -> bool:
        """Whether a frame is empty for another reason than its content.

        Asked of empty frames alone: on a GPU the answer costs a wait.
        """
        valid = outputs.valid[0]
        is_broken = not (outputs.scores[0][valid].isfinite().all()
                         and outputs.bboxes[-1, 0][valid].isfinite().all())
        if is_broken:
            print_log(
                f'{name or "a frame"}: no track can be reported, the '
                'predictions are not finite (NaN or infinity); the weights '
                'are damaged, or overflow in half precision. Further frames '
                'of this video are not named.',
                logger='current',
                level=30)
        return is_broken

    def _overlaps_track(self, outputs: QueryOutputs, seen: Tensor) -> Tensor:
        """Detect queries on a track that was seen, bool, (Qd, )."""
        num_detect = outputs.num_detect_queries
        bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1, 0])
        overlaps = bbox_overlaps(bboxes[:num_detect],
                                 bboxes[num_detect:])  # (Qd, Qt)
        return ((overlaps > self.newborn_iou_thr) & seen).any(1)

    def _report(self, outputs: QueryOutputs, selection: QuerySelection,
                ori_shape: Tuple[int, int]) -> InstanceData:
        """Step 4, in pixels of the original frame, boxes not clipped."""
        height, width = ori_shape
        bboxes = selection.gather(outputs.bboxes[-1])[0].float()
        size = bboxes.new_tensor([width, height, width, height])
        bboxes = bbox_cxcywh_to_xyxy(bboxes) * size
        area = (bboxes[:, 2:] - bboxes[:, :2]).prod(1)
        scores = selection.scores[0]
        kept = (scores > self.output_score_thr) & (area > self.min_area)
        return InstanceData(
            bboxes=bboxes[kept],
            scores=scores[kept],
            labels=selection.labels[0][kept],
            instances_id=selection.ids[0][kept])
