"""Time to score tracks, beside TrackEval itself."""
import contextlib
import io
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import numpy as np

from ipmot_mm.evaluation import score_folder
from ipmot_mm.evaluation.mot_scoring import COMBINED, FIELDS

from .random_tracks import write_random_tracks

RawScores = Dict[str, Dict[str, Dict[str, Any]]]
"""Sequence -> family -> field of TrackEval -> number or array."""


def measure_evaluation(num_frames: Sequence[int], num_objects: int,
                       num_rounds: int) -> Dict[str, float]:
    """Score the same random tracks with all three, in turn.

    Args:
        num_frames (Sequence[int]): Length of each sequence.
        num_objects (int): Objects in a frame.
        num_rounds (int): Times that each is called.

    Returns:
        dict[str, float]: Median seconds, reading included, of ``trackeval``
        by itself, of us in ``one_process``, and of us by ``default``;
        ``trackeval_cpu`` and ``one_process_cpu``, the same in time during
        which this process had a core, which other processes disturb less;
        and ``largest_difference`` between TrackEval's numbers and ours.
    """
    with tempfile.TemporaryDirectory(prefix='ipmot_bench_') as folder:
        truth, tracks = write_random_tracks(
            folder, num_frames=num_frames, num_objects=num_objects)
        calls: Dict[str, Callable] = dict(
            trackeval=lambda: _run_trackeval(truth, tracks),
            one_process=lambda: score_folder(tracks, truth, num_workers=1),
            default=lambda: score_folder(tracks, truth))
        seconds: Dict[str, List[float]] = defaultdict(list)
        scores: Dict[str, Any] = {}
        for _ in range(num_rounds):
            for name, call in calls.items():
                start, cpu_start = time.perf_counter(), time.process_time()
                scores[name] = call()
                seconds[f'{name}_cpu'].append(time.process_time() - cpu_start)
                seconds[name].append(time.perf_counter() - start)
    del seconds['default_cpu']  # it does not know its children's
    return dict(
        {
            name: statistics.median(values)
            for name, values in seconds.items()
        },
        largest_difference=max(
            largest_difference(scores['trackeval'], scores[name])
            for name in ('one_process', 'default')))


def largest_difference(theirs: RawScores, ours: Dict[str, Dict[str,
                                                               Any]]) -> float:
    """How far apart two reports of the same tracks are.

    Args:
        theirs (dict[str, dict]): All that TrackEval computes.
        ours (dict[str, dict]): Scores as of
            :func:`~ipmot_mm.evaluation.score_sequences`.

    Returns:
        float: Largest absolute difference of any score of any sequence or
        of all, HOTA's at each threshold.
    """
    differences = [0.]
    for sequence, raw in theirs.items():
        scores = ours[sequence]
        for name, (family, field) in FIELDS.items():
            mine = scores['curves'][name] if family == 'HOTA' else scores[name]
            differences.append(np.abs(raw[family][field] - mine).max())
    return float(max(differences))


def _run_trackeval(truth: Path, tracks: Path) -> RawScores:
    """TrackEval as its own script runs it, but for plots and summaries."""
    import trackeval
    quiet = dict(PRINT_CONFIG=False)
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = trackeval.datasets.MotChallenge2DBox(
            dict(
                quiet,
                GT_FOLDER=str(truth),
                TRACKERS_FOLDER=str(tracks.parent),
                TRACKERS_TO_EVAL=[tracks.name],
                TRACKER_SUB_FOLDER='',
                SKIP_SPLIT_FOL=True,
                SEQ_INFO={path.name: None
                          for path in truth.iterdir()}))
        results, _ = trackeval.Evaluator(
            dict(
                quiet,
                PLOT_CURVES=False,
                OUTPUT_SUMMARY=False,
                OUTPUT_DETAILED=False,
                LOG_ON_ERROR=None,
                TIME_PROGRESS=False)).evaluate([dataset], [
                    trackeval.metrics.HOTA(),
                    trackeval.metrics.CLEAR(quiet),
                    trackeval.metrics.Identity(quiet)
                ])
    by_name = results[dataset.get_name()][tracks.name]
    by_name[COMBINED] = by_name.pop('COMBINED_SEQ')
    return {name: scores['pedestrian'] for name, scores in by_name.items()}
