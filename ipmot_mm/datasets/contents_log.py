"""One line of the log about each data set."""
from typing import Mapping, Sequence

import numpy as np
from mmengine.logging import print_log

from .frame_table import VideoAnnotations


def log_contents(source: str, videos: Sequence[VideoAnnotations],
                 left_out: Mapping[str, int]) -> None:
    """Log what a data set holds, and what it leaves out by rule.

    Args:
        source (str): Folder or file that it was read from.
        videos (Sequence[:obj:`VideoAnnotations`]): At least one video.
        left_out (Mapping[str, int]): Number of what is left out by its kind,
            such as 'rows of other classes'; 0 is not told.
    """
    num_frames = sum(len(video.image_names) for video in videos)
    num_objects = sum(len(video.labels) for video in videos)
    num_identities = sum(
        len(np.unique(video.instance_ids)) for video in videos)
    parts = [f'{num_frames} images']
    if num_frames > len(videos):
        parts = [f'{len(videos)} sequences', f'{num_frames} frames']
    counts = ', '.join(f'{count} {kind}' for kind, count in left_out.items()
                       if count)
    if num_objects or counts:  # a test set has neither
        parts.append(f'{num_objects} objects of {num_identities} identities')
    print_log(
        f'"{source}": {", ".join(parts)}'
        f'{f"; left out: {counts}" if counts else ""}.',
        logger='current')
