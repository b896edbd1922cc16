import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from ipmot_mm.datasets import VideoSampler
from ipmot_mm.datasets.samplers.video_sampler import balance_videos


def make(monkeypatch, lengths, rank, world_size):
    monkeypatch.setattr(
        'ipmot_mm.datasets.samplers.video_sampler.get_dist_info', lambda:
        (rank, world_size))
    dataset = SimpleNamespace(video_offsets=np.cumsum((0, ) + lengths))
    return VideoSampler(dataset, seed=1)


@pytest.mark.parametrize('world_size', [1, 2, 3, 8])
def test_ranks_have_whole_videos_in_order(monkeypatch, world_size):
    lengths = (5, 2, 9, 4, 1)
    videos = np.repeat(np.arange(5), lengths)
    everything = []
    for rank in range(world_size):
        sampler = make(monkeypatch, lengths, rank, world_size)
        indices = list(sampler)
        assert indices == sorted(indices) and len(sampler) == len(indices)
        for video in set(videos[indices]):
            assert (videos[indices] == video).sum() == lengths[video]
        everything += indices
    assert sorted(everything) == list(range(sum(lengths)))


def test_ranks_are_balanced():
    lengths = np.array([600, 1050, 837, 525, 654, 900, 750])  # MOT17 train
    best = min(
        np.bincount(ranks, lengths, minlength=3).max()
        for ranks in itertools.product(range(3), repeat=7))
    found = max(sum(lengths[videos]) for videos in balance_videos(lengths, 3))
    assert found <= (4 / 3 - 1 / 9) * best  # the bound of the greedy rule
    assert balance_videos(lengths, 8).count([]) == 1
