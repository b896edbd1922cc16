"""What a training does about images that it cannot read."""
import logging
from typing import Iterator, Set

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from .clip_index import ClipIndex, fit_into_videos

MAX_DRAWS = 100
"""Stand-ins for one clip; if so many fail, most of the data set does."""


class UnreadableImageError(ValueError):
    """An image file cannot be read, or is no whole image.

    Made from its message alone, so that a worker can hand it on.
    """


class MissingImageError(UnreadableImageError, FileNotFoundError):
    """An image file is gone."""


class UnreadableImages:
    """Image files that this process could not read, up to a limit.

    Each is named once, as an error: the loggers of further ranks are silent
    below.

    Args:
        max_files (int): Files that may be unreadable; 0 refuses the first.

    Raises:
        ValueError: If ``max_files`` is negative.
    """

    def __init__(self, max_files: int) -> None:
        if max_files < 0:
            raise ValueError(
                'max_unreadable of a clip dataset must be 0 or more, got '
                f'{max_files}; 0 ends a training at the first image that '
                'cannot be read')
        self.max_files = max_files
        self._named: Set[str] = set()

    def add(self, error: UnreadableImageError) -> None:
        """Name a file, or give up.

        Args:
            error (:obj:`UnreadableImageError`): What reading it said.

        Raises:
            UnreadableImageError: If there are more than ``max_files``.
        """
        message = str(error)
        if message in self._named:
            return
        self._named.add(message)
        if len(self._named) > self.max_files:
            raise UnreadableImageError(
                f'{message} Training stops: this is unreadable image '
                f'{len(self._named)} of one process, max_unreadable of the '
                f'dataset is {self.max_files}.') from None
        print_log(
            f'{message} Training goes on, other clips stand in for those '
            'that show it.',
            logger='current',
            level=logging.ERROR)


def stand_ins(clip: ClipIndex, video_offsets: ndarray) -> Iterator[ClipIndex]:
    """Clips to take instead of one, drawn from all frames.

    They depend on the clip alone, so that they are the same in any worker
    and after a resume. Length and seed are those of the clip, and so is the
    interval, as far as the video is long enough. Where a clip does not fit it
    is moved back, as :obj:`ClipSampler` does.

    Args:
        clip (:obj:`ClipIndex`): Without a seed, its frame serves as one.
        video_offsets (ndarray): First frame of each video and, at the end,
            the number of frames, has shape (num_videos + 1, ).

    Yields:
        :obj:`ClipIndex`: ``MAX_DRAWS`` clips.
    """
    random = np.random.default_rng(
        clip.frame_index if clip.seed is None else clip.seed)
    frames = random.integers(video_offsets[-1], size=MAX_DRAWS)
    videos = np.searchsorted(video_offsets, frames, side='right') - 1
    starts, intervals = fit_into_videos(
        frames,
        video_offsets[videos],
        video_offsets[videos + 1] - 1,
        num_frames=clip.num_frames,
        intervals=clip.interval)
    for start, interval in zip(starts.tolist(), intervals.tolist()):
        yield clip._replace(frame_index=start, interval=interval)
