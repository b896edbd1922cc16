"""An exported tracker beside the model that it was made of."""
import time
from dataclasses import dataclass, field
from typing import Iterable, List

import numpy as np
from torch import nn

from ipmot_mm.apis import FrameTracker

from .onnx_tracker import SlotTracker


@dataclass
class Comparison:
    """What :func:`compare` finds.

    Attributes:
        num_frames (int): Compared.
        num_tracks (int): Reported by the model, over all frames.
        num_ids (int): Different ones among them.
        other_ids (list[int]): Frames, 0-based, whose ids differ.
        box_error (float): Largest difference of a box, share of the frame.
        score_error (float): Largest difference of a score.
        model_times (list[float]): Seconds of each frame in PyTorch.
        exported_times (list[float]): Seconds of each frame as exported.
        num_waiting (int): Most persons that found no slot in a frame.
    """
    num_frames: int = 0
    num_tracks: int = 0
    num_ids: int = 0
    other_ids: List[int] = field(default_factory=list)
    box_error: float = 0.0
    score_error: float = 0.0
    model_times: List[float] = field(default_factory=list)
    exported_times: List[float] = field(default_factory=list)
    num_waiting: int = 0

    @property
    def is_equal(self) -> bool:
        """bool: Same ids, boxes and scores within 1e-4."""
        return not self.other_ids and max(self.box_error,
                                          self.score_error) < 1e-4


def compare(model: nn.Module, exported: SlotTracker,
            frames: Iterable[np.ndarray]) -> Comparison:
    """Track frames with both, in turn, each with its own state.

    Args:
        model (nn.Module): Of :func:`ipmot_mm.apis.init_tracker`.
        exported (SlotTracker): Is reset first.
        frames (iterable[np.ndarray]): Of one video, BGR, uint8, (h, w, 3).

    Returns:
        Comparison: Errors over frames with the same ids.
    """
    tracker = FrameTracker(model)
    exported.reset()
    found = Comparison()
    ids = set()
    for number, frame in enumerate(frames):
        begin = time.perf_counter()
        expected = tracker.update(frame)
        middle = time.perf_counter()
        tracks = exported.update(frame)
        found.exported_times.append(time.perf_counter() - middle)
        found.model_times.append(middle - begin)
        found.num_frames += 1
        found.num_tracks += len(expected)
        found.num_waiting = max(found.num_waiting, exported.num_waiting)
        ids.update(expected.instances_id.tolist())
        if expected.instances_id.tolist() != tracks.instances_id.tolist():
            found.other_ids.append(number)
        elif len(expected):
            size = np.array(frame.shape[1::-1] * 2)
            boxes = abs(expected.bboxes.numpy() - tracks.bboxes) / size
            scores = abs(expected.scores.numpy() - tracks.scores)
            found.box_error = max(found.box_error, float(boxes.max()))
            found.score_error = max(found.score_error, float(scores.max()))
    found.num_ids = len(ids)
    return found
