"""Which boxes of which frames are the errors that MOTA counts."""
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Tuple, Union

import numpy as np
from numpy import ndarray

from .numpy_scorer import boxes_that_count, find_switches, match_boxes
from .scored_sequence import CUSTOM, PEDESTRIAN, ScoredSequence, read_boxes

ERRORS = ('FP', 'FN', 'IDSW')
"""Kinds of errors, by the names of their numbers in a table of scores."""

_BOX = slice(2, 6)


@dataclass(frozen=True)
class FrameErrors:
    """Matches and errors of one sequence, box by box.

    Rows are sorted by frame. Their columns are frame (from 0 on), id, x, y, w
    and h.

    Attributes:
        num_frames (int): Length of the sequence.
        matches (ndarray): Tracks that are on an object, float64, has shape
            (num_matches, 6).
        false_positives (ndarray): Tracks that are on none, float64, has shape
            (num_false_positives, 6).
        misses (ndarray): Objects without a track, float64, has shape
            (num_misses, 6).
        switches (ndarray): Tracks that took over an object from another,
            float64, has shape (num_switches, 8); the last columns are the
            object and the track before.
    """
    num_frames: int
    matches: ndarray
    false_positives: ndarray
    misses: ndarray
    switches: ndarray

    @property
    def counts(self) -> Dict[str, ndarray]:
        """dict[str, ndarray]: Number of each of ``ERRORS`` and of matches,
        ``TP``, in each frame, int64, has shape (num_frames, )."""
        tables = (self.matches, self.false_positives, self.misses,
                  self.switches)
        return {
            name: np.bincount(table[:, 0].astype(int),
                              minlength=self.num_frames)
            for name, table in zip(('TP', *ERRORS), tables)
        }

    def frame(self, number: int) -> 'FrameErrors':
        """What there is in one frame.

        Args:
            number (int): From 0 on.

        Returns:
            :obj:`FrameErrors`: Rows of this frame.
        """
        return FrameErrors(
            self.num_frames,
            *(table[table[:, 0] == number]
              for table in (self.matches, self.false_positives, self.misses,
                            self.switches)))


def find_errors(sequence: ScoredSequence,
                result_dir: Union[str, Path],
                *,
                benchmark: str = 'MOT17',
                class_id: int = PEDESTRIAN) -> FrameErrors:
    """Match a result file to ground truth as CLEAR does and keep the rest.

    Args:
        sequence (:obj:`ScoredSequence`): What to look at.
        result_dir (str | Path): Holds ``<name>.txt``.
        benchmark (str): Which boxes count, see :func:`score_sequences`.
            Defaults to 'MOT17'.
        class_id (int): The class of the objects; other than 1 only with
            benchmark 'custom'. Defaults to 1, pedestrians.

    Returns:
        :obj:`FrameErrors`: Their numbers add up to FP, FN and IDSW of
        :func:`score_sequences`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is malformed.
    """
    boxes = read_boxes(
        sequence, result_dir, benchmark=benchmark, class_ids=(class_id, ))
    if benchmark == CUSTOM:
        boxes = boxes.of_classes((class_id, ))
    counted = boxes_that_count(boxes, sequence.num_frames, benchmark)
    if counted is None:
        raise ValueError(
            f'sequence {sequence.name}: {benchmark} cannot be scored with '
            'class numbers outside of 1..13, or boxes whose area is no '
            'number; correct gt.txt and the results, or take benchmark '
            f'{CUSTOM!r}')
    truth, results = _tables(counted.truth), _tables(counted.results)
    matches = match_boxes(counted.pairs)
    before, now = find_switches(matches).T
    order = np.argsort(now, kind='stable')
    now, before = now[order], before[order]
    return FrameErrors(
        num_frames=sequence.num_frames,
        matches=results[matches.track_rows],
        false_positives=np.delete(results, matches.track_rows, 0),
        misses=np.delete(truth, matches.truth_rows, 0),
        switches=np.column_stack([
            results[matches.track_rows[now]],
            truth[matches.truth_rows[now], 1],
            results[matches.track_rows[before], 1]
        ]))


def worst_frames(errors: Mapping[str, ndarray], num: int,
                 min_distance: int) -> List[Tuple[str, int]]:
    """Frames with most errors, of which neighbours would show the same.

    Args:
        errors (dict[str, ndarray]): Number of errors in each frame of each
            sequence, has shape (num_frames, ).
        num (int): How many frames to name at most.
        min_distance (int): Frames between two of one sequence at least.

    Returns:
        list[tuple[str, int]]: Sequence and frame from 0 on, most errors
        first; none without an error.
    """
    moments = sorted(((-count, name, frame)
                      for name, counts in errors.items()
                      for frame, count in enumerate(counts.tolist()) if count))
    chosen: List[Tuple[str, int]] = []
    for _, name, frame in moments:
        if len(chosen) == num:
            break
        if all(name != other or abs(frame - number) >= min_distance
               for other, number in chosen):
            chosen.append((name, frame))
    return chosen


def _tables(rows: ndarray) -> ndarray:
    """Frame from 0 on, id and box, has shape (num_boxes, 6)."""
    return np.column_stack([rows[:, 0] - 1, rows[:, 1], rows[:, _BOX]])
