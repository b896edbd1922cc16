"""Which clips an epoch of training consists of."""
from typing import Iterator, Optional

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from ipmot_mm.registry import DATA_SAMPLERS

from ..clip_index import ClipIndex, fit_into_videos

MAX_SEED = 2**32
"""numpy.random.seed takes 32 bits."""


@DATA_SAMPLERS.register_module()
class ClipSampler(Sampler):
    """One clip for every frame of the dataset, dealt out over the ranks.

    The interval of a clip is min(U{1..max_interval}, what fits before the end
    of the video) and constant within the clip (paper, Section 4.2: "a random
    interval between 1 to 10"; MCG-NJU/MeMOTR @7de13f4
    data/mot17.py:157-173). A frame too near the end to start a clip is moved
    back until the clip fits, where the reference drops it: so an epoch is as
    long for any clip length, which mmengine's schedulers need. A clip never
    crosses a video; a video shorter than the clip repeats its last frame.

    Order, intervals and the seeds of the augmentation depend on seed and
    epoch alone: an epoch repeats after a resume, with any number of workers.

    Args:
        dataset (BaseClipDataset | ConcatClipDataset): With ``video_offsets``.
        num_frames (int): Clip length T at the start; :obj:`ClipLengthHook`
            may change it. Defaults to 2.
        max_interval (int): Largest interval in frames. Defaults to 10.
        shuffle (bool): Whether to shuffle the clips. Defaults to True.
        seed (int, optional): Seed, the same on all ranks. Defaults to None,
            for one that the ranks agree on.
        round_up (bool): Whether to repeat a few clips so that all ranks get
            as many. Defaults to True.

    Raises:
        ValueError: If a count is not positive.
    """

    def __init__(self,
                 dataset,
                 *,
                 num_frames: int = 2,
                 max_interval: int = 10,
                 shuffle: bool = True,
                 seed: Optional[int] = None,
                 round_up: bool = True) -> None:
        if max_interval < 1:
            raise ValueError('max_interval of ClipSampler must be at least 1, '
                             f'got {max_interval}.')
        self.rank, self.world_size = get_dist_info()
        self.max_interval = max_interval
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.round_up = round_up
        self.epoch = 0
        self.set_num_frames(num_frames)
        offsets = np.asarray(dataset.video_offsets)
        lengths = np.diff(offsets)
        # First and last frame of the video of every frame, (num_frames, )
        self._firsts = np.repeat(offsets[:-1], lengths)
        self._lasts = np.repeat(offsets[1:] - 1, lengths)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, which decides order, intervals and seeds."""
        self.epoch = epoch

    def set_num_frames(self, num_frames: int) -> None:
        """Choose the clip length, valid from the next iterator on."""
        if num_frames < 1:
            raise ValueError('num_frames of ClipSampler must be at least 1, '
                             f'got {num_frames}.')
        self.num_frames = num_frames

    def __iter__(self) -> Iterator[ClipIndex]:
        size = len(self._firsts)
        random = np.random.default_rng((self.seed, self.epoch))
        order = random.permutation(size) if self.shuffle else np.arange(size)
        wanted = random.integers(1, self.max_interval, size, endpoint=True)
        seeds = random.integers(MAX_SEED, size=size)

        num_frames = self.num_frames
        starts, intervals = fit_into_videos(
            order,
            self._firsts[order],
            self._lasts[order],
            num_frames=num_frames,
            intervals=wanted)
        for position in range(self.rank, self._total, self.world_size):
            place = position % size
            yield ClipIndex(
                int(starts[place]), num_frames, int(intervals[place]),
                int(seeds[place]))

    @property
    def _total(self) -> int:
        """Clips of all ranks."""
        size = len(self._firsts)
        if not self.round_up:
            return size
        return -(-size // self.world_size) * self.world_size

    def __len__(self) -> int:
        return len(range(self.rank, self._total, self.world_size))
