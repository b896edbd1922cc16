"""Which rank tests which videos."""
from typing import Iterator, List, Optional, Union

import numpy as np
from mmengine.dist import get_dist_info
from numpy import ndarray
from torch.utils.data import Sampler

from ipmot_mm.registry import DATA_SAMPLERS

from ..clip_index import ClipIndex


@DATA_SAMPLERS.register_module()
class VideoSampler(Sampler):
    """All frames in order, whole videos to one rank.

    The longest video goes first, each to the rank with the fewest frames so
    far. A rank may get none, so there may be fewer videos than ranks, which
    mmdet 3.3.0 refuses (samplers/track_img_sampler.py:94).

    Args:
        dataset (BaseClipDataset | ConcatClipDataset): With ``video_offsets``.
        num_frames (int): Frames of a sample, which the model encodes at once:
            the same tracks, but for rounding, from fewer and larger passes.
            The last sample of a video may be shorter. Defaults to 1.
        seed (int, optional): Given by the Runner to every sampler; not used.
            Defaults to None.
    """

    def __init__(self,
                 dataset,
                 *,
                 num_frames: int = 1,
                 seed: Optional[int] = None) -> None:
        if not (isinstance(num_frames, int) and num_frames > 0):
            raise ValueError(
                'VideoSampler.num_frames must be a positive integer, got '
                f'{num_frames!r}; 1 takes the frames one by one.')
        rank, world_size = get_dist_info()
        offsets = np.asarray(dataset.video_offsets)
        videos = balance_videos(np.diff(offsets), world_size)[rank]
        self.indices: List[Union[int, ClipIndex]] = [
            index if num_frames == 1 else ClipIndex(
                index, min(num_frames, end - index), interval=1)
            for begin, end in (offsets[video:video + 2].tolist()
                               for video in videos)
            for index in range(begin, end, num_frames)
        ]

    def __iter__(self) -> Iterator[Union[int, ClipIndex]]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


def balance_videos(lengths: ndarray, world_size: int) -> List[List[int]]:
    """Deal videos out so that the ranks have about as many frames.

    Args:
        lengths (ndarray): Frames of each video, has shape (num_videos, ).
        world_size (int): Number of ranks.

    Returns:
        list[list[int]]: Videos of each rank, ascending.
    """
    videos: List[List[int]] = [[] for _rank in range(world_size)]
    loads = np.zeros(world_size, dtype=np.int64)
    for video in np.argsort(-np.asarray(lengths), kind='stable').tolist():
        rank = int(loads.argmin())
        videos[rank].append(video)
        loads[rank] += lengths[video]
    return [sorted(each) for each in videos]
