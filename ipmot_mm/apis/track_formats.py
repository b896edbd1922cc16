"""Tracks of a frame in the forms that other programs take."""
import json
from typing import TYPE_CHECKING, Any, Dict, List

import numpy as np
import torch
from mmengine.structures import InstanceData

if TYPE_CHECKING:
    import supervision


def to_mot_rows(number: int, tracks: InstanceData) -> np.ndarray:
    """Rows of a MOTChallenge result file.

    Args:
        number (int): Number of the frame, 1-based.
        tracks (InstanceData): Of K tracks, ``bboxes`` xyxy in pixels,
            ``scores`` and ``instances_id``.

    Returns:
        np.ndarray: frame, id, left, top, width, height, score, -1, -1, -1;
        float64, has shape (K, 10).
    """
    rows = np.full((len(tracks), 10), -1.0)
    rows[:, 0] = number
    rows[:, 1] = tracks.instances_id.cpu().numpy()
    rows[:, 2:6] = tracks.bboxes.cpu().numpy()
    rows[:, 4:6] -= rows[:, 2:4]
    rows[:, 6] = tracks.scores.cpu().numpy()
    return rows


def to_supervision(tracks: InstanceData) -> 'supervision.Detections':
    """Tracks as ``supervision`` draws, counts and smooths them.

    Args:
        tracks (InstanceData): Of K tracks, as :meth:`FrameTracker.update`
            gives them.

    Returns:
        supervision.Detections: ``xyxy`` float32 (K, 4), ``confidence``
        float32, ``class_id`` and ``tracker_id`` int64 (K, ), also where K is
        0.

    Raises:
        ImportError: If supervision is not installed.
    """
    try:
        import supervision
    except ImportError:
        raise ImportError(
            'to_supervision needs the package supervision; run `pip install '
            '"ipmot_mm[supervision]"`') from None
    return supervision.Detections(
        xyxy=tracks.bboxes.cpu().numpy().reshape(-1, 4),
        confidence=tracks.scores.cpu().numpy(),
        class_id=tracks.labels.cpu().numpy(),
        tracker_id=tracks.instances_id.cpu().numpy())


def to_record(number: int, time: float, tracks: InstanceData) -> str:
    """The JSON object of a frame, in one line.

    Args:
        number (int): Number of the frame, 1-based.
        time (float): Of the frame in the video, in seconds.
        tracks (InstanceData): Of K tracks.

    Returns:
        str: ``frame``, ``time`` and ``tracks``, a list of objects with
        ``id``, ``box`` (left, top, right, bottom in pixels), ``score`` and
        ``label``. The numbers give the float32 values back exactly.
    """
    found = zip(tracks.instances_id.tolist(), _shortest(tracks.bboxes),
                _shortest(tracks.scores), tracks.labels.tolist())
    return json.dumps(
        dict(
            frame=number,
            time=round(time, 3),
            tracks=[
                dict(id=track, box=box, score=score, label=label)
                for track, box, score, label in found
            ]))


def from_record(line: str) -> InstanceData:
    """The tracks in a line of :func:`to_record`.

    Args:
        line (str): The line.

    Returns:
        InstanceData: ``bboxes``, ``scores``, ``labels``, ``instances_id``.
    """
    tracks: List[Dict[str, Any]] = json.loads(line)['tracks']

    def column(key: str, dtype: torch.dtype) -> torch.Tensor:
        return torch.tensor([track[key] for track in tracks], dtype=dtype)

    return InstanceData(
        bboxes=column('box', torch.float32).reshape(-1, 4),
        scores=column('score', torch.float32),
        labels=column('label', torch.int64),
        instances_id=column('id', torch.int64))


def _shortest(values: torch.Tensor) -> list:
    """Numbers with as few digits as tell them from other float32."""
    array = values.cpu().numpy()
    digits = [float(str(value)) for value in array.ravel()]
    return np.reshape(digits, array.shape).tolist()
