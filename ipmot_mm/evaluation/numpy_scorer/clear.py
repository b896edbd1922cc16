"""CLEAR MOT (Bernardin and Stiefelhagen, EURASIP JIVP 2008,
https://doi.org/10.1155/2008/246309)."""
from typing import Any, Dict, Sequence, Tuple

import numpy as np
from numpy import ndarray

from .assignment import assign_frame, conflicting_frames
from .frame_pairs import ROUNDING, FramePairs

_THRESHOLD = 0.5 - ROUNDING
_MOSTLY, _PARTLY = 0.8, 0.2
_BONUS = 1000
"""Score of staying with a track, more than any sum of similarities."""

_SUMS = ('CLR_TP', 'CLR_FN', 'CLR_FP', 'IDSW', 'MT', 'PT', 'ML', 'Frag',
         'CLR_Frames', 'MOTP_sum')
_RATIOS = ('MOTA', 'MOTP', 'MODA', 'CLR_Re', 'CLR_Pr', 'MTR', 'PTR', 'MLR',
           'sMOTA', 'CLR_F1', 'FP_per_frame', 'MOTAL')


def score_clear(pairs: FramePairs) -> Dict[str, Any]:
    """Scores of one sequence.

    Args:
        pairs (:obj:`FramePairs`): Boxes that count.

    Returns:
        dict[str, float]: Fields of trackeval 1.3.0.
    """
    truth, tracks = pairs.truth, pairs.tracks
    fields: Dict[str, Any] = dict.fromkeys(_SUMS + _RATIOS, 0)
    if not (len(truth) and len(tracks)):
        return dict(
            fields,
            CLR_FN=len(truth),
            CLR_FP=len(tracks),
            ML=truth.num_ids,
            MLR=1.)
    matches = match_boxes(pairs)
    num_matches = len(matches)
    switches, fragments = len(find_switches(matches)), _fragments(matches)
    tracked = np.bincount(
        truth.ids[matches.truth_rows], minlength=truth.num_ids)
    tracked = tracked / truth.id_sizes
    num_mostly = int((tracked > _MOSTLY).sum())
    num_partly = int((tracked >= _PARTLY).sum()) - num_mostly
    # frame by frame, which rounds as TrackEval does
    similarity = np.bincount(matches.frames, matches.ious, truth.num_frames)
    fields.update(
        CLR_TP=num_matches,
        CLR_FN=len(truth) - num_matches,
        CLR_FP=len(tracks) - num_matches,
        IDSW=switches,
        MT=num_mostly,
        PT=num_partly,
        ML=truth.num_ids - num_mostly - num_partly,
        Frag=fragments,
        CLR_Frames=truth.num_frames,
        MOTP_sum=similarity.cumsum()[-1])
    return _with_ratios(fields)


def combine_clear(sequences: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Scores over several sequences: of all their boxes.

    Args:
        sequences (Sequence[dict]): Fields of each.

    Returns:
        dict[str, float]: The same fields over all.
    """
    return _with_ratios(
        {name: sum(s[name] for s in sequences)
         for name in _SUMS})


def match_boxes(pairs: FramePairs) -> FramePairs:
    """Which box of ground truth is tracked by which track.

    As many as can be of the matches of the frame before stay, then the sum
    of similarities is largest (Section 2.1.2 keeps all of them; trackeval
    1.3.0, clear.py:81-90). Where a box has only one partner there is nothing
    to choose, so only the other frames are looked at one by one.

    Args:
        pairs (:obj:`FramePairs`): Boxes that count.

    Returns:
        :obj:`FramePairs`: The pairs that match, each box in one at most.
    """
    pairs = pairs.where(pairs.ious >= _THRESHOLD)
    matched = np.ones(len(pairs), dtype=bool)
    both = _frames_with_both(pairs)
    before = np.append(-1, both)[np.searchsorted(
        both, np.arange(pairs.truth.num_frames))]
    starts, cells, keys = pairs.starts, pairs.cells, pairs.keys
    heights, widths = pairs.truth.sizes, pairs.tracks.sizes
    for frame in conflicting_frames(pairs).tolist():
        here = slice(starts[frame], starts[frame + 1])
        scores = pairs.ious[here]
        if before[frame] >= 0:
            last = slice(starts[before[frame]], starts[before[frame] + 1])
            stays = keys[here, None] == keys[last][matched[last]]
            scores = scores + _BONUS * stays.any(1)
        matched[here] = assign_frame(scores, cells[here],
                                     (heights[frame], widths[frame]))
    return pairs.where(matched)


def find_switches(matches: FramePairs) -> ndarray:
    """Matches of an object to another track than the last time.

    Args:
        matches (:obj:`FramePairs`): Of :func:`match_boxes`.

    Returns:
        ndarray: Positions among the matches, of the last match before and of
        this one, int64, has shape (num_switches, 2).
    """
    order, same_object = _by_object(matches)
    switched = same_object & (np.diff(matches.keys[order]) != 0)
    return np.stack([order[:-1][switched], order[1:][switched]], 1)


def _frames_with_both(pairs: FramePairs) -> ndarray:
    """Frames with ground truth and tracks; others change no match."""
    return np.flatnonzero(
        np.minimum(pairs.truth.sizes, pairs.tracks.sizes) > 0)


def _fragments(matches: FramePairs) -> int:
    """How often an object is matched again after frames where it was not."""
    order, same_object = _by_object(matches)
    steps = np.searchsorted(_frames_with_both(matches), matches.frames[order])
    return int((same_object & (np.diff(steps) != 1)).sum())


def _by_object(matches: FramePairs) -> Tuple[ndarray, ndarray]:
    """Order of the matches, object by object in time; and where neighbours
    in it are of one object, has shape (num_matches - 1, )."""
    truth_ids = matches.truth.ids[matches.truth_rows]
    order = np.argsort(truth_ids, kind='stable')
    return order, np.diff(truth_ids[order]) == 0


def _with_ratios(fields: Dict[str, Any]) -> Dict[str, Any]:
    """Add what follows from the sums."""
    tp, fn, fp, switches = (fields[name] for name in _SUMS[:4])
    num_truth = np.maximum(1., tp + fn)
    num_ids = np.maximum(1., fields['MT'] + fields['PT'] + fields['ML'])
    log_switches = np.log10(switches) if switches else 0
    fields.update(
        MOTA=(tp - fp - switches) / num_truth,
        MOTP=fields['MOTP_sum'] / np.maximum(1., tp),
        MODA=(tp - fp) / num_truth,
        CLR_Re=tp / num_truth,
        CLR_Pr=tp / np.maximum(1., tp + fp),
        MTR=fields['MT'] / num_ids,
        PTR=fields['PT'] / num_ids,
        MLR=fields['ML'] / num_ids,
        sMOTA=(fields['MOTP_sum'] - fp - switches) / num_truth,
        CLR_F1=tp / np.maximum(1., tp + 0.5 * fn + 0.5 * fp),
        FP_per_frame=fp / np.maximum(1., fields['CLR_Frames']),
        MOTAL=(tp - fp - log_switches) / num_truth)
    return fields
