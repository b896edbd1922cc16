"""Track a video up to a frame and look at its attention."""
from itertools import islice
from pathlib import Path
from typing import Tuple, Union

from numpy import ndarray
from torch import nn

from ipmot_mm.apis import FrameTracker
from ipmot_mm.datasets.frame_source import FrameSource
from ipmot_mm.visualization.attention_recorder import (AttentionMap,
                                                       AttentionRecorder)


def attention_of_frame(model: nn.Module,
                       source: Union[str, Path],
                       frame: int,
                       *,
                       layer: Union[int, str] = -1
                       ) -> Tuple[ndarray, AttentionMap]:
    """Self-attention among the queries of one frame of a video.

    Args:
        model (nn.Module): Of :func:`~ipmot_mm.apis.init_tracker`.
        source (str | Path): Video, folder of images, or sequence folder of
            MOTChallenge.
        frame (int): From 1 on; those before are tracked, too.
        layer (int | str): See :class:`AttentionRecorder`. Defaults to -1.

    Returns:
        tuple[ndarray, :obj:`AttentionMap`]: The frame, BGR, uint8, of shape
        (h, w, 3), and the attention in it.

    Raises:
        ValueError: If the video has no such frame, or there is no such layer.
    """
    recorder = AttentionRecorder(model, layer=layer)
    tracker = FrameTracker(model)
    with recorder:
        for image in islice(FrameSource(source), frame):
            recorder.clear()
            tracker.update(image)
    if tracker.num_frames < frame:
        raise ValueError(f'frame {frame} of {source} does not exist, it has '
                         f'{tracker.num_frames}; frames count from 1')
    return image, recorder.frames[0]()
