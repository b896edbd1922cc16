"""Errors of tracks that were not written to files."""
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from .frame_errors import FrameErrors, find_errors
from .scored_sequence import PEDESTRIAN, ScoredSequence
from .tracked_frame import TrackedFrame, to_sequence, write_video


def find_recorded_errors(
    records: Sequence[TrackedFrame],
    *,
    benchmark: str,
    class_id: int = PEDESTRIAN
) -> Dict[str, Tuple[ScoredSequence, FrameErrors]]:
    """What :func:`find_errors` finds, for frames as the metric keeps them.

    Args:
        records (sequence[:obj:`TrackedFrame`]): Frames of any videos. Those
            without ground truth are left out.
        benchmark (str): See :func:`find_errors`.
        class_id (int): See there. Defaults to 1, pedestrians.

    Returns:
        dict[str, tuple]: Name of each video -> the sequence and its errors.
    """
    videos: Dict[str, List[TrackedFrame]] = defaultdict(list)
    for record in records:
        if record.gt_path:
            videos[record.video_name].append(record)
    errors = {}
    with tempfile.TemporaryDirectory(suffix='_ipmot_errors') as folder:
        for name, frames in sorted(videos.items()):
            write_video(Path(folder), frames)
            sequence = to_sequence(frames)
            errors[name] = (sequence,
                            find_errors(
                                sequence,
                                folder,
                                benchmark=benchmark,
                                class_id=class_id))
    return errors
