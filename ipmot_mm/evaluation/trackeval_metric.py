"""TrackEval as a metric of mmengine."""
import logging
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
from mmengine.dist import (all_gather_object, broadcast_object_list,
                           is_main_process)
from mmengine.evaluator import BaseMetric
from mmengine.fileio import dump
from mmengine.logging import print_log

from ipmot_mm.registry import METRICS

from .mot_scoring import (COMBINED, METRICS_OF_TRACKEVAL, ScoredSequence,
                          Scores, check_protocol, score_sequences)
from .result_writer import write_atomically, write_mot_results
from .score_table import format_score_table

SCORES_FILE = 'scores.json'
"""Scores of all sequences with their curves, next to the results."""


@dataclass(frozen=True)
class TrackedFrame:
    """What the metric keeps of one frame.

    Attributes:
        video_name (str): Name of the sequence.
        frame_id (int): Number of the frame in the split, 0-based.
        video_length (int): Number of frames of the split.
        gt_path (str): The sequence's ``gt.txt``, empty where there is none.
        first_frame (int): Number in ``gt.txt`` of the split's first frame.
        rows (np.ndarray): 1-based frame, id, x, y, w, h, score; float64, has
            shape (num_tracks, 7).
    """
    video_name: str
    frame_id: int
    video_length: int
    gt_path: str
    first_frame: int
    rows: np.ndarray


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
    ``IDTP``, ``IDFP``, ``IDFN``.

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
        per_sequence (bool): Whether the table has a row per sequence.
            Defaults to True.
        prefix (str, optional): Head of the metric names. Defaults to None,
            for 'motchallenge-metric'.

    Attributes:
        sequence_results (dict[str, dict]): After ``evaluate``, on each rank:
            scores of each sequence and of 'COMBINED', with curves over the
            thresholds, as of :func:`~ipmot_mm.evaluation.score_sequences`.

    Raises:
        ValueError: If an option is unknown, or ``format_only`` comes without
            ``outfile_prefix``.
    """
    default_prefix: Optional[str] = 'motchallenge-metric'

    def __init__(self,
                 *,
                 benchmark: str = 'MOT17',
                 metrics: Sequence[str] = METRICS_OF_TRACKEVAL,
                 outfile_prefix: Optional[str] = None,
                 format_only: bool = False,
                 per_sequence: bool = True,
                 prefix: Optional[str] = None) -> None:
        super().__init__(prefix=prefix)
        check_protocol(benchmark, metrics)
        if format_only and outfile_prefix is None:
            raise ValueError('format_only=True needs outfile_prefix, but got '
                             'None; name the folder for the result files')
        self.benchmark = benchmark
        self.metrics = tuple(metrics)
        self.outfile_prefix = outfile_prefix
        self.format_only = format_only
        self.per_sequence = per_sequence
        self.sequence_results: Scores = {}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the tracks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): One per clip or frame, as mmengine
                makes them of :obj:`mmdet.structures.TrackDataSample`:
                ``video_data_samples`` is a list of frames with
                ``pred_track_instances`` (``bboxes`` xyxy in pixels of the
                original image, ``scores``, ``instances_id``) and the
                metainfo ``video_name``, ``frame_id``, ``mot_frame_id``,
                ``ori_video_length`` and ``gt_path``.
        """
        for track_sample in data_samples:
            for frame in track_sample['video_data_samples']:
                record = _to_record(frame)
                self.results.append(record)
                last = record.frame_id == record.video_length - 1
                if last and self.outfile_prefix is not None:
                    self._write_video(
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
                metrics = self.compute_metrics(_merge_ranks(parts))
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
        """
        if not results:
            raise ValueError('TrackEvalMetric got no frame to score; the '
                             'data set of the evaluation is empty')
        videos: Dict[str, List[TrackedFrame]] = defaultdict(list)
        for record in results:
            videos[record.video_name].append(record)
        videos = dict(sorted(videos.items()))
        folder = Path(self.outfile_prefix or tempfile.mkdtemp('_ipmot_tracks'))
        for records in videos.values():
            self._write_video(folder, records)
        self.sequence_results = {}
        if self.format_only:
            print_log(f'Tracks of {len(videos)} sequences written to '
                      f'{folder}', logger='current')
            return {}
        try:
            sequences = [_to_sequence(records) for records in videos.values()]
            scores = score_sequences(
                folder,
                sequences,
                benchmark=self.benchmark,
                metrics=self.metrics)
        except Exception:
            print_log(f'Scoring failed; the tracks are kept in {folder}',
                      logger='current', level=logging.ERROR)
            raise
        self._report(scores, folder)
        return {
            name: value
            for name, value in scores[COMBINED].items() if name != 'curves'
        }

    def _report(self, scores: Scores, folder: Path) -> None:
        """Keep the scores, log the table, drop a temporary folder."""
        self.sequence_results = scores
        if self.outfile_prefix is None:
            shutil.rmtree(folder)
        else:
            write_atomically(folder / SCORES_FILE,
                             dump(scores, file_format='json'))
        table = format_score_table(scores, per_sequence=self.per_sequence)
        print_log(f'TrackEval, {self.benchmark} protocol:\n{table}',
                  logger='current')

    @staticmethod
    def _write_video(folder: Path, records: List[TrackedFrame]) -> None:
        """Write one sequence, an empty file where nothing was tracked."""
        write_mot_results(folder / f'{records[0].video_name}.txt',
                          np.concatenate([record.rows for record in records]))


def _to_record(frame: Union[dict, Any]) -> TrackedFrame:
    """One frame's meta information and tracks, off the device."""
    if not isinstance(frame, dict):
        frame = frame.to_dict()
    needed = ('video_name', 'frame_id', 'mot_frame_id', 'ori_video_length',
              'gt_path', 'pred_track_instances')
    absent = [key for key in needed if key not in frame]
    if absent:
        raise ValueError(
            f'TrackEvalMetric needs {", ".join(absent)} of each frame, but '
            f'got {", ".join(sorted(frame))}; add the metainfo to meta_keys '
            'of the packing transform, tracks come from the model')
    tracks = frame['pred_track_instances']
    boxes = tracks['bboxes'].detach().cpu().numpy().astype(np.float64)
    ids = tracks['instances_id'].detach().cpu().numpy()
    scores = tracks['scores'].detach().cpu().numpy()
    frame_id = int(frame['frame_id'])
    rows = np.column_stack([
        np.full(len(ids), frame_id + 1.0), ids, boxes[:, :2],
        boxes[:, 2:] - boxes[:, :2], scores
    ])
    return TrackedFrame(
        video_name=frame['video_name'],
        frame_id=frame_id,
        video_length=int(frame['ori_video_length']),
        gt_path=frame['gt_path'] or '',
        first_frame=int(frame['mot_frame_id']) - frame_id,
        rows=rows)


def _merge_ranks(parts: List[List[TrackedFrame]]) -> List[TrackedFrame]:
    """Frames of all ranks, each video from one rank.

    Track ids mean nothing on another rank, and a sampler may repeat videos
    to even the ranks out: the rank that saw most frames of a video speaks
    for it, and a frame that came twice counts once.
    """
    chosen: Dict[str, Dict[int, TrackedFrame]] = {}
    for part in parts:
        videos: Dict[str, Dict[int, TrackedFrame]] = defaultdict(dict)
        for record in part:
            videos[record.video_name].setdefault(record.frame_id, record)
        for name, frames in videos.items():
            if len(frames) > len(chosen.get(name, ())):
                chosen[name] = frames
    return [
        record for frames in chosen.values()
        for _, record in sorted(frames.items())
    ]


def _to_sequence(records: List[TrackedFrame]) -> ScoredSequence:
    """What the frames of one video say about its ground truth."""
    name, length = records[0].video_name, records[0].video_length
    sources = {(record.gt_path, record.first_frame) for record in records}
    if len(sources) > 1:
        raise ValueError(
            f'sequence {name}: expected one ground truth file and frames '
            'without holes, but got (gt_path, number of the first frame) '
            f'{sorted(sources)}; give each sequence a name of its own and '
            'test on consecutive frames')
    if len(records) < length:
        print_log(
            f'Sequence {name}: only {len(records)} of {length} frames were '
            'tracked, objects in the others count as missed',
            logger='current',
            level=logging.WARNING)
    (gt_path, first_frame), = sources
    return ScoredSequence(name, gt_path, length, first_frame)
