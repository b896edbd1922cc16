"""What every dataset keeps to in what it reads.

A flat table would give objects that break these rules to other frames, other
persons or other classes, and training would go on.
"""
from collections import Counter
from typing import Optional, Sequence

import numpy as np

from ipmot_mm.user_errors import some

from .frame_table import VideoAnnotations

PER_OBJECT = ('frame_ids', 'bboxes', 'labels', 'instance_ids', 'visibilities')
WHOLE = ('frame_ids', 'labels', 'instance_ids')


def refuse_faults(videos: Sequence[VideoAnnotations], dataset_name: str,
                  num_classes: int) -> None:
    """Look for what ``load_videos`` must not give.

    Args:
        videos (Sequence[:obj:`VideoAnnotations`]): What it gave.
        dataset_name (str): For the message.
        num_classes (int): Number of class names of the dataset.

    Raises:
        ValueError: If there is no video, two have one name, or one breaks a
            rule of :obj:`VideoAnnotations`.
    """
    names = [video.name for video in videos]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if not names or twice:
        fault = f'two videos named {some(twice, 3)}' if names else 'no video'
        raise ValueError(f'load_videos of dataset "{dataset_name}" gives '
                         f'{fault}; expected one or more, each with a name '
                         'of its own. Correct it.')
    for video in videos:
        fault = _fault_of(video, num_classes)
        if fault is not None:
            raise ValueError(f'Video "{video.name}" of dataset '
                             f'"{dataset_name}": {fault}. Correct load_videos '
                             'or what it reads.')


def _fault_of(video: VideoAnnotations, num_classes: int) -> Optional[str]:
    """What is wrong with a video, None if nothing is."""
    values = {name: np.asarray(getattr(video, name)) for name in PER_OBJECT}
    num_frames = len(video.image_names)
    lengths = {name: len(value) for name, value in values.items()}
    frames, bboxes, labels, ids, _ = values.values()
    if not num_frames:
        return 'it has no frames'
    if len(set(lengths.values())) > 1 or bboxes.shape != (len(frames), 4):
        return (f'its arrays have the lengths {lengths}, bboxes the shape '
                f'{bboxes.shape}; expected one length n, and (n, 4)')
    for name in WHOLE:
        if np.any(values[name] != np.round(values[name])):
            return f'{name} must be whole numbers'
    if len(frames) and not 0 <= frames.min() <= frames.max() < num_frames:
        return (f'frame_ids must be in [0, {num_frames}), got {frames.min()} '
                f'to {frames.max()}')
    if np.any(np.diff(frames) < 0):
        return 'frame_ids must be in ascending order; sort the objects by them'
    if len(ids) and ids.min() < 0:
        return f'instance_ids must not be negative, got {ids.min()}'
    if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
        return (f'labels must be in [0, {num_classes}), one for each of '
                f'metainfo.classes, got {labels.min()} to {labels.max()}')
    order = np.lexsort((ids, frames))
    same = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    if same.any():
        first = order[np.flatnonzero(same)[0]]
        return f'id {ids[first]} is twice in frame {frames[first]}'
    return None
