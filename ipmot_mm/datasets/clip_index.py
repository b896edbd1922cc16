"""What a clip sampler asks a clip dataset for."""
from contextlib import contextmanager
from typing import Iterator, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy import ndarray


class ClipIndex(NamedTuple):
    """One clip: where it starts, how long it is, how far its frames are apart.

    A sampler emits it, so clip length and interval are decided in the main
    process: persistent workers need not be told that the schedule moved on,
    and all clips of a batch have one length.

    Attributes:
        frame_index (int): First frame, counted over all videos of the
            dataset.
        num_frames (int): Number of frames T.
        interval (int): Distance of neighbours in frames, at least 1.
        seed (int, optional): Seed of the augmentation of this clip. With it a
            clip comes out the same for any number of workers and after a
            resume. None leaves numpy's random state as it is.
    """
    frame_index: int
    num_frames: int
    interval: int
    seed: Optional[int] = None


def fit_into_videos(frames: ndarray, firsts: ndarray, lasts: ndarray, *,
                    num_frames: int,
                    intervals: Union[ndarray, int]) -> Tuple[ndarray, ndarray]:
    """Move clips back and their frames together until they fit.

    A video shorter than its clip is begun at its first frame, at interval 1.

    Args:
        frames (ndarray): Where the clips would begin, has shape (num_clips, ).
        firsts (ndarray): First frames of their videos, has shape
            (num_clips, ).
        lasts (ndarray): Last frames of their videos, has shape (num_clips, ).
        num_frames (int): Length of all clips.
        intervals (ndarray | int): Wanted, at least 1, has shape
            (num_clips, ).

    Returns:
        tuple[ndarray, ndarray]: First frames and intervals, each has shape
        (num_clips, ).
    """
    reach = num_frames - 1
    starts = np.maximum(np.minimum(frames, lasts - reach), firsts)
    fitting = (lasts - starts) // max(reach, 1)
    return starts, np.minimum(intervals, np.maximum(fitting, 1))


@contextmanager
def numpy_seed(seed: Optional[int]) -> Iterator[None]:
    """Draw from numpy's global state as seeded, then put it back.

    The transforms of OpenMMLab draw from the global state, so that is what
    has to be seeded for them to repeat.

    Args:
        seed (int, optional): The seed. None does nothing.
    """
    if seed is None:
        yield
        return
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
