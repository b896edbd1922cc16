"""TrackEval as a metric of mmengine."""
import logging
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.dist import (all_gather_object, broadcast_object_list,
                           is_main_process)
from mmengine.evaluator import BaseMetric
from mmengine.fileio import dump
from mmengine.logging import print_log

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.registry import METRICS

from .mot_scoring import (CLASSES, COMBINED, CURVES, METRICS_OF_TRACKEVAL,
                          Scores, check_classes, check_protocol, check_scorer,
                          check_workers, score_sequences)
from .score_table import format_score_table
from .scored_sequence import PEDESTRIAN, ScoredSequence
from .tracked_frame import (TrackedFrame, merge_ranks, to_sequence,
                            to_tracked_frame, write_video)

SCORES_FILE = 'scores.json'
"""Scores of all sequences with their curves, next to the results."""


@METRICS.register_module()
class TrackEvalMetric(BaseMetric):
    """HOTA, CLEAR and identity metrics by TrackEval, per sequence and over
    all (paper, Section 4.1).

    It takes the place of mmdet's ``MOTChallengeMetric``, under the same
    names. What differs: ground truth is the original file, with the
    distractors that the preprocessing needs, restricted to the frames of the
    split; a frame costs one copy to the host per field; ranks exchange
    objects, not files in a folder that they must share; a folder of results
    is never deleted; nothing but one table is printed.

    The table and its columns are in percent, the returned metrics are
    fractions, as those of mmdet are: ``motchallenge-metric/HOTA``, ``DetA``,
    ``AssA``, ``LocA``, ``MOTA``, ``MOTP``, ``IDF1``, ``IDP``, ``IDR`` and the
    counts ``IDSW``, ``TP``, ``FP``, ``FN``, ``Frag``, ``MT``, ``PT``, ``ML``,
    ``IDTP``, ``IDFP``, ``IDFN``. Where the data set has several classes, they
    are taken together for these, and ``motchallenge-metric/car/HOTA`` and so
    on follow for each class.

    Args:
        benchmark (str): Which boxes count, see
            :func:`~ipmot_mm.evaluation.score_sequences`: 'MOT15', 'MOT16',
            'MOT17', 'MOT20', 'DanceTrack' or 'custom'. Defaults to 'MOT17'.
        metrics (Sequence[str]): Some of 'HOTA', 'CLEAR' and 'Identity'.
            Defaults to all.
        outfile_prefix (str, optional): Folder for the results, one
            ``<sequence>.txt`` each, and ``scores.json``. A sequence is
            written when its last frame has come, so a run that stops keeps
            the finished ones. Defaults to None, for a temporary folder,
            which stays only where scoring fails.
        format_only (bool): Write the results and do not score them, for test
            sets without annotations. Needs ``outfile_prefix``. Defaults to
            False.
        submission (str, optional): Archive of the results to write, in the
            format of the benchmark's server, see
            :func:`~ipmot_mm.evaluation.submission.write_submission`. It
            comes after the scores, or with ``format_only`` in their place,
            and holds the videos of this run, all of whose frames must have
            been tracked. Defaults to None, for none.
        per_sequence (bool): Whether the table has a row per sequence.
            Defaults to True.
        class_ids (Sequence[int], optional): Class number of MOTChallenge of
            each label; other than (1, ) only with benchmark 'custom'.
            Defaults to None, for ``class_ids`` of the data set's
            ``metainfo``, or (1, ) where it has none.
        classes (Sequence[str], optional): Name of each class; comes with
            ``class_ids``. Defaults to None, for those of the data set.
        num_workers (int, optional): Processes that score, see
            :func:`~ipmot_mm.evaluation.score_sequences`. Defaults to None,
            for as many as pay.
        scorer (str): 'numpy', or 'trackeval' for the same numbers from
            TrackEval's own metrics, see
            :func:`~ipmot_mm.evaluation.score_sequences`. Defaults to
            'numpy'.
        prefix (str, optional): Head of the metric names. Defaults to None,
            for 'motchallenge-metric'.

    Attributes:
        sequence_results (dict[str, dict]): After ``evaluate``, on each rank:
            scores of each sequence and of 'COMBINED', with curves over the
            thresholds, as of :func:`~ipmot_mm.evaluation.score_sequences`.

    Raises:
        ValueError: If an option is unknown, a path still holds
            ``{work_dir}``, ``format_only`` comes without ``outfile_prefix``,
            or the benchmark does not score these classes or has no server
            that is known.
    """
    default_prefix: Optional[str] = 'motchallenge-metric'

    def __init__(self,
                 *,
                 benchmark: str = 'MOT17',
                 metrics: Sequence[str] = METRICS_OF_TRACKEVAL,
                 outfile_prefix: Optional[str] = None,
                 format_only: bool = False,
                 submission: Optional[str] = None,
                 per_sequence: bool = True,
                 class_ids: Optional[Sequence[int]] = None,
                 classes: Optional[Sequence[str]] = None,
                 num_workers: Optional[int] = None,
                 scorer: str = 'numpy',
                 prefix: Optional[str] = None) -> None:
        super().__init__(prefix=prefix)
        check_protocol(benchmark, metrics)
        check_workers(num_workers)
        check_scorer(scorer)
        if format_only and outfile_prefix is None:
            raise ValueError('format_only=True needs outfile_prefix, but got '
                             'None; name the folder for the result files')
        if (class_ids is None) != (classes is None):
            raise ValueError('class_ids and classes come together, but got '
                             f'class_ids={class_ids} and classes={classes}')
        if class_ids is not None:
            check_classes(benchmark, class_ids, classes)
        if submission is not None:
            _check_server(benchmark)
        _check_paths(outfile_prefix, submission)
        self.benchmark = benchmark
        self.metrics = tuple(metrics)
        self.outfile_prefix = outfile_prefix
        self.format_only = format_only
        self.submission = submission
        self.per_sequence = per_sequence
        self.class_ids = class_ids
        self.classes = classes
        self.num_workers = num_workers
        self.scorer = scorer
        self.sequence_results: Scores = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the tracks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): One per clip or frame, as mmengine
                makes them of :obj:`mmdet.structures.TrackDataSample`:
                ``video_data_samples`` is a list of frames with
                ``pred_track_instances`` (``bboxes`` xyxy in pixels of the
                original image, ``scores``, ``instances_id``, with several
                classes also ``labels``) and the metainfo ``video_name``,
                ``frame_id``, ``mot_frame_id``, ``ori_video_length`` and
                ``gt_path``.
        """
        class_ids, _ = self.scored_classes()
        for track_sample in data_samples:
            for frame in track_sample['video_data_samples']:
                record = to_tracked_frame(frame, class_ids)
                self.results.append(record)
                last = record.frame_id == record.video_length - 1
                if last and self.outfile_prefix is not None:
                    write_video(
                        Path(self.outfile_prefix), [
                            kept for kept in self.results
                            if kept.video_name == record.video_name
                        ])

    def evaluate(self, size: int) -> Dict[str, float]:
        """Gather the tracks of all ranks and score them on the first one.

        An error is raised on every rank, so none waits for the others.

        Args:
            size (int): Length of the data set. Not used: it counts videos,
                while results are frames.

        Returns:
            dict[str, float]: Metrics over all sequences, on every rank.
        """
        parts = all_gather_object(self.results)
        self.results = []
        outcome: List[Any] = [None, None, None]
        failure: Optional[Exception] = None
        if is_main_process():
            try:
                metrics = self.compute_metrics(merge_ranks(parts))
                outcome = [metrics, self.sequence_results, None]
            except Exception as error:
                failure = error
                outcome = [None, None, f'{type(error).__name__}: {error}']
        broadcast_object_list(outcome)
        if failure is not None:
            raise failure
        metrics, self.sequence_results, message = outcome
        if message is not None:
            raise RuntimeError(f'scoring failed on the first rank: {message}')
        return {f'{self.prefix}/{name}': v for name, v in metrics.items()}

    def compute_metrics(self, results: List[TrackedFrame]) -> Dict[str, float]:
        """Write all sequences, score them and log the table.

        Args:
            results (list[:obj:`TrackedFrame`]): Frames of all sequences.

        Returns:
            dict[str, float]: Metrics over all sequences, without prefix.
            Empty where only results are wanted.

        Raises:
            ValueError: If there is no frame, several videos have one name,
                or a submission is wanted of parts of videos.
        """
        if not results:
            raise ValueError('TrackEvalMetric got no frame to score; the '
                             'data set of the evaluation is empty')
        videos: Dict[str, List[TrackedFrame]] = defaultdict(list)
        for record in results:
            videos[record.video_name].append(record)
        videos = dict(sorted(videos.items()))
        sequences = [to_sequence(records) for records in videos.values()]
        folder = Path(self.outfile_prefix or tempfile.mkdtemp('_ipmot_tracks'))
        for records in videos.values():
            write_video(folder, records)
        # Those of an earlier run are not the scores of these tracks.
        (folder / SCORES_FILE).unlink(missing_ok=True)
        self.sequence_results = {}
        if self.format_only:
            print_log(f'Tracks of {len(videos)} sequences written to '
                      f'{folder}', logger='current')
        else:
            self._score(sequences, folder)
        if self.submission is not None:
            num_tracked = {name: len(videos[name]) for name in videos}
            self._submit(sequences, num_tracked, folder)
        if self.outfile_prefix is None:
            shutil.rmtree(folder)
        return _flat_scores(self.sequence_results.get(COMBINED, {}))

    def scored_classes(self) -> Tuple[Tuple[int, ...], Tuple[str, ...]]:
        """Class numbers that are scored, one for each label, and names.

        Returns:
            tuple[tuple[int], tuple[str]]: Both of the same length.

        Raises:
            ValueError: If the benchmark does not score these classes.
        """
        if self.class_ids is not None:
            return tuple(self.class_ids), tuple(self.classes)
        meta = self.dataset_meta or {}
        if 'class_ids' not in meta:
            return (PEDESTRIAN, ), ('pedestrian', )
        class_ids = tuple(int(number) for number in meta['class_ids'])
        check_classes(self.benchmark, class_ids, meta['classes'])
        return class_ids, tuple(meta['classes'])

    def _score(self, sequences: List[ScoredSequence], folder: Path) -> None:
        """Score the results in a folder, keep the scores, log the table."""
        class_ids, classes = self.scored_classes()
        try:
            scores = score_sequences(
                folder,
                sequences,
                benchmark=self.benchmark,
                metrics=self.metrics,
                class_ids=class_ids,
                classes=classes,
                num_workers=self.num_workers,
                scorer=self.scorer)
        except Exception:
            print_log(f'Scoring failed; the tracks are kept in {folder}',
                      logger='current', level=logging.ERROR)
            raise
        self.sequence_results = scores
        if self.outfile_prefix is not None:
            write_atomically(folder / SCORES_FILE,
                             dump(scores, file_format='json'))
        table = format_score_table(scores, per_sequence=self.per_sequence)
        print_log(f'TrackEval, {self.benchmark} protocol:\n{table}',
                  logger='current')

    def _submit(self, sequences: List[ScoredSequence],
                num_tracked: Dict[str, int], folder: Path) -> None:
        """Pack the results of this run, if they are of whole videos."""
        from .submission import check_whole_videos, write_submission
        check_whole_videos(
            folder, sequences, num_tracked, benchmark=self.benchmark)
        write_submission(
            folder,
            self.submission,
            benchmark=self.benchmark,
            names=list(num_tracked))


def _check_paths(*paths: Optional[str]) -> None:
    """Raise a ValueError if nobody has filled in the work dir."""
    for path in paths:
        if path is not None and '{work_dir}' in path:
            raise ValueError(
                f'{path!r} is no path yet: tools/train.py and tools/test.py '
                'fill in the work dir; elsewhere write a folder')


def _check_server(benchmark: str) -> None:
    """Raise a ValueError unless the benchmark's server is known."""
    from .submission import SERVER_FORMATS
    if benchmark not in SERVER_FORMATS:
        raise ValueError(
            f'submission needs one of the benchmarks '
            f'{", ".join(SERVER_FORMATS)}, but got benchmark={benchmark!r}; '
            'set submission=None, outfile_prefix alone keeps the results')


def _flat_scores(combined: Dict[str, Any]) -> Dict[str, float]:
    """Scores over all sequences, ``<class>/<score>`` those of a class."""
    by_class = combined.get(CLASSES, {})
    nested = (CLASSES, CURVES)
    flat = {k: value for k, value in combined.items() if k not in nested}
    for name, scores in by_class.items():
        flat.update((f'{name}/{k}', value) for k, value in scores.items()
                    if k not in nested)
    return flat
