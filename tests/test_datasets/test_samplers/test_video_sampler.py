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


@pytest.mark.parametrize('num_frames', [2, 4, 50])
def test_samples_of_several_frames_stay_in_their_video(num_frames):
    dataset = SimpleNamespace(video_offsets=np.array([0, 5, 7, 16]))
    sampler = VideoSampler(dataset, num_frames=num_frames)
    samples = list(sampler)
    assert len(samples) == len(sampler) == sum(
        -(-length // num_frames) for length in (5, 2, 9))
    frames = [
        each.frame_index + t for each in samples
        for t in range(each.num_frames)
    ]
    assert frames == list(range(16))  # whole, in order, none twice
    for each in samples:
        first, last = np.searchsorted(
            dataset.video_offsets,
            [each.frame_index, each.frame_index + each.num_frames - 1],
            side='right')
        assert first == last and each.interval == 1


@pytest.mark.parametrize('num_frames', [0, -2, 1.5])
def test_number_of_frames_is_checked(num_frames):
    dataset = SimpleNamespace(video_offsets=np.array([0, 5]))
    with pytest.raises(ValueError, match='VideoSampler.num_frames must be a '
                       'positive integer'):
        VideoSampler(dataset, num_frames=num_frames)
