"""Score MOTChallenge text files with TrackEval's metrics."""
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence, Union

from . import numpy_scorer
from .process_map import can_fork, map_in_processes, num_usable_cores
from .scored_sequence import (CUSTOM, PEDESTRIAN, ScoredSequence, check_files,
                              read_boxes, result_path)

METRICS_OF_TRACKEVAL = ('HOTA', 'CLEAR', 'Identity')
"""Families of metrics that can be asked for."""

BENCHMARKS = ('MOT15', 'MOT16', 'MOT17', 'MOT20', 'DanceTrack', CUSTOM)
"""Protocols: which boxes count, see :func:`score_sequences`."""

SCORERS = ('numpy', 'trackeval')
"""Who computes the metrics, see :func:`score_sequences`."""

COMBINED = 'COMBINED'
"""Name of the row over all sequences."""

CURVES = 'curves'
"""Key of the scores over the thresholds."""

CLASSES = 'classes'
"""Key of the scores of single classes, where there are several."""

MIN_ROWS_TO_FORK = dict(numpy=400000, trackeval=40000)
"""Rows of ground truth and results from which on processes pay, by scorer.
Scoring takes 2 us a row with ours and 20 us with TrackEval's, a process for
each sequence 25 to 40 ms, by the memory of this one: with half as many rows,
seven sequences take as long on two cores as on one."""

FIELDS = {
    'HOTA': ('HOTA', 'HOTA'),
    'DetA': ('HOTA', 'DetA'),
    'AssA': ('HOTA', 'AssA'),
    'LocA': ('HOTA', 'LocA'),
    'MOTA': ('CLEAR', 'MOTA'),
    'MOTP': ('CLEAR', 'MOTP'),
    'IDSW': ('CLEAR', 'IDSW'),
    'TP': ('CLEAR', 'CLR_TP'),
    'FP': ('CLEAR', 'CLR_FP'),
    'FN': ('CLEAR', 'CLR_FN'),
    'Frag': ('CLEAR', 'Frag'),
    'MT': ('CLEAR', 'MT'),
    'PT': ('CLEAR', 'PT'),
    'ML': ('CLEAR', 'ML'),
    'IDF1': ('Identity', 'IDF1'),
    'IDP': ('Identity', 'IDP'),
    'IDR': ('Identity', 'IDR'),
    'IDTP': ('Identity', 'IDTP'),
    'IDFP': ('Identity', 'IDFP'),
    'IDFN': ('Identity', 'IDFN'),
}
"""Our name -> TrackEval's family and field. Fractions and counts are those of
TrackEval; HOTA's fields are averaged over the 19 localisation thresholds."""

COUNTS = ('IDSW', 'TP', 'FP', 'FN', 'Frag', 'MT', 'PT', 'ML', 'IDTP', 'IDFP',
          'IDFN')
"""Scores which are numbers of boxes, switches or tracks, not fractions."""

Scores = Dict[str, Dict[str, Any]]
"""Sequence (or ``COMBINED``) -> name of the score -> value."""


def check_protocol(benchmark: str, metrics: Sequence[str]) -> None:
    """Raise a ValueError unless TrackEval can be asked for this.

    Args:
        benchmark (str): One of ``BENCHMARKS``.
        metrics (Sequence[str]): Some of ``METRICS_OF_TRACKEVAL``.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(f'benchmark must be one of {", ".join(BENCHMARKS)}, '
                         f'but got {benchmark!r}; use \'custom\' for data '
                         'without distractors')
    unknown = set(metrics) - set(METRICS_OF_TRACKEVAL)
    if isinstance(metrics, str) or unknown or not metrics:
        raise ValueError('metrics must be a sequence of some of '
                         f'{", ".join(METRICS_OF_TRACKEVAL)}, but got '
                         f'{metrics!r}')


def check_classes(benchmark: str, class_ids: Sequence[int],
                  classes: Sequence[str]) -> None:
    """Raise a ValueError unless these classes can be scored.

    Args:
        benchmark (str): One of ``BENCHMARKS``. All but 'custom' know
            pedestrians only.
        class_ids (Sequence[int]): Class numbers, as in column 8.
        classes (Sequence[str]): Their names.
    """
    if benchmark != CUSTOM and tuple(class_ids) != (PEDESTRIAN, ):
        raise ValueError(
            f'class_ids must be ({PEDESTRIAN}, ) with benchmark {benchmark}, '
            f'which scores pedestrians, but got {tuple(class_ids)}; use '
            f'benchmark={CUSTOM!r} for other classes')
    if not class_ids or len(
            set(class_ids)) < len(class_ids) or min(class_ids) < 1:
        raise ValueError('class_ids must be different numbers from 1 on, but '
                         f'got {tuple(class_ids)}')
    if len(classes) != len(class_ids) or len(set(classes)) < len(classes):
        raise ValueError('classes must name each of class_ids='
                         f'{tuple(class_ids)} differently, but got '
                         f'{tuple(classes)}')


def check_workers(num_workers: Optional[int]) -> None:
    """Raise a ValueError unless this is a number of processes, or None.

    Args:
        num_workers (int, optional): See :func:`score_sequences`.
    """
    if num_workers is not None and num_workers < 1:
        raise ValueError('num_workers must be at least 1 or None, but got '
                         f'{num_workers}')


def check_scorer(scorer: str) -> None:
    """Raise a ValueError unless this scorer is known.

    Args:
        scorer (str): One of ``SCORERS``.
    """
    if scorer not in SCORERS:
        raise ValueError(f'scorer must be one of {", ".join(SCORERS)}, but '
                         f'got {scorer!r}; both give the same numbers')


def score_sequences(result_dir: Union[str, Path],
                    sequences: Sequence[ScoredSequence],
                    *,
                    benchmark: str = 'MOT17',
                    metrics: Sequence[str] = METRICS_OF_TRACKEVAL,
                    class_ids: Sequence[int] = (PEDESTRIAN, ),
                    classes: Sequence[str] = ('pedestrian', ),
                    num_workers: Optional[int] = None,
                    scorer: str = 'numpy') -> Scores:
    """Score result files as TrackEval's ``MotChallenge2DBox`` does.

    The benchmark decides which boxes count. ``MOT16``, ``MOT17``, ``MOT20``
    and ``DanceTrack``: results matched to a distractor (for MOT20 also to a
    non-motorised vehicle) are removed, then ground truth counts if it is a
    pedestrian (class 1) and its confidence is not 0. ``MOT15``: ground truth
    counts if its confidence is not 0; the class column is not looked at.
    ``custom``: ground truth counts if its class is one of ``class_ids`` and
    its confidence is not 0, where columns that are absent read as 1, as the
    dataset reads them; no result is removed, whatever the other classes
    mean. TrackEval cuts confidences to whole numbers: 0.9 is ignored.

    With several classes, each is scored by itself, and all together as if
    they were one, whose name is not asked for.

    Nothing is written and nothing is printed.

    Args:
        result_dir (str | Path): Holds ``<name>.txt`` for each sequence, with
            rows ``frame,id,x,y,w,h,score[,class[,...]]``. The class number
            is needed only where there are several.
        sequences (Sequence[:obj:`ScoredSequence`]): What to score.
        benchmark (str): One of ``BENCHMARKS``. Defaults to 'MOT17'.
        metrics (Sequence[str]): Some of ``METRICS_OF_TRACKEVAL``. Defaults
            to all.
        class_ids (Sequence[int]): Class numbers to score; other than (1, )
            only with 'custom'. Defaults to (1, ).
        classes (Sequence[str]): Their names. Defaults to ('pedestrian', ).
        num_workers (int, optional): Processes among which the sequences are
            divided. Defaults to None, for as many as there are sequences
            and usable cores, and none but this one for less rows in all
            than ``MIN_ROWS_TO_FORK`` says.
        scorer (str): 'trackeval' for TrackEval's own metrics; 'numpy' for
            ours, whose numbers are the same in a fraction of the time.
            Defaults to 'numpy'.

    Returns:
        dict[str, dict]: For each sequence, in the order given, and for
        ``COMBINED``: fractions in [0, 1] (MOTA may be negative), counts as
        int, with HOTA also ``curves``: lists over the thresholds for
        ``alpha``, ``HOTA``, ``DetA``, ``AssA`` and ``LocA``; with several
        classes also ``classes``: the same for each by its name.

    Raises:
        FileNotFoundError: If ground truth or results are missing.
        ValueError: If a file is malformed or an option unknown.
        ChildProcessError: If a process was killed.
    """
    check_protocol(benchmark, metrics)
    check_classes(benchmark, class_ids, classes)
    check_workers(num_workers)
    check_scorer(scorer)
    if not sequences:
        raise ValueError(f'no sequence to score in {result_dir}: expected at '
                         'least one sequence with ground truth')
    groups = [tuple(class_ids)]
    if len(class_ids) > 1:
        groups += [(number, ) for number in class_ids]
    raw = raw_scores(
        result_dir,
        sequences,
        groups,
        benchmark=benchmark,
        metrics=metrics,
        num_workers=num_workers,
        scorer=scorer)
    scores = {name: _summary(values) for name, values in raw[0].items()}
    for class_name, by_sequence in zip(classes, raw[1:]):
        for name, values in by_sequence.items():
            scores[name].setdefault(CLASSES, {})[class_name] = _summary(values)
    return scores


def raw_scores(result_dir: Union[str, Path],
               sequences: Sequence[ScoredSequence],
               groups: Sequence[Sequence[int]],
               *,
               benchmark: str,
               metrics: Sequence[str],
               num_workers: Optional[int] = None,
               scorer: str = 'numpy') -> List[Dict[str, Any]]:
    """All that TrackEval computes, for each group of classes.

    Args:
        result_dir (str | Path): See :func:`score_sequences`, which also
            checks the options.
        sequences (Sequence[:obj:`ScoredSequence`]): See there.
        groups (Sequence[Sequence[int]]): Class numbers that are scored as
            one class, each time. The first group has all of them.
        benchmark (str): See there.
        metrics (Sequence[str]): See there.
        num_workers (int, optional): See there.
        scorer (str): See there.

    Returns:
        list[dict]: One for each group: sequence or ``COMBINED`` -> family ->
        field of TrackEval -> number, or array over the thresholds.
    """
    check_files(sequences, result_dir)
    costs = [_num_rows(sequence, result_dir) for sequence in sequences]
    raw = map_in_processes(
        partial(
            _score_sequence,
            result_dir=result_dir,
            groups=groups,
            benchmark=benchmark,
            metrics=metrics,
            scorer=scorer),
        sequences,
        names=[f'sequence {sequence.name}' for sequence in sequences],
        costs=costs,
        num_workers=_count_workers(num_workers, len(sequences), sum(costs),
                                   MIN_ROWS_TO_FORK[scorer]))
    by_group = []
    for scores in zip(*raw):
        by_name = {s.name: score for s, score in zip(sequences, scores)}
        combined = _scorer(scorer).combine_scores(by_name, metrics)
        by_group.append({**by_name, COMBINED: combined})
    return by_group


def _score_sequence(sequence: ScoredSequence, *, result_dir: Union[str, Path],
                    groups: Sequence[Sequence[int]], benchmark: str,
                    metrics: Sequence[str], scorer: str) -> List[Any]:
    """Scores of one sequence for each group of classes."""
    boxes = read_boxes(
        sequence, result_dir, benchmark=benchmark, class_ids=groups[0])
    return [
        _scorer(scorer).score_boxes(
            sequence,
            boxes.of_classes(group) if benchmark == CUSTOM else boxes,
            benchmark=benchmark,
            metrics=metrics) for group in groups
    ]


def _scorer(name: str) -> ModuleType:
    """Module that scores."""
    if name == 'numpy':
        return numpy_scorer
    # It takes half a second to import: only those who want it pay.
    from . import trackeval_dataset
    return trackeval_dataset


def _num_rows(sequence: ScoredSequence, result_dir: Union[str, Path]) -> int:
    """Lines of both files."""
    return sum(
        Path(path).read_bytes().count(b'\n')
        for path in (sequence.gt_path, result_path(sequence, result_dir)))


def _count_workers(num_workers: Optional[int], num_sequences: int,
                   num_rows: int, min_rows: int) -> int:
    """Processes to use, where 1 is this one."""
    if num_workers is not None:
        return min(num_workers, num_sequences)
    if num_rows < min_rows or not can_fork():
        return 1
    return min(num_usable_cores(), num_sequences)


def _summary(raw: Dict[str, Any]) -> Dict[str, Any]:
    """Plain numbers of one sequence, and curves over the thresholds."""
    summary: Dict[str, Any] = {}
    for name, (family, field) in FIELDS.items():
        if family not in raw:
            continue
        value = raw[family][field]
        if family == 'HOTA':
            value = value.mean()
        summary[name] = int(value) if name in COUNTS else float(value)
    if 'HOTA' in raw:
        summary[CURVES] = dict(
            alpha=numpy_scorer.ALPHAS.tolist(),
            **{
                name: raw['HOTA'][name].tolist()
                for name in ('HOTA', 'DetA', 'AssA', 'LocA')
            })
    return summary
