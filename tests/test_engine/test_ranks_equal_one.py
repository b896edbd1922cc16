"""20 steps on 2 and 4 processes equal those of one with all the clips.

In double precision. In float32, Adam divides the rounding noise of gradients
that are zero in theory by its own size, so that weights without any influence
walk by the learning rate into a random direction: that says nothing about
ranks. The last test shows what float32 does without Adam. The norms of the
shrunk model keep their statistics, as those of the shipped ResNet do; in
training mode they would be those of a micro-batch.
"""
import pytest
import torch
from rank_samples import (COUNTS, NUM_CLIPS, Training, make_batch, train,
                          train_on_ranks)

ALL = tuple(range(20))


@pytest.fixture(scope='module')
def one():
    """One process, four clips at once."""
    return train(Training(ALL))


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """``{name: results of its ranks}``."""
    folder = tmp_path_factory.mktemp('ranks')
    return dict(
        micro=[train(Training(ALL, micro_batch_size=1))],
        **train_on_ranks(4, folder / 'four', four=Training(ALL)),
        **train_on_ranks(
            2,
            folder / 'two',
            two=Training(ALL),
            two_micro=Training(ALL, first_micro_batch_size=1),
            single=Training(ALL[:4], is_double=False, optim='SGD')))


# In "two_micro" one rank alone has micro-batches: nobody waits for anybody.
NAMES = ['micro', 'four', 'two', 'two_micro']


def test_the_steps_are_as_hard_as_they_should_be():
    assert COUNTS.shape == (20, NUM_CLIPS)
    assert (COUNTS.reshape(20, 2, 2).sum(2) == 0).any(1).sum() >= 3
    assert (COUNTS == 0).all(1).sum() == 1
    assert len({tuple(counts) for counts in COUNTS.tolist()}) > 15


@pytest.mark.parametrize('name', NAMES)
def test_losses_of_every_step(one, runs, name):
    for step, expected in enumerate(one['logs']):
        ranks = [result['logs'][step] for result in runs[name]]
        assert all(logs.keys() == expected.keys() for logs in ranks)
        assert ('track_book_loss' in expected) == (step != 7)
        for key, value in expected.items():
            mean = sum(logs[key] for logs in ranks) / len(ranks)
            assert mean == pytest.approx(value, abs=1e-5, rel=1e-5), (step,
                                                                      key)


@pytest.mark.parametrize('name', NAMES)
def test_weights_and_rows_of_every_step(one, runs, name):
    for part in ('weights', 'rows'):
        for step, expected in enumerate(one[part]):
            for result in runs[name]:
                difference = (result[part][step] - expected).abs().max()
                assert difference < 1e-5, f'{part} after step {step}'
    assert not torch.equal(one['weights'][0], one['weights'][-1])


@pytest.mark.parametrize('name', NAMES[1:])
def test_ranks_are_bit_identical(runs, name):
    first, *others = runs[name]
    for other in others:
        for part in ('weights', 'rows'):
            for step in ALL:
                assert torch.equal(first[part][step], other[part][step])


@pytest.mark.parametrize('name', NAMES)
def test_rows_of_absent_identities_stay_bit_identical(runs, name):
    for result in runs[name]:
        before = result['start']
        for step, after in enumerate(result['rows']):
            present = {
                int(identity)
                for clip in make_batch(step)['data_samples']
                for frame in clip.video_data_samples
                for identity in frame.gt_instances.identities
            }
            changed = (before != after).any(1).nonzero().flatten().tolist()
            assert set(changed) == present, step
            before = after
        assert torch.equal(before[7:], result['start'][7:])


def test_float32_without_adam(runs):
    expected = train(Training(ALL[:4], is_double=False, optim='SGD'))
    for result in runs['single']:
        for part in ('weights', 'rows'):
            difference = result[part][-1] - expected[part][-1]
            assert difference.abs().max() < 1e-5, part
    assert not torch.equal(expected['weights'][0], expected['weights'][-1])
