from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from ipmot_mm.datasets import ClipSampler, MOTClipDataset
from ipmot_mm.registry import DATA_SAMPLERS

LENGTHS = (1, 40, 3, 17)


def fake_dataset(lengths=LENGTHS):
    return SimpleNamespace(video_offsets=np.cumsum((0, ) + lengths))


def make(monkeypatch=None, rank=0, world_size=1, **kwargs):
    if monkeypatch is not None:
        monkeypatch.setattr(
            'ipmot_mm.datasets.samplers.clip_sampler.get_dist_info', lambda:
            (rank, world_size))
    return ClipSampler(fake_dataset(), **{'seed': 3, **kwargs})


@pytest.mark.parametrize('num_frames', [1, 2, 5])
def test_clips_never_cross_a_video(num_frames):
    videos = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    ends = np.cumsum(LENGTHS) - 1
    sampler = make(num_frames=num_frames)
    seen = set()
    for epoch in range(50):
        sampler.set_epoch(epoch)
        for start, count, interval, _seed in sampler:
            video = videos[start]
            assert count == num_frames and 1 <= interval <= 10
            seen.add(interval)
            if LENGTHS[video] >= num_frames:
                assert start + (count - 1) * interval <= ends[video]
            else:  # starts with the video, its last frame is repeated
                assert interval == 1
                assert start == ends[video] - LENGTHS[video] + 1
    if num_frames > 1:
        assert max(seen) == min(10, (40 - 1) // (num_frames - 1))


def test_every_frame_starts_a_clip_or_is_moved_back():
    starts = Counter(index.frame_index for index in make(num_frames=4))
    expected = Counter()
    for first, length in zip(np.cumsum((0, ) + LENGTHS), LENGTHS):
        for frame in range(length):
            expected[first + min(frame, max(length - 4, 0))] += 1
    assert starts == expected


def test_interval_is_the_smaller_of_drawn_and_fitting():
    # MeMOTR: min(randint(1..10), (t_max - t) // (L - 1)), uniform where free
    counts = Counter()
    sampler = ClipSampler(fake_dataset((4000, )), num_frames=3, seed=0)
    for start, _count, interval, _seed in sampler:
        assert interval <= max((3999 - start) // 2, 1)
        counts[interval] += 1
    assert set(counts) == set(range(1, 11))
    assert max(counts.values()) / min(counts.values()) < 1.4


def test_length_does_not_depend_on_the_clip_length():
    sampler = make(num_frames=2)
    for num_frames in (2, 3, 5):
        sampler.set_num_frames(num_frames)
        assert len(list(sampler)) == len(sampler) == sum(LENGTHS)


def test_epochs_differ_and_repeat():
    sampler = make()
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert first != second
    resumed = make()
    resumed.set_epoch(1)
    assert list(resumed) == second
    assert list(make(seed=4)) != first
    assert len({index.seed for index in first}) == len(first)


@pytest.mark.parametrize('round_up', [True, False])
def test_ranks_share_the_clips(monkeypatch, round_up):
    whole = list(make())
    ranks = [
        list(make(monkeypatch, rank, 4, round_up=round_up))
        for rank in range(4)
    ]
    if round_up:
        whole += whole[:3]
    joined = [ranks[k % 4][k // 4] for k in range(len(whole))]
    assert joined == whole
    lengths = [len(rank) for rank in ranks]
    assert lengths == ([16] * 4 if round_up else [16, 15, 15, 15])
    assert lengths[3] == len(make(monkeypatch, 3, 4, round_up=round_up))


def test_without_shuffle_frames_are_in_order():
    starts = [index.frame_index for index in make(num_frames=1, shuffle=False)]
    assert starts == list(range(sum(LENGTHS)))


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match='max_interval .* at least 1, got 0'):
        make(max_interval=0)
    with pytest.raises(ValueError, match='num_frames .* at least 1, got 0'):
        make(num_frames=0)


def epochs_of(loader):
    """Batches of two epochs, the second one with longer clips."""
    found = []
    for epoch, num_frames in enumerate((2, 3)):
        loader.sampler.set_epoch(epoch)
        loader.sampler.set_num_frames(num_frames)
        found += [batch['inputs'] for batch in loader]
    return found


def test_two_workers_give_the_batches_of_none(make_sequence, tmp_path):
    make_sequence('A', 6)
    dataset = MOTClipDataset(
        data_root=str(tmp_path),
        dataset_name='toy',
        pipeline=[
            dict(type='LoadClipImages'),
            dict(type='ClipRandomFlip'),
            dict(type='ClipRandomCrop', min_size=20, max_size=40),
            dict(type='ClipHSV'),
            dict(type='PackClipInputs')
        ])
    batches = []
    for num_workers in (0, 2):
        sampler = DATA_SAMPLERS.build(
            dict(type='ClipSampler'),
            default_args=dict(dataset=dataset, seed=1))
        batches.append(
            epochs_of(
                DataLoader(
                    dataset,
                    sampler=sampler,
                    num_workers=num_workers,
                    persistent_workers=num_workers > 0,
                    collate_fn=lambda samples: samples[0])))
    assert [len(clip) for clip in batches[1]] == [2] * 6 + [3] * 6
    assert all(map(torch.equal, *batches))
