"""Lost tracks that live on from a detect query."""
from dataclasses import replace
from typing import Any, Tuple

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from torch import Tensor

from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import (FrameReport, QueryOutputs, QuerySelection,
                                 TrackQueries)

CERTAIN = 20.0
"""Logit of d, so that s = sqrt(c)."""


@TASK_UTILS.register_module()
class RevivingTracker(QueryTracker):
    """A lost track goes on from the detect query that sees its person.

    Under QBS a detect query finds every person, and the deduplication module
    keeps it from being born where a track already stands for that person. If
    that track is lost, its class score low, nobody is reported: the track
    cannot, the detection may not. Here the track takes over the query of the
    detection and keeps its id.

    A detection is taken over if its class confidence c reaches
    ``revival_score_thr``, its own s is too low for a birth, no track seen in
    this frame overlaps it by ``revival_iou_thr``, and it and the lost track
    are each other's best overlap, of ``revival_iou_thr`` or more. Without a
    deduplication module nothing changes, since then c alone decides births.

    Args:
        revival_score_thr (float): For c. Defaults to 0.5.
        revival_iou_thr (float): Defaults to 0.5.
    """

    def __init__(self,
                 *,
                 revival_score_thr: float = 0.5,
                 revival_iou_thr: float = 0.5,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.revival_score_thr = revival_score_thr
        self.revival_iou_thr = revival_iou_thr

    @torch.no_grad()
    def __call__(self, outputs: QueryOutputs, tracks: TrackQueries,
                 num_ids: Tensor,
                 num_slots: int) -> Tuple[QuerySelection, Tensor, FrameReport]:
        """As the parent, to which a revived track looks like its detection."""
        if outputs.dedup_logits is None:
            return super().__call__(outputs, tracks, num_ids, num_slots)
        sources = self.find_sources(outputs)  # (N, Q)
        queries = torch.arange(outputs.num_queries, device=sources.device)
        taken = sources != queries
        dedup_logits = outputs.dedup_logits.masked_fill(taken, CERTAIN)
        seen = outputs.replace(
            cls_logits=_take(outputs.cls_logits, sources),
            bboxes=_take(outputs.bboxes, sources),
            dedup_logits=dedup_logits)
        selection, num_ids, report = super().__call__(seen, tracks, num_ids,
                                                      num_slots)
        selection = replace(
            selection, query_inds=sources.gather(1, selection.query_inds))
        return selection, num_ids, report

    def find_sources(self, outputs: QueryOutputs) -> Tensor:
        """The query that each query is to go on from.

        Args:
            outputs (:obj:`QueryOutputs`): Of one frame of N videos.

        Returns:
            Tensor: Each query itself, but for lost tracks with a detection;
            int64, has shape (N, Q).
        """
        num_detect = outputs.num_detect_queries
        scores = outputs.scores
        is_lost = outputs.valid[:, num_detect:] & ~(
            scores[:, num_detect:] >= self.track_score_thr)
        is_seen = outputs.valid[:, num_detect:] & ~is_lost
        is_found = (outputs.cls_scores[:, :num_detect] >=
                    self.revival_score_thr) & ~(
                        scores[:, :num_detect] >= self.newborn_score_thr)
        bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1])
        overlaps = bbox_overlaps(bboxes[:, num_detect:],
                                 bboxes[:, :num_detect])  # (N, Qt, Qd)
        is_near = overlaps >= self.revival_iou_thr
        is_covered = (is_near & is_seen[..., None]).any(1)
        overlaps = torch.where(
            is_near & is_lost[..., None] & (is_found & ~is_covered)[:, None],
            overlaps, 0)
        queries = torch.arange(outputs.num_queries, device=scores.device)
        sources = queries.expand_as(scores).clone()
        if overlaps.size(1) == 0:  # the first frame has no tracks
            return sources
        best_overlaps, best_detections = overlaps.max(2)
        best_tracks = overlaps.argmax(1).gather(1, best_detections)
        is_mutual = best_tracks == queries[:overlaps.size(1)]
        sources[:, num_detect:] = torch.where(
            is_mutual & (best_overlaps > 0), best_detections,
            sources[:, num_detect:])
        return sources


def _take(per_layer: Tensor, sources: Tensor) -> Tensor:
    """Queries (L, N, Q, dim) in another order (N, Q)."""
    inds = sources[None, ..., None].expand_as(per_layer)
    return per_layer.gather(2, inds)
