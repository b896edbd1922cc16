"""Tracking frame by frame in the style of MeMOTR, to be compared with.

Written from its description (MCG-NJU/MeMOTR @7de13f4,
models/runtime_tracker.py and submit_engine.py), around our own network and
weights: what differs from :meth:`IPMOT.predict` is how the tracks are kept,
not what comes out.

* One frame of one video at a time.
* Tracks are as many rows as there are tracks. Every subset is taken by a mask
  out of every field, and the number of rows decides the shapes.
* Scores are compared and missed frames counted in a Python loop over the
  tracks.
* Results go to the host field by field and are chosen and read there, track by
  track.

What it costs is at most what MeMOTR costs: that waits three times for each
track, not once, and copies 16 fields, not 11.
"""
from typing import Any, Dict, List, Optional, Tuple

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor, nn

from ipmot_mm.structures import (NO_ID, QueryOutputs, QuerySelection,
                                 TrackQueries)


class TrackRows:
    """Fields of some tracks or queries of one video, one row each.

    Args:
        fields (dict[str, Tensor]): Each has shape (num_rows, ...).
    """

    def __init__(self, fields: Dict[str, Tensor]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(self.fields['scores'])

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith('_') or name == 'fields':
            raise AttributeError(name)
        return self.fields[name]

    def __getitem__(self, index: Any) -> 'TrackRows':
        """Some rows of every field."""
        return TrackRows({
            name: value[index]
            for name, value in self.fields.items()
        })

    def cpu(self) -> 'TrackRows':
        """Every field on the host."""
        return TrackRows({
            name: value.cpu()
            for name, value in self.fields.items()
        })

    def set(self, **fields: Tensor) -> 'TrackRows':
        """With these fields added or replaced."""
        return TrackRows({**self.fields, **fields})

    def cat(self, other: 'TrackRows') -> 'TrackRows':
        """These rows, then those of another with the same fields."""
        return TrackRows({
            name: torch.cat([value, other.fields[name]])
            for name, value in self.fields.items()
        })

    @classmethod
    def of_queries(cls, outputs: QueryOutputs) -> 'TrackRows':
        """Predictions of all queries of one frame, N = 1."""
        num_queries = outputs.num_queries
        scores = outputs.scores[0]
        return cls(
            dict(
                query_inds=torch.arange(num_queries, device=scores.device),
                scores=scores,
                logits=outputs.cls_logits[-1, 0],
                bboxes=outputs.bboxes[-1, 0],
                hidden=outputs.hidden_states[-1, 0],
                content=outputs.last_content[0],
                anchors=outputs.last_anchors[0],
                labels=outputs.labels[0],
                ids=torch.full((num_queries, ), NO_ID, device=scores.device),
                num_frames_missed=torch.zeros(
                    num_queries, dtype=torch.long, device=scores.device),
                ious=torch.ones(num_queries, device=scores.device)))

    def selection(self) -> QuerySelection:
        """These rows as the queries that live on."""
        return QuerySelection(
            valid=torch.ones_like(self.query_inds, dtype=torch.bool)[None],
            **{
                name: self.fields[name][None]
                for name in ('query_inds', 'ids', 'labels', 'scores', 'ious',
                             'num_frames_missed')
            })


class MeMOTRLoop:
    """Tracks one video as MeMOTR does, with the parts of a model.

    Args:
        model (:obj:`IPMOT`): In evaluation mode. Of its tracker the
            thresholds are read; ``newborn_iou_thr`` and ``max_tracks`` are
            not part of MeMOTR.

    Raises:
        ValueError: If the tracker suppresses newborns by their overlap.
    """

    def __init__(self, model: nn.Module) -> None:
        if model.tracker.newborn_iou_thr is not None:
            raise ValueError(
                'The loop in the style of MeMOTR has no newborn_iou_thr, got '
                f'{model.tracker.newborn_iou_thr}; set '
                'model.tracker.newborn_iou_thr=None to compare.')
        self.model = model
        self.reset()

    def reset(self,
              tracks: Optional[TrackQueries] = None,
              num_ids: int = 0) -> None:
        """Begin a video.

        Args:
            tracks (:obj:`TrackQueries`, optional): Without padding, N = 1.
                None for no track. Defaults to None.
            num_ids (int): Ids given so far. Defaults to 0.
        """
        self.tracks = tracks
        self.num_ids = num_ids

    @torch.no_grad()
    def frame(self, image: Tensor, img_shape: Tuple[int, int],
              ori_shape: Tuple[int, int]) -> List[List[float]]:
        """Track one frame.

        Args:
            image (Tensor): Normalised, has shape (1, 1, 3, H, W).
            img_shape (tuple[int, int]): Height and width without padding.
            ori_shape (tuple[int, int]): Of the original frame.

        Returns:
            list[list[float]]: Id, box xyxy in original pixels, score and
            label of each track.
        """
        memory = self.model.encode(image, [img_shape])
        return self.follow(memory.frame(0, 1), ori_shape)

    @torch.no_grad()
    def follow(self, memory: Any, ori_shape: Tuple[int,
                                                   int]) -> List[List[float]]:
        """What :meth:`frame` does after the encoder.

        Args:
            memory (:obj:`FrameMemory`): Of one frame.
            ori_shape (tuple[int, int]): Of the original frame.

        Returns:
            list[list[float]]: As :meth:`frame`.
        """
        if self.tracks is None:
            self.tracks = TrackQueries.empty(1, self.model.detector.embed_dims,
                                             memory.features.device)
        outputs = self.model.step(memory, self.tracks)
        alive = self._update(outputs)
        self.tracks = self.model.updater(self.tracks, outputs,
                                         alive.selection())
        return self._write(alive, ori_shape)

    def _update(self, outputs: QueryOutputs) -> TrackRows:
        """Misses, deaths and births, one after the other."""
        rules, entered = self.model.tracker, self.tracks
        queries = TrackRows.of_queries(outputs)
        num_detect = outputs.num_detect_queries
        tracks = queries[num_detect:].set(
            ids=entered.ids[0].clone(),
            labels=entered.labels[0],
            num_frames_missed=entered.num_frames_missed[0].clone())
        for i in range(len(tracks)):
            if tracks.scores[i] >= rules.track_score_thr:
                tracks.num_frames_missed[i] = 0
            else:
                tracks.num_frames_missed[i] += 1
                if tracks.num_frames_missed[i] >= rules.miss_tolerance:
                    tracks.ids[i] = NO_ID
        tracks = tracks[tracks.ids != NO_ID]
        newborns = queries[:num_detect]
        newborns = newborns[newborns.scores >= rules.newborn_score_thr]
        ids = [self.num_ids + 1 + i for i in range(len(newborns))]
        self.num_ids += len(ids)
        newborns = newborns.set(
            ids=torch.as_tensor(
                ids, dtype=torch.long, device=tracks.ids.device))
        return tracks.cat(newborns)

    def _write(self, alive: TrackRows,
               ori_shape: Tuple[int, int]) -> List[List[float]]:
        """Results on the host."""
        rules, (height, width) = self.model.tracker, ori_shape
        results = alive.cpu()
        size = torch.tensor([width, height, width, height])
        bboxes = bbox_cxcywh_to_xyxy(results.bboxes.float()) * size
        results = results.set(
            bboxes=bboxes, areas=(bboxes[:, 2:] - bboxes[:, :2]).prod(1))
        results = results[results.scores > rules.output_score_thr]
        results = results[results.areas > rules.min_area]
        return [[
            results.ids[i].item(), *results.bboxes[i].tolist(),
            results.scores[i].item(), results.labels[i].item()
        ] for i in range(len(results))]
