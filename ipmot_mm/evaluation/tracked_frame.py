"""What the metric keeps of a frame, from the model to a result file."""
import logging
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmengine.logging import print_log

from .result_writer import write_mot_results
from .scored_sequence import ScoredSequence


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
        class_ids (np.ndarray, optional): Class number of each track, has
            shape (num_tracks, ). None where there is one class only.
        video_id (int, optional): Number of the video in all data sets of the
            run. None where the data set does not tell.
    """
    video_name: str
    frame_id: int
    video_length: int
    gt_path: str
    first_frame: int
    rows: np.ndarray
    class_ids: Optional[np.ndarray] = None
    video_id: Optional[int] = None

    @property
    def source(self) -> Tuple[str, int, int, Optional[int]]:
        """tuple: Equal for all frames of a video, not for those of another
        with the same name: ``gt_path``, ``first_frame``, ``video_length``
        and ``video_id``."""
        return (self.gt_path, self.first_frame, self.video_length,
                self.video_id)


def to_tracked_frame(frame: Union[dict, Any],
                     class_ids: Sequence[int]) -> TrackedFrame:
    """One frame's meta information and tracks, off the device.

    Args:
        frame (dict | :obj:`mmdet.structures.DetDataSample`): See
            :meth:`TrackEvalMetric.process`.
        class_ids (Sequence[int]): Class number of each label.

    Returns:
        :obj:`TrackedFrame`: The frame.

    Raises:
        ValueError: If metainfo is missing, or a label has no class number.
    """
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
        rows=rows,
        class_ids=_to_class_ids(tracks, class_ids),
        video_id=frame.get('video_id'))


def _to_class_ids(tracks: Any,
                  class_ids: Sequence[int]) -> Optional[np.ndarray]:
    """Class number of each track; None where there is one class only."""
    if len(class_ids) == 1:
        return None
    labels = tracks['labels'].detach().cpu().numpy()
    if labels.size and not 0 <= labels.min() <= labels.max() < len(class_ids):
        raise ValueError(
            f'labels of the tracks must be in 0..{len(class_ids) - 1}, one '
            f'for each of class_ids={tuple(class_ids)}, but got '
            f'{labels.min()}..{labels.max()}; give model and data set the '
            'same classes')
    return np.asarray(class_ids)[labels]


def check_source(records: Sequence[TrackedFrame]) -> None:
    """Refuse several videos under one name, of which one would be lost.

    Args:
        records (Sequence[:obj:`TrackedFrame`]): Frames that have the name of
            one video.

    Raises:
        ValueError: If they are from several videos, or have holes.
    """
    first = records[0]
    other = next((each for each in records if each.source != first.source),
                 first)
    if other is not first:
        raise ValueError(
            f'sequence {first.video_name}: expected one video of this name '
            'and frames without holes, but got (gt_path, number of the first '
            f'frame, number of frames, video_id) {first.source} and '
            f'{other.source}; give each sequence a name of its own, test on '
            'consecutive frames, and on one half at a time')


def merge_ranks(parts: List[List[TrackedFrame]]) -> List[TrackedFrame]:
    """Frames of all ranks, each video from one rank.

    Track ids mean nothing on another rank, and a sampler may repeat videos
    to even the ranks out: the rank that saw most frames of a video speaks
    for it, and a frame that came twice counts once.

    Args:
        parts (list[list[:obj:`TrackedFrame`]]): What each rank has.

    Returns:
        list[:obj:`TrackedFrame`]: Videos one after the other, their frames
        in order.

    Raises:
        ValueError: If several videos have one name, see
            :func:`check_source`.
    """
    by_name: Dict[str, List[TrackedFrame]] = defaultdict(list)
    for record in chain(*parts):
        by_name[record.video_name].append(record)
    for records in by_name.values():
        check_source(records)
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


def to_sequence(records: List[TrackedFrame]) -> ScoredSequence:
    """What the frames of one video say about its ground truth.

    Args:
        records (list[:obj:`TrackedFrame`]): Frames of one video. A warning
            is logged if there are fewer than it has.

    Returns:
        :obj:`ScoredSequence`: Which frames of which file they belong to.

    Raises:
        ValueError: See :func:`check_source`.
    """
    name, length = records[0].video_name, records[0].video_length
    check_source(records)
    if len(records) < length:
        print_log(
            f'Sequence {name}: only {len(records)} of {length} frames were '
            'tracked, objects in the others count as missed',
            logger='current',
            level=logging.WARNING)
    return ScoredSequence(name, records[0].gt_path, length,
                          records[0].first_frame)


def write_video(folder: Path, records: List[TrackedFrame]) -> None:
    """Write the tracks of one video, an empty file where there are none.

    Args:
        folder (Path): Where ``<video_name>.txt`` goes.
        records (list[:obj:`TrackedFrame`]): Frames of one video.

    Raises:
        ValueError: See :func:`check_source`.
    """
    check_source(records)
    write_mot_results(
        folder / f'{records[0].video_name}.txt',
        np.concatenate([record.rows for record in records]),
        None if records[0].class_ids is None else np.concatenate(
            [record.class_ids for record in records]))
