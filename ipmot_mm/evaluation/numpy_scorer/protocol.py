"""Which boxes count, by the rules of each benchmark."""
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy import ndarray

from ..scored_sequence import PEDESTRIAN, SequenceBoxes
from .assignment import assign, conflicting_frames
from .frame_pairs import (ROUNDING, FramePairs, FrameRows, find_pairs,
                          number_ids)

WITHOUT_PREPROCESSING = ('MOT15', 'custom')
"""Protocols that look at no class and remove no track."""

NUM_CLASSES = 13
"""Class numbers of MOTChallenge are 1 to 13."""

_NON_MOT_VEHICLE = 6
_DISTRACTORS = (2, 7, 8, 12)
_THRESHOLD = 0.5 - ROUNDING
_CONF, _CLASS = 6, 7


@dataclass(frozen=True)
class CountedBoxes:
    """Boxes that count, and the rows of the files they come from.

    Attributes:
        pairs (:obj:`FramePairs`): Boxes that count.
        truth (ndarray): Rows of its ground truth, has shape (num_truth, 8).
        results (ndarray): Rows of its tracks, has shape (num_tracks, 8).
    """
    pairs: FramePairs
    truth: ndarray
    results: ndarray


def pairs_that_count(boxes: SequenceBoxes, num_frames: int,
                     benchmark: str) -> Optional[FramePairs]:
    """Pair the boxes of a sequence and leave out those that do not count.

    Tracks are assigned to all ground truth for the largest sum of
    intersections over union of at least 0.5; those assigned to a distractor
    are removed, then ground truth that is ignored or no pedestrian
    (MOTChallenge's protocol as trackeval 1.3.0 has it,
    mot_challenge_2d_box.py:291-433). ``MOT15`` and ``custom`` only leave out
    ground truth that is ignored.

    Args:
        boxes (:obj:`SequenceBoxes`): What the files of the sequence hold.
        num_frames (int): Length of the sequence.
        benchmark (str): Protocol, see
            :func:`~ipmot_mm.evaluation.score_sequences`.

    Returns:
        :obj:`FramePairs`: Boxes that count. None for data that TrackEval
        refuses or may refuse: a class that MOTChallenge does not know, or a
        box whose area is no number.
    """
    counted = boxes_that_count(boxes, num_frames, benchmark)
    return None if counted is None else counted.pairs


def boxes_that_count(boxes: SequenceBoxes, num_frames: int,
                     benchmark: str) -> Optional[CountedBoxes]:
    """As :func:`pairs_that_count`, with the rows of the files.

    Args:
        boxes (:obj:`SequenceBoxes`): As there.
        num_frames (int): As there.
        benchmark (str): As there.

    Returns:
        :obj:`CountedBoxes`: Boxes that count, or None as there.
    """
    truth, results = (
        table[np.argsort(table[:, 0], kind='stable')]
        for table in (boxes.truth, boxes.results))
    with np.errstate(over='ignore', invalid='ignore'):
        pairs = find_pairs(
            _rows(truth, num_frames), truth[:, 2:6],
            _rows(results, num_frames), results[:, 2:6])
    if not np.isfinite(pairs.ious).all():
        return None
    truth_kept = truth[:, _CONF].astype(int) != 0
    tracks_kept = np.ones(len(results), dtype=bool)
    if benchmark not in WITHOUT_PREPROCESSING:
        classes = truth[:, _CLASS].astype(int)
        if ((classes < 1) | (classes > NUM_CLASSES)).any():
            return None
        truth_kept &= classes == PEDESTRIAN
        distractors = np.isin(classes, _DISTRACTORS)
        if benchmark == 'MOT20':
            distractors |= classes == _NON_MOT_VEHICLE
        tracks_kept[_rows_on(pairs, distractors)] = False
    return CountedBoxes(
        pairs.keep(truth_kept, tracks_kept), truth[truth_kept],
        results[tracks_kept])


def _rows(table: ndarray, num_frames: int) -> FrameRows:
    """Frames from 0 on and identities from 0 on."""
    return FrameRows(table[:, 0].astype(int) - 1, number_ids(table[:, 1]),
                     num_frames)


def _rows_on(pairs: FramePairs, distractors: ndarray) -> ndarray:
    """Tracks that are assigned to distractors; these are a mask of shape
    (num_truth, )."""
    pairs = pairs.where(pairs.ious >= _THRESHOLD)
    on_distractor = distractors[pairs.truth_rows]
    frames = np.intersect1d(
        conflicting_frames(pairs), pairs.frames[on_distractor])
    return pairs.track_rows[assign(pairs, pairs.ious, frames) & on_distractor]
