"""Ground truth and results of one sequence, from files to arrays."""
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional, Sequence, Tuple, Union

import numpy as np
from numpy import ndarray

from ipmot_mm.datasets.mot_text import (MIN_COLUMNS, MOT15_COLUMNS,
                                        MOTAnnotations, MOTTable,
                                        read_ground_truth, read_mot_table)

PEDESTRIAN = 1
"""Class number of MOTChallenge, the only one that TrackEval scores."""

CUSTOM = 'custom'
"""Protocol in which other classes than pedestrians can be scored."""

_NUM_TRUTH_COLUMNS = 8  # frame, id, x, y, w, h, conf, class: all it reads
_NUM_RESULT_COLUMNS = 7
_CONF, _CLASS = 6, 7


@dataclass(frozen=True)
class ScoredSequence:
    """Which frames of which ground truth a result file belongs to.

    Attributes:
        name (str): Name of the sequence; its result file is ``<name>.txt``.
        gt_path (str): The original ``gt.txt``, with distractors and ignored
            boxes: TrackEval's preprocessing needs them.
        num_frames (int): Number of frames of the split.
        first_frame (int): Number in ``gt.txt`` of the frame which the result
            file calls 1. Defaults to 1; differs for the second half of a
            sequence.
        total_frames (int, optional): Frames of the whole sequence, which
            ``gt.txt`` must not exceed. Defaults to None, for not to check;
            frames outside of the split are left out in either case.
    """
    name: str
    gt_path: str
    num_frames: int
    first_frame: int = 1
    total_frames: Optional[int] = None


@dataclass(frozen=True)
class SequenceBoxes:
    """All that is read of a sequence, in the order of the files.

    The columns of both tables are frame (1-based in the split), id, x, y, w,
    h, confidence and class number.

    Attributes:
        truth (ndarray): Ground truth, float64, has shape (num_boxes, 8).
        results (ndarray): Tracks, float64, has shape (num_boxes, 8).
    """
    truth: ndarray
    results: ndarray

    def of_classes(self, class_ids: Sequence[int]) -> 'SequenceBoxes':
        """Boxes of some classes, which are then all called pedestrians.

        Args:
            class_ids (Sequence[int]): Class numbers to keep.

        Returns:
            :obj:`SequenceBoxes`: Boxes that TrackEval takes for its class.
        """
        tables = {}
        for name, table in vars(self).items():
            kept = table[np.isin(table[:, _CLASS].astype(int), class_ids)]
            kept[:, _CLASS] = PEDESTRIAN
            tables[name] = kept
        return replace(self, **tables)


def check_files(sequences: Sequence[ScoredSequence],
                result_dir: Union[str, Path]) -> None:
    """Raise a FileNotFoundError unless all files are there.

    Args:
        sequences (Sequence[:obj:`ScoredSequence`]): What is to be scored.
        result_dir (str | Path): Holds ``<name>.txt`` for each.
    """
    for sequence in sequences:
        if not Path(sequence.gt_path).is_file():
            raise FileNotFoundError(
                f'sequence {sequence.name}: ground truth '
                f'{sequence.gt_path!r} not found, so it cannot be scored; '
                'give the folder with gt/gt.txt, or write results only '
                '(format_only=True with outfile_prefix) for a test set '
                'without annotations')
        path = result_path(sequence, result_dir)
        if not path.is_file():
            raise FileNotFoundError(
                f'sequence {sequence.name}: results {str(path)!r} not found; '
                'write an empty file if the tracker found nothing, or name '
                'the sequences to score')


def result_path(sequence: ScoredSequence, result_dir: Union[str,
                                                            Path]) -> Path:
    """Where the results of a sequence are."""
    return Path(result_dir) / f'{sequence.name}.txt'


def read_pedestrians(gt_path: Union[str, Path]) -> MOTAnnotations:
    """Those of the ground truth that count in scores, to be shown.

    Args:
        gt_path (str | Path): ``gt.txt``.

    Returns:
        :obj:`MOTAnnotations`: Pedestrians whose conf is not 0.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As :func:`read_ground_truth`.
    """
    truth = read_ground_truth(str(gt_path))
    return truth[truth.counts & (truth.class_ids == PEDESTRIAN)]


def read_boxes(sequence: ScoredSequence, result_dir: Union[str, Path], *,
               benchmark: str, class_ids: Sequence[int]) -> SequenceBoxes:
    """Read and check both files of a sequence.

    Args:
        sequence (:obj:`ScoredSequence`): The sequence.
        result_dir (str | Path): Folder of the results.
        benchmark (str): Protocol, see
            :func:`~ipmot_mm.evaluation.score_sequences`.
        class_ids (Sequence[int]): Class numbers that are scored. Where there
            is one only, results need no class.

    Returns:
        :obj:`SequenceBoxes`: Ground truth of the split, and the results. No
        ground truth is left out for its class or confidence.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is malformed; the message names file and line.
    """
    path = result_path(sequence, result_dir)
    return SequenceBoxes(
        truth=_read_truth(sequence, benchmark == CUSTOM),
        results=_read_results(path, sequence.num_frames, class_ids))


def _read_truth(sequence: ScoredSequence, custom: bool) -> ndarray:
    """Rows of the split with frames from 1 on, has shape (num_boxes, 8)."""
    table = read_mot_table(
        sequence.gt_path,
        min_columns=MIN_COLUMNS if custom else _NUM_TRUTH_COLUMNS,
        allow_empty=True)
    if sequence.total_frames is not None:
        table.refuse(
            table.values[:, 0] > sequence.total_frames,
            f'the sequence has {sequence.total_frames} frames, no more',
            'Remove the row, or correct seqLength in seqinfo.ini.')
    rows = np.ones((len(table), _NUM_TRUTH_COLUMNS))
    rows[:, :MIN_COLUMNS] = table.values[:, :MIN_COLUMNS]
    rows[:, 0] += 1 - sequence.first_frame
    confidences, classes = _marks(table, custom)
    rows[:, _CONF], rows[:, _CLASS] = confidences, classes
    return rows[(rows[:, 0] >= 1) & (rows[:, 0] <= sequence.num_frames)]


def _marks(table: MOTTable, custom: bool) -> Tuple[ndarray, ndarray]:
    """Confidence and class of ground truth, each has shape (num_boxes, ).

    In the custom protocol 1 stands where the file has no such column, and
    for the class in the layout of MOT15, whose ten columns hold coordinates
    instead; otherwise the columns are what TrackEval reads.
    """
    one = np.ones(len(table))
    num_columns = table.values.shape[1]
    has_class = num_columns > _CLASS and not (custom and
                                              num_columns >= MOT15_COLUMNS)
    return (table.values[:, _CONF] if num_columns > _CONF else one,
            table.values[:, _CLASS] if has_class else one)


def _read_results(path: Path, num_frames: int,
                  class_ids: Sequence[int]) -> ndarray:
    """Rows of a result file, has shape (num_boxes, 8)."""
    table = read_mot_table(
        str(path), min_columns=_NUM_RESULT_COLUMNS, allow_empty=True)
    table.refuse(table.values[:, 0] > num_frames,
                 f'expected a frame in 1..{num_frames}',
                 'Frames count from 1 at the first frame of the split.')
    classes = np.full(len(table), -1)
    if table.values.shape[1] > _CLASS:
        classes = table.values[:, _CLASS].astype(int)
    if len(class_ids) > 1:
        table.refuse(
            ~np.isin(classes, class_ids), 'expected a class number of '
            f'{", ".join(map(str, class_ids))} in column 8',
            'Write the class of each track there, or score one class.')
    else:
        table.refuse((classes > 0) & (classes != class_ids[0]),
                     f'expected class {class_ids[0]} in column 8, or -1',
                     'Leave out the tracks of other classes.')
        classes = np.full(len(table), class_ids[0])
    return np.column_stack([table.values[:, :_NUM_RESULT_COLUMNS], classes])
