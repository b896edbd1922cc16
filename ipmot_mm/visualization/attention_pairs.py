"""Which detect query each track query talks to."""
from dataclasses import dataclass
from typing import List, Sequence, Tuple, Union

import numpy as np
import torch
from mmdet.structures.bbox import bbox_overlaps
from numpy import ndarray

from ipmot_mm.structures import NO_ID

from .attention_recorder import AttentionMap

MEAN_HEAD = 'mean'
SAME_PLACE = 0.5
"""IoU from which a detect query is on the track's place: its twin."""


@dataclass(frozen=True)
class AttentionPair:
    """A track query and the detect query it exchanges most with.

    Attributes:
        track_id (int): Id of the track.
        track (int): Track query among all queries.
        detect (int): Detect query.
        from_detect (float): Attention of the track query to it.
        from_track (float): Attention of it to the track query.
        iou (float): Of their predicted boxes.
    """
    track_id: int
    track: int
    detect: int
    from_detect: float
    from_track: float
    iou: float

    @property
    def exchange(self) -> float:
        """float: Mean of both directions."""
        return (self.from_detect + self.from_track) / 2


def head_weights(attention: AttentionMap,
                 head: Union[int, str] = MEAN_HEAD) -> ndarray:
    """Weights of one head, or averaged over heads.

    Args:
        attention (:obj:`AttentionMap`): Of H heads.
        head (int | str): A number below H, or ``'mean'``. Defaults to
            ``'mean'``.

    Returns:
        ndarray: Rows sum to 1, has shape (Q, Q).

    Raises:
        ValueError: If there is no such head.
    """
    num_heads = len(attention.weights)
    if head == MEAN_HEAD:
        return attention.weights.mean(0)
    if not (isinstance(head, int) and 0 <= head < num_heads):
        raise ValueError(f'head must be "{MEAN_HEAD}" or 0 to '
                         f'{num_heads - 1}, got {head!r}')
    return attention.weights[head]


def find_pairs(attention: AttentionMap,
               *,
               head: Union[int, str] = MEAN_HEAD,
               score_thr: float = 0.5) -> List[AttentionPair]:
    """The strongest partner of each track that was seen in the frame.

    Args:
        attention (:obj:`AttentionMap`): Of a frame.
        head (int | str): See :func:`head_weights`.
        score_thr (float): Tracks with a lower tracking score are lost in this
            frame, and left out. Defaults to 0.5.

    Returns:
        list[:obj:`AttentionPair`]: Strongest exchange first.
    """
    weights = head_weights(attention, head)
    num_detect = attention.num_detect_queries
    ious = _detect_ious(attention)
    pairs = []
    for track in _seen_tracks(attention, score_thr):
        taken = weights[track, :num_detect]
        given = weights[:num_detect, track]
        best = int((taken + given).argmax())
        pairs.append(
            AttentionPair(
                track_id=int(attention.track_ids[track]),
                track=int(track),
                detect=best,
                from_detect=float(taken[best]),
                from_track=float(given[best]),
                iou=float(ious[track - num_detect, best])))
    return sorted(pairs, key=lambda pair: -pair.exchange)


def twin_rate(attention: AttentionMap,
              pairs: Sequence[AttentionPair]) -> Tuple[float, float]:
    """How often the partner of a track lies where the track lies.

    Args:
        attention (:obj:`AttentionMap`): Of a frame.
        pairs (sequence[:obj:`AttentionPair`]): Of :func:`find_pairs`.

    Returns:
        tuple[float, float]: Share of pairs with an IoU of ``SAME_PLACE`` or
        more, and what a random detect query would reach; NaN without a pair.
    """
    if not pairs:
        return float('nan'), float('nan')
    near = _detect_ious(attention) >= SAME_PLACE
    chances = [
        near[pair.track - attention.num_detect_queries].mean()
        for pair in pairs
    ]
    return (float(np.mean([pair.iou >= SAME_PLACE for pair in pairs])),
            float(np.mean(chances)))


def _seen_tracks(attention: AttentionMap, score_thr: float) -> ndarray:
    return np.flatnonzero((attention.track_ids != NO_ID)
                          & (attention.scores >= score_thr))


def _detect_ious(attention: AttentionMap) -> ndarray:
    """Of track and detect queries, has shape (Qt, Qd)."""
    bboxes = torch.from_numpy(attention.bboxes)
    num_detect = attention.num_detect_queries
    return bbox_overlaps(bboxes[num_detect:], bboxes[:num_detect]).numpy()
