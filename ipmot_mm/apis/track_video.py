"""Track whole videos: one, or several side by side."""
from itertools import islice
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np
from mmengine.structures import InstanceData
from torch import nn

from ipmot_mm.datasets.frame_source import FrameSource

from .frame_tracker import FrameTracker, track_clips
from .track_journal import TrackJournal

Source = Union[str, Path, int, FrameSource]


def track_video(
        tracker: FrameTracker,
        source: Source,
        look_ahead: int = 1,
        journal: Optional[TrackJournal] = None
) -> Iterator[Tuple[np.ndarray, InstanceData]]:
    """Track a whole input.

    Args:
        tracker (FrameTracker): The tracker; it is reset first.
        source (str | Path | int | FrameSource): Video, folder, camera or
            stream.
        look_ahead (int): Frames that are read and encoded together:
            the same tracks, but for rounding, from fewer and larger passes.
            Of a camera, the tracks come later by as many frames. Defaults to
            1.
        journal (TrackJournal, optional): Lets the run go on after it was
            killed; its first frames then come from the journal. It is for
            the caller to remove once the output is complete. Defaults to
            None.

    Yields:
        tuple: The frame, BGR, uint8, of shape (h, w, 3), and its tracks as
        :meth:`FrameTracker.update` gives them.
    """
    _check_look_ahead(look_ahead)
    source = _open(source)
    frames = iter(source)
    tracker.reset()
    if journal is None:
        while clip := list(islice(frames, look_ahead)):
            yield from zip(clip, tracker.update_clip(clip))
        return
    known = journal.begin(tracker, source, look_ahead)
    # Known tracks first: the other way round a frame would be lost.
    for tracks, frame in zip(known, frames):
        yield frame, tracks
    is_consistent = True
    try:
        while clip := list(islice(frames, look_ahead)):
            is_consistent = False
            found = tracker.update_clip(clip)
            journal.append(found, tracker)
            is_consistent = True
            yield from zip(clip, found)
    finally:
        if is_consistent:
            journal.save(tracker)
        journal.close()


def track_videos(
    model: nn.Module,
    sources: Sequence[Source],
    look_ahead: int = 1
) -> Iterator[Tuple[int, np.ndarray, InstanceData]]:
    """Track several videos side by side.

    Videos of one frame size share each forward pass; where sizes differ, each
    size has its own. The tracks of a video are those of :func:`track_video`,
    but for rounding.

    Args:
        model (nn.Module): Of :func:`init_tracker`.
        sources (sequence[str | Path | int | FrameSource]): The videos. As
            many frames times ``look_ahead`` are in memory at once.
        look_ahead (int): As of :func:`track_video`. Defaults to 1.

    Yields:
        tuple: Position of the video in ``sources``, and frame and tracks as
        of :func:`track_video`; the frames of a video come in order.
    """
    _check_look_ahead(look_ahead)
    frames = {i: iter(_open(source)) for i, source in enumerate(sources)}
    trackers = [FrameTracker(model) for _source in sources]
    while frames:
        clips = {i: list(islice(frames[i], look_ahead)) for i in frames}
        frames = {i: frames[i] for i, clip in clips.items() if clip}
        for videos in _group(clips):
            found = track_clips([trackers[i] for i in videos],
                                [clips[i] for i in videos])
            for i, tracks in zip(videos, found):
                for frame, instances in zip(clips[i], tracks):
                    yield i, frame, instances


def _group(clips: Dict[int, List[np.ndarray]]) -> List[List[int]]:
    """Videos whose clips fit into one tensor; empty clips in none."""
    groups: Dict[Tuple[int, ...], List[int]] = {}
    for i, clip in clips.items():
        if clip:
            groups.setdefault((len(clip), *clip[0].shape), []).append(i)
    return list(groups.values())


def _open(source: Source) -> FrameSource:
    return source if isinstance(source, FrameSource) else FrameSource(source)


def _check_look_ahead(look_ahead: int) -> None:
    if not (isinstance(look_ahead, int) and look_ahead > 0):
        raise ValueError(
            f'look_ahead must be a positive integer, got {look_ahead!r}; 1 '
            'takes the frames one by one.')
