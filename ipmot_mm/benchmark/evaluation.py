"""Time to score tracks, beside TrackEval itself."""
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, Sequence

from ipmot_mm.evaluation import score_folder

from .random_tracks import write_random_tracks


def measure_evaluation(num_frames: Sequence[int], num_objects: int,
                       num_rounds: int) -> Dict[str, float]:
    """Score the same random tracks with all three, in turn.

    Args:
        num_frames (Sequence[int]): Length of each sequence.
        num_objects (int): Objects in a frame.
        num_rounds (int): Times that each is called.

    Returns:
        dict[str, float]: Median seconds, reading included, of ``trackeval``
        by itself, of us in ``one_process``, and of us by ``default``.
    """
    with tempfile.TemporaryDirectory(prefix='ipmot_bench_') as folder:
        truth, tracks = write_random_tracks(
            folder, num_frames=num_frames, num_objects=num_objects)
        calls: Dict[str, Callable] = dict(
            trackeval=lambda: _run_trackeval(truth, tracks),
            one_process=lambda: score_folder(tracks, truth, num_workers=1),
            default=lambda: score_folder(tracks, truth))
        seconds: Dict[str, List[float]] = {name: [] for name in calls}
        for _ in range(num_rounds):
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - start)
    return {
        name: statistics.median(values)
        for name, values in seconds.items()
    }


def _run_trackeval(truth: Path, tracks: Path) -> None:
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
        trackeval.Evaluator(
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
