"""TrackEval's MOTChallenge data set, fed with arrays."""
import contextlib
import io
from typing import Any, Dict, List, Sequence

import numpy as np
import trackeval
from numpy import ndarray
from trackeval.datasets import MotChallenge2DBox
from trackeval.eval import eval_sequence

from .scored_sequence import ScoredSequence, SequenceBoxes

RawScores = Dict[str, Dict[str, Any]]
"""Family of metrics -> field of TrackEval -> number or array."""

_WITHOUT_PREPROCESSING = ('MOT15', 'custom')
_TRACKER = ''
_CLASS_NAME = 'pedestrian'


class ArrayMotChallenge2DBox(MotChallenge2DBox):
    """One sequence of ``MotChallenge2DBox`` without its reader.

    TrackEval sniffs the dialect of each file and keeps rows as lists of
    text. Here they come as arrays; similarities, preprocessing, and all
    checks are TrackEval's own.

    Args:
        sequence (:obj:`ScoredSequence`): The sequence.
        boxes (:obj:`SequenceBoxes`): What its files hold.
        benchmark (str): Protocol.
    """

    def __init__(self, sequence: ScoredSequence, boxes: SequenceBoxes,
                 benchmark: str) -> None:
        self._boxes = boxes
        super().__init__(
            dict(
                PRINT_CONFIG=False,
                # Only the existence of files would be checked: braces in a
                # path are no fields, and no tracker means no result file.
                GT_LOC_FORMAT=sequence.gt_path.replace('{', '{{').replace(
                    '}', '}}'),
                TRACKERS_TO_EVAL=[],
                SKIP_SPLIT_FOL=True,
                SEQ_INFO={sequence.name: sequence.num_frames},
                BENCHMARK=benchmark,
                DO_PREPROC=benchmark not in _WITHOUT_PREPROCESSING))

    def _load_raw_file(self, tracker: str, seq: str,
                       is_gt: bool) -> Dict[str, Any]:
        """Frames of one table, in the fields and types of the original
        (trackeval 1.3.0, mot_challenge_2d_box.py:190-289)."""
        num_frames = self.seq_lengths[seq]
        table = self._boxes.truth if is_gt else self._boxes.results
        # In a frame the order of the file stays: it decides between equal
        # assignments.
        table = table[np.argsort(table[:, 0], kind='stable')]
        ends = np.searchsorted(table[:, 0], np.arange(1, num_frames + 1),
                               side='right')
        # Ids are renumbered in ascending order. Preprocessing does so again,
        # but needs memory for every number up to the largest.
        _, ids = np.unique(table[:, 1], return_inverse=True)
        head = 'gt' if is_gt else 'tracker'
        raw = {
            'num_timesteps': num_frames,
            'seq': seq,
            f'{head}_ids': _frames(ids, ends),
            f'{head}_classes': _frames(table[:, 7].astype(int), ends),
            f'{head}_dets': _frames(table[:, 2:6], ends)
        }
        confidences = table[:, 6]
        if not is_gt:
            return dict(raw, tracker_confidences=_frames(confidences, ends))
        return dict(
            raw,
            gt_crowd_ignore_regions=[np.empty((0, 4))] * num_frames,
            gt_extras=[
                dict(zero_marked=marks)
                for marks in _frames(confidences.astype(int), ends)
            ])


def _frames(values: ndarray, ends: ndarray) -> List[ndarray]:
    """Rows of each frame; ``ends`` has shape (num_frames, )."""
    return np.split(values, ends)[:-1]


def make_families(metrics: Sequence[str]) -> Dict[str, Any]:
    """TrackEval's metrics by name.

    Args:
        metrics (Sequence[str]): Some of 'HOTA', 'CLEAR' and 'Identity'.

    Returns:
        dict[str, object]: The metrics, with TrackEval's default thresholds.
    """
    return {
        name: trackeval.metrics.HOTA() if name == 'HOTA' else getattr(
            trackeval.metrics, name)(dict(PRINT_CONFIG=False))
        for name in metrics
    }


def score_boxes(sequence: ScoredSequence, boxes: SequenceBoxes, *,
                benchmark: str, metrics: Sequence[str]) -> RawScores:
    """Score the boxes of one sequence with TrackEval.

    Args:
        sequence (:obj:`ScoredSequence`): The sequence.
        boxes (:obj:`SequenceBoxes`): What its files hold.
        benchmark (str): Protocol.
        metrics (Sequence[str]): Families of metrics.

    Returns:
        dict[str, dict]: Family -> field -> number, or array over the 19
        thresholds.

    Raises:
        ValueError: If TrackEval refuses the data.
    """
    families = make_families(metrics)
    # What TrackEval prints (invalid classes, timings where another user of
    # it has switched them on) is no output of ours.
    with contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        try:
            dataset = ArrayMotChallenge2DBox(sequence, boxes, benchmark)
            scores = eval_sequence(sequence.name, dataset, _TRACKER,
                                   [_CLASS_NAME], list(families.values()),
                                   list(families))
        except trackeval.utils.TrackEvalException as error:
            raise ValueError(
                f'TrackEval cannot score sequence {sequence.name} as '
                f'{benchmark}: {error}') from error
    return scores[_CLASS_NAME]


def combine_scores(scores: Dict[str, RawScores],
                   metrics: Sequence[str]) -> RawScores:
    """Scores over all sequences, as TrackEval's ``COMBINED_SEQ``.

    Args:
        scores (dict[str, dict]): Of each sequence by name.
        metrics (Sequence[str]): Families of metrics.

    Returns:
        dict[str, dict]: Family -> field -> number or array.
    """
    # TrackEval adds up in the order of the names, which rounds otherwise.
    return {
        family: metric.combine_sequences(
            {name: scores[name][family]
             for name in sorted(scores)})
        for family, metric in make_families(metrics).items()
    }
