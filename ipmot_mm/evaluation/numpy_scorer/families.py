"""All families of metrics of one sequence, and over sequences."""
from typing import Any, Dict, Sequence

from ..scored_sequence import ScoredSequence, SequenceBoxes
from .clear import combine_clear, score_clear
from .hota import combine_hota, score_hota
from .identity import combine_identity, score_identity
from .protocol import pairs_that_count

_SCORE = dict(HOTA=score_hota, CLEAR=score_clear, Identity=score_identity)
_COMBINE = dict(
    HOTA=combine_hota, CLEAR=combine_clear, Identity=combine_identity)


def score_boxes(sequence: ScoredSequence, boxes: SequenceBoxes, *,
                benchmark: str, metrics: Sequence[str]) -> Dict[str, Any]:
    """Score the boxes of one sequence.

    Args:
        sequence (:obj:`ScoredSequence`): The sequence.
        boxes (:obj:`SequenceBoxes`): What its files hold.
        benchmark (str): Protocol.
        metrics (Sequence[str]): Some of 'HOTA', 'CLEAR' and 'Identity'.

    Returns:
        dict[str, dict]: Family -> field of TrackEval -> number, or array
        over the 19 thresholds.

    Raises:
        ValueError: If TrackEval refuses the data.
    """
    pairs = pairs_that_count(boxes, sequence.num_frames, benchmark)
    if pairs is None:
        # Its verdict is wanted, and its reasons. It takes half a second to
        # import: only those who need it pay.
        from ..trackeval_dataset import score_boxes as score_by_trackeval
        return score_by_trackeval(
            sequence, boxes, benchmark=benchmark, metrics=metrics)
    return {family: _SCORE[family](pairs) for family in metrics}


def combine_scores(scores: Dict[str, Dict[str, Any]],
                   metrics: Sequence[str]) -> Dict[str, Any]:
    """Scores over all sequences, as TrackEval's ``COMBINED_SEQ``.

    Args:
        scores (dict[str, dict]): Of each sequence by name.
        metrics (Sequence[str]): Families of metrics.

    Returns:
        dict[str, dict]: Family -> field -> number or array.
    """
    # TrackEval adds up in the order of the names, which rounds otherwise.
    return {
        family:
        _COMBINE[family]([scores[name][family] for name in sorted(scores)])
        for family in metrics
    }
