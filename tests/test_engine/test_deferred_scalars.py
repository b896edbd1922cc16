"""Histories are those of mmengine, whatever is still on the device."""
import copy
import pickle

import numpy as np
import pytest
import torch
from line_training import on_two_ranks
from mmengine.logging import HistoryBuffer, MessageHub

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.engine import deferred_scalars
from ipmot_mm.engine.deferred_scalars import (DeferredHistory, defer_histories,
                                              defer_scalars)

COUNTER = iter(range(10**6))


def make_hub():
    return MessageHub.get_instance(f'deferred-{next(COUNTER)}')


def random_iterations(num=120):
    """What iterations log: keys come late, are left out, change their kind."""
    generator = torch.Generator().manual_seed(3)
    for index in range(num):
        values = torch.rand(20, generator=generator)
        log = {f'train/loss_{i}': values[i] for i in range(18)}
        log['train/half'] = values[18].bfloat16()
        log['train/shaped'] = values[19:]
        log['train/host'] = index if index < 60 else index + .5
        log['train/mixed'] = values[0] if index % 3 else 1.25
        if index > 30:
            log['train/num_skipped'] = torch.tensor(index)
        if index % 7 == 0:
            log = {'train/num_skipped': torch.tensor(-1)}
        yield log


def assert_same_hub(hub, expected):
    assert list(hub.log_scalars) == list(expected.log_scalars)
    for key, history in expected.log_scalars.items():
        for got, wanted in zip(hub.get_scalar(key).data, history.data):
            assert got.dtype == wanted.dtype, key
            assert got.tolist() == wanted.tolist(), key


@pytest.mark.parametrize('read_every', (1, 10, 50, 10**6))
@pytest.mark.parametrize('limit', (3, 1000))
def test_histories_equal_those_of_mmengine(read_every, limit, monkeypatch):
    monkeypatch.setattr(deferred_scalars, 'MAX_WAITING', limit)
    hub, expected = make_hub(), make_hub()
    for index, log in enumerate(random_iterations()):
        defer_scalars(hub, log)
        for key, value in log.items():
            expected.update_scalar(key, value)
        if index % read_every == read_every - 1:
            for key, history in expected.log_scalars.items():
                read = hub.get_scalar(key)
                assert read.current() == history.current()
                assert read.mean(50) == history.mean(50)
                assert read.statistics('max', 10) == history.max(10)
                assert read.min() == history.min()
    assert_same_hub(hub, expected)


def test_nothing_waits_until_one_history_is_read() -> None:
    hub = make_hub()
    logs = [{f'train/loss_{i}': torch.rand(()) for i in range(18)}
            for _ in range(50)]

    def log_all():
        for log in logs:
            defer_scalars(hub, log)

    assert count_ops(log_all).syncs == 0
    reading = count_ops(lambda: hub.get_scalar('train/loss_3').mean(50))
    assert reading.syncs == 1
    assert count_ops(hub.state_dict).syncs == 0  # all came together


def test_values_of_another_device_are_not_read() -> None:
    """Whatever reads a meta tensor raises."""
    hub = make_hub()
    for _ in range(3):
        defer_scalars(hub, {'train/loss': torch.zeros((), device='meta')})
    with pytest.raises((NotImplementedError, RuntimeError)):
        hub.get_scalar('train/loss').current()


def test_a_value_is_that_of_its_iteration_and_holds_no_graph() -> None:
    hub = make_hub()
    weight = torch.ones((), requires_grad=True)
    average = torch.zeros(())
    for index in range(3):
        average += 1  # the same memory in every iteration
        defer_scalars(hub, {'train/a': average, 'train/b': weight * index})
    packs = deferred_scalars._waiting_of_hub[hub]._packs
    assert not any(pack.values.requires_grad for pack in packs)
    assert hub.get_scalar('train/a').data[0].tolist() == [1, 2, 3]
    assert hub.get_scalar('train/b').data[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize('copied', (
    copy.deepcopy, lambda history: pickle.loads(pickle.dumps(history))))
def test_copies_are_plain_histories(copied) -> None:
    hub = make_hub()
    for value in (1., 2.):
        defer_scalars(hub, {'train/loss': torch.tensor(value)})
    history = copied(hub.get_scalar('train/loss'))
    assert type(history) is HistoryBuffer
    assert history.data[0].tolist() == [1, 2]
    defer_scalars(hub, {'train/loss': torch.tensor(3.)})
    assert history.data[0].tolist() == [1, 2]


def test_a_loaded_history_goes_on() -> None:
    hub, expected = make_hub(), make_hub()
    logs = list(random_iterations(30))
    for log in logs[:20]:
        for key, value in log.items():
            expected.update_scalar(key, value)
    hub.load_state_dict(expected.state_dict())
    defer_histories(hub)
    for log in logs[20:]:
        defer_scalars(hub, log)
        for key, value in log.items():
            expected.update_scalar(key, value)
    assert all(
        isinstance(history, DeferredHistory)
        for history in hub.log_scalars.values())
    assert_same_hub(hub, expected)


def test_only_the_last_values_are_kept() -> None:
    hub = make_hub()
    hub.log_scalars['train/loss'] = HistoryBuffer([0.], [1], max_length=3)
    for value in range(5):
        defer_scalars(hub, {'train/loss': torch.tensor(float(value))})
    assert hub.get_scalar('train/loss').data[0].tolist() == [2, 3, 4]
    assert len(hub.get_scalar('train/loss').data[1]) == 3


def test_errors_name_what_is_wrong() -> None:
    hub = make_hub()
    with pytest.raises(ValueError, match=r'train/x has shape \(2,\), but a '
                       'value to log is a number or a tensor of one element'):
        defer_scalars(hub, {'train/x': torch.zeros(2)})
    defer_scalars(hub, {'train/y': torch.zeros(())})
    with pytest.raises(TypeError, match='must be int or float, got ndarray'):
        hub.get_scalar('train/y').update(np.zeros(2))


def log_on_rank(rank, folder):
    hub = make_hub()
    for step in range(4):
        defer_scalars(
            hub, {
                'train/loss': torch.tensor(float(step + 10 * rank)),
                'train/half': torch.tensor(1. + rank).bfloat16(),
                'train/num_skipped': torch.tensor(step)
            },
            over_ranks=True)
        defer_scalars(hub, {'train/grad_norm': torch.tensor(rank + 1.)})
    if rank == 1:  # a rank may read more often than the others
        hub.get_scalar('train/loss').current()
    values = {key: history.data[0].tolist()
              for key, history in hub.log_scalars.items()}
    torch.save(values, folder / f'{rank}.pth')


def test_values_of_two_ranks_are_averaged(tmp_path) -> None:
    assert on_two_ranks(tmp_path,
                        lambda rank: log_on_rank(rank, tmp_path)) == [0, 0]
    for rank in range(2):
        values = torch.load(tmp_path / f'{rank}.pth')
        assert values['train/loss'] == [5, 6, 7, 8]
        assert values['train/half'] == [1.5] * 4
        assert values['train/num_skipped'] == [0, 1, 2, 3]
        assert values['train/grad_norm'] == [rank + 1] * 4  # not asked for
