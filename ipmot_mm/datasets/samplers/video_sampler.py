"""Which rank tests which videos."""
from typing import Iterator, List, Optional

import numpy as np
from mmengine.dist import get_dist_info
from numpy import ndarray
from torch.utils.data import Sampler

from ipmot_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class VideoSampler(Sampler):
    """All frames in order, whole videos to one rank.

    The longest video goes first, each to the rank with the fewest frames so
    far. A rank may get none, so there may be fewer videos than ranks, which
    mmdet 3.3.0 refuses (samplers/track_img_sampler.py:94).

    Args:
        dataset (BaseClipDataset | ConcatClipDataset): With ``video_offsets``.
        seed (int, optional): Given by the Runner to every sampler; not used.
            Defaults to None.
    """

    def __init__(self, dataset, *, seed: Optional[int] = None) -> None:
        rank, world_size = get_dist_info()
        offsets = np.asarray(dataset.video_offsets)
        videos = balance_videos(np.diff(offsets), world_size)[rank]
        self.indices = [
            index for video in videos
            for index in range(offsets[video], offsets[video + 1])
        ]

    def __iter__(self) -> Iterator[int]:
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
