from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import DefaultSampler
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from ipmot_mm.datasets import ClipSampler
from ipmot_mm.engine.epoch_layout import EpochLayout, can_skip

NUM_CLIPS = 61


def layout(batch_size, world_size):
    num_batches = -(-NUM_CLIPS // world_size) // batch_size + 1
    return EpochLayout(NUM_CLIPS, num_batches, batch_size, world_size)


def first_clips(monkeypatch, batch_size, world_size, iterations):
    """Clips that all ranks together have seen, from the sampler itself."""
    seen = []
    for rank in range(world_size):
        monkeypatch.setattr(
            'ipmot_mm.datasets.samplers.clip_sampler.get_dist_info',
            lambda rank=rank: (rank, world_size))
        dataset = SimpleNamespace(video_offsets=np.array([0, NUM_CLIPS]))
        clips = list(ClipSampler(dataset, seed=0))
        seen += clips[:iterations * batch_size]
    return set(seen)


@pytest.mark.parametrize('old', [(1, 1), (2, 3), (1, 8), (4, 2)])
@pytest.mark.parametrize('new', [(1, 1), (3, 2), (1, 4), (4, 4)])
def test_another_layout_repeats_few_clips_and_leaves_out_none(
        monkeypatch, old, new):
    saved, now = layout(*old), layout(*new)
    for iterations in range(NUM_CLIPS // saved.total_batch_size):
        begin, repeated = now.position_of(iterations, saved)
        before = first_clips(monkeypatch, *old, iterations)
        after = first_clips(monkeypatch, *new, begin)
        assert after <= before
        assert len(before - after) == repeated < now.total_batch_size


def test_a_finished_epoch_stays_finished():
    old, new = layout(2, 3), layout(1, 4)
    assert new.position_of(old.num_batches, old) == (new.num_batches, 0)
    assert new.position_of(0, old) == (0, 0)


def test_layout_of_a_loader_survives_a_checkpoint():
    dataset = list(range(10))
    sampler = DefaultSampler(dataset, seed=5)
    found = EpochLayout.of(
        DataLoader(dataset, sampler=sampler, batch_size=3, drop_last=True))
    assert found == EpochLayout(10, 3, 3, 1, 5)
    assert EpochLayout(**found.to_dict()) == found
    batches = BatchSampler(sampler, 4, drop_last=False)
    found = EpochLayout.of(DataLoader(dataset, batch_sampler=batches))
    assert found.batch_size == 4


def test_only_orders_that_repeat_can_be_skipped():
    dataset = list(range(10))

    class Grouping(BatchSampler):
        """Looks at more than the order."""

    def loader(**kwargs):
        return DataLoader(dataset, **kwargs)

    default = DefaultSampler(dataset, seed=0)
    assert can_skip(loader(sampler=default))
    assert can_skip(loader(shuffle=False))
    assert can_skip(loader(batch_sampler=BatchSampler(default, 2, True)))
    assert not can_skip(loader(sampler=RandomSampler(dataset)))
    assert not can_skip(loader(batch_sampler=Grouping(default, 2, True)))
    assert not can_skip(loader(sampler=default, batch_size=None))
