"""HOTA (Luiten et al., IJCV 2021, https://arxiv.org/abs/2009.07736)."""
from typing import Any, Dict, Sequence, Tuple

import numpy as np
from numpy import ndarray

from .assignment import assign, conflicting_frames
from .frame_pairs import ROUNDING, FramePairs

ALPHAS = np.arange(0.05, 0.99, 0.05)
"""Localisation thresholds, has shape (19, )."""

_COUNTS = ('HOTA_TP', 'HOTA_FN', 'HOTA_FP')
_ASSOCIATIONS = ('AssA', 'AssRe', 'AssPr')
_SMALLEST = 1e-10


def score_hota(pairs: FramePairs) -> Dict[str, Any]:
    """Scores of one sequence.

    In each frame, tracks are assigned to ground truth for the largest sum of
    ``A(i, j) * S``, where S is the similarity of the boxes and A says how
    well the identities i and j go together over the sequence (Section 5.1:
    matching first for HOTA, then for association and localisation). A pair
    is a true positive at all thresholds alpha which its S reaches.

    Args:
        pairs (:obj:`FramePairs`): Boxes that count.

    Returns:
        dict[str, float | ndarray]: Fields of trackeval 1.3.0, over the
        thresholds where not named ``(0)``.
    """
    zero = np.zeros(len(ALPHAS))
    if not (len(pairs.truth) and len(pairs.tracks)):
        return dict(
            dict.fromkeys((*_COUNTS, *_ASSOCIATIONS, 'HOTA', 'DetA', 'DetRe',
                           'DetPr', 'OWTA'), zero),
            HOTA_FN=zero + len(pairs.truth),
            HOTA_FP=zero + len(pairs.tracks),
            LocA=zero + 1.,
            **{
                'HOTA(0)': 0,
                'LocA(0)': 1.,
                'HOTALocA(0)': 0
            })
    alignment = _alignment(pairs)
    chosen = assign(pairs, alignment * pairs.ious, conflicting_frames(pairs))
    ious = pairs.ious[chosen]
    # thresholds that are reached, in 0..19
    levels = np.searchsorted(ALPHAS - ROUNDING, ious, side='right')
    true_positives, localisation = (
        _at_least(np.bincount(levels, weights,
                              len(ALPHAS) + 1)) for weights in (None, ious))
    fields = dict(
        HOTA_TP=true_positives.astype(float),
        HOTA_FN=len(pairs.truth) - true_positives.astype(float),
        HOTA_FP=len(pairs.tracks) - true_positives.astype(float),
        LocA=np.maximum(_SMALLEST, localisation) /
        np.maximum(_SMALLEST, true_positives),
        **_associations(pairs, chosen, levels, true_positives))
    return _with_products(fields)


def combine_hota(sequences: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Scores over several sequences.

    True positives of all sequences are averaged over alike (Section 5.3).

    Args:
        sequences (Sequence[dict]): Fields of each.

    Returns:
        dict[str, float | ndarray]: The same fields over all.
    """
    fields = {name: sum(s[name] for s in sequences) for name in _COUNTS}
    weights = fields['HOTA_TP']
    for name in _ASSOCIATIONS:
        total = sum(s[name] * s['HOTA_TP'] for s in sequences)
        fields[name] = total / np.maximum(1., weights)
    total = sum(s['LocA'] * s['HOTA_TP'] for s in sequences)
    fields['LocA'] = (
        np.maximum(_SMALLEST, total) / np.maximum(_SMALLEST, weights))
    return _with_products(fields)


def _alignment(pairs: FramePairs) -> ndarray:
    """How well the identities of each pair go together, has shape
    (num_pairs, ).

    Intersection over union of two identities as sets of boxes, where each
    frame in which both overlap counts as the share that their similarity has
    among all similarities of the two boxes (trackeval 1.3.0,
    hota.py:57-75).
    """
    truth_ids, track_ids, couple_of_pair = pairs.couples
    truth_sums, track_sums = _similarity_sums(pairs)
    around = (
        track_sums[pairs.track_rows] + truth_sums[pairs.truth_rows] -
        pairs.ious)
    shares = np.divide(
        pairs.ious, around, out=np.zeros(len(pairs)), where=around > ROUNDING)
    common = np.bincount(couple_of_pair, shares, len(truth_ids))
    either = (
        pairs.truth.id_sizes[truth_ids] + pairs.tracks.id_sizes[track_ids] -
        common)
    return (common / either)[couple_of_pair]


def _similarity_sums(pairs: FramePairs) -> Tuple[ndarray, ndarray]:
    """Sum of the similarities of each box to all of the other side.

    Added up in the full matrix of each frame: NumPy adds the numbers of a
    row in an order of its own, and the last digit can decide between
    assignments that are equally good.

    Returns:
        tuple[ndarray, ndarray]: Of ground truth, has shape (num_truth, );
        of tracks, has shape (num_tracks, ).
    """
    truth_sums = np.zeros(len(pairs.truth))
    track_sums = np.zeros(len(pairs.tracks))
    starts, truth_starts, track_starts = (
        rows.starts.tolist() for rows in (pairs, pairs.truth, pairs.tracks))
    cells, ious = pairs.cells, pairs.ious
    for frame in np.unique(pairs.frames).tolist():
        here = slice(starts[frame], starts[frame + 1])
        rows = slice(truth_starts[frame], truth_starts[frame + 1])
        columns = slice(track_starts[frame], track_starts[frame + 1])
        matrix = np.zeros(
            (rows.stop - rows.start, columns.stop - columns.start))
        matrix.reshape(-1)[cells[here]] = ious[here]
        np.add.reduce(matrix, axis=1, out=truth_sums[rows])
        np.add.reduce(matrix, axis=0, out=track_sums[columns])
    return truth_sums, track_sums


def _associations(pairs: FramePairs, chosen: ndarray, levels: ndarray,
                  true_positives: ndarray) -> Dict[str, ndarray]:
    """AssA, AssRe and AssPr (eq. 5 to 7 and Section 5.2).

    All true positives c of two identities have the same TPA, FNA and FPA:
    TPA is their number, TPA + FNA the length of the ground truth, TPA + FPA
    that of the track.
    """
    truth_ids, track_ids, couple_of_pair = pairs.couples
    num_levels = len(ALPHAS) + 1
    places = couple_of_pair[chosen] * num_levels + levels
    counts = np.bincount(places, minlength=len(truth_ids) * num_levels)
    tpa = _at_least(counts.reshape(-1, num_levels))
    truth_sizes = pairs.truth.id_sizes[truth_ids, None]
    track_sizes = pairs.tracks.id_sizes[track_ids, None]
    sums = dict(
        AssA=tpa / (truth_sizes + track_sizes - tpa),
        AssRe=tpa / truth_sizes,
        AssPr=tpa / track_sizes)
    return {
        name: (tpa * value).sum(0) / np.maximum(1, true_positives)
        for name, value in sums.items()
    }


def _at_least(by_level: ndarray) -> ndarray:
    """Sums over the levels above each threshold: from (..., 20) to (..., 19).
    """
    return by_level[..., :0:-1].cumsum(-1)[..., ::-1]


def _with_products(fields: Dict[str, Any]) -> Dict[str, Any]:
    """Add what follows from the counts and the associations (eq. 8 and 9).
    """
    tp, fn, fp = (fields[name] for name in _COUNTS)
    fields['DetRe'] = tp / np.maximum(1, tp + fn)
    fields['DetPr'] = tp / np.maximum(1, tp + fp)
    fields['DetA'] = tp / np.maximum(1, tp + fn + fp)
    fields['HOTA'] = np.sqrt(fields['DetA'] * fields['AssA'])
    fields['OWTA'] = np.sqrt(fields['DetRe'] * fields['AssA'])
    fields['HOTA(0)'], fields['LocA(0)'] = fields['HOTA'][0], fields['LocA'][0]
    fields['HOTALocA(0)'] = fields['HOTA(0)'] * fields['LocA(0)']
    return fields
