"""Identity metrics (Ristani et al., ECCV workshops 2016,
https://arxiv.org/abs/1609.01775)."""
from typing import Any, Dict, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from .frame_pairs import FramePairs, number_ids

_THRESHOLD = 0.5
_COUNTS = ('IDTP', 'IDFN', 'IDFP')


def score_identity(pairs: FramePairs) -> Dict[str, Any]:
    """Scores of one sequence.

    Identities are assigned one to one, once for the whole sequence, for the
    fewest false positives and negatives (Section 3). Both are boxes minus
    true positives, so this is the assignment with the most of these; their
    number is the same for all assignments that are equally good.

    Args:
        pairs (:obj:`FramePairs`): Boxes that count.

    Returns:
        dict[str, float]: Fields of trackeval 1.3.0.
    """
    num_truth, num_tracks = len(pairs.truth), len(pairs.tracks)
    num_true = _most_true_positives(pairs)
    counts = dict(
        IDTP=num_true, IDFN=num_truth - num_true, IDFP=num_tracks - num_true)
    return _with_ratios(counts)


def combine_identity(sequences: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """Scores over several sequences: of all their boxes.

    Args:
        sequences (Sequence[dict]): Fields of each.

    Returns:
        dict[str, float]: The same fields over all.
    """
    return _with_ratios(
        {name: sum(s[name] for s in sequences)
         for name in _COUNTS})


def _most_true_positives(pairs: FramePairs) -> int:
    """Boxes that overlap by half, of identities assigned to each other."""
    truth_ids, track_ids, couple_of_pair = pairs.couples
    times = np.bincount(
        couple_of_pair[pairs.ious >= _THRESHOLD], minlength=len(truth_ids))
    met = times > 0
    if not met.any():
        return 0
    rows, columns = number_ids(truth_ids[met]), number_ids(track_ids[met])
    matrix = np.zeros((rows.max() + 1, columns.max() + 1))
    matrix[rows, columns] = times[met]
    return int(matrix[linear_sum_assignment(matrix, maximize=True)].sum())


def _with_ratios(counts: Dict[str, Any]) -> Dict[str, Any]:
    """Add precision, recall and F1 (eq. 8 to 10)."""
    tp, fn, fp = (counts[name] for name in _COUNTS)
    return dict(
        counts,
        IDR=tp / np.maximum(1., tp + fn),
        IDP=tp / np.maximum(1., tp + fp),
        IDF1=tp / np.maximum(1., tp + 0.5 * fp + 0.5 * fn))
