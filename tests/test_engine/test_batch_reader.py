"""Workers are killed for real; what is read must not show it."""
import multiprocessing
import os
import signal
import time

import pytest
from mmengine.dataset import DefaultSampler
from torch.utils.data import BatchSampler, DataLoader, Dataset

from ipmot_mm.datasets.mot_text import read_mot_table
from ipmot_mm.engine.loops.batch_reader import BatchReader

SIZE, BATCH = 24, 2
WORKERS = [
    dict(num_workers=2, persistent_workers=True),
    dict(num_workers=2, prefetch_factor=1)
]


class Numbers(Dataset):
    """Gives its indices; one of them may be deadly.

    Args:
        deadly (int, optional): Whoever loads it is killed.
        once (Path, optional): Written by the first, so that the next lives.
        error (callable, optional): Called instead of killing.
    """

    def __init__(self, deadly=None, once=None, error=None):
        self.deadly, self.once, self.error = deadly, once, error
        self.asked = []

    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        self.asked.append(index)
        if index == self.deadly:
            if self.error is not None:
                self.error()
            elif self.once is None or not self.once.exists():
                if self.once is not None:
                    self.once.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return index


def make_loader(dataset=None, **kwargs):
    dataset = dataset or Numbers()
    sampler = DefaultSampler(dataset, seed=3)
    return DataLoader(
        dataset, **{'sampler': sampler, 'batch_size': BATCH,
                    'collate_fn': list, **kwargs})


EXPECTED = list(enumerate(make_loader()))


def read(loader, begin=0):
    with BatchReader(loader) as reader:
        return list(reader.read(begin))


def kill_a_worker():
    """And give torch's signal handler time to run, in the middle of what a
    train step would be. (Not join: it would take the signal's news.)"""
    worker = multiprocessing.active_children()[0]
    os.kill(worker.pid, signal.SIGKILL)
    deadline = time.time() + 0.3
    while time.time() < deadline:
        pass


@pytest.mark.parametrize('begin', [0, 1, 7, 12])
@pytest.mark.parametrize('kwargs', [{}, WORKERS[0]])
def test_an_epoch_begins_anywhere_and_the_next_at_its_start(begin, kwargs):
    loader = make_loader(**kwargs)
    assert read(loader, begin) == EXPECTED[begin:]
    skipped = {index for _i, batch in EXPECTED[:begin] for index in batch}
    assert not skipped & set(loader.dataset.asked)
    loader.sampler.set_epoch(1)
    second = read(loader)
    assert second != EXPECTED and len(second) == len(EXPECTED)


@pytest.mark.parametrize('kwargs', WORKERS)
def test_a_worker_killed_during_a_step_is_not_noticed_there(kwargs, caplog):
    loader = make_loader(**kwargs)
    with BatchReader(loader) as reader:
        found = []
        for index, batch in reader.read(2):
            found.append((index, batch))
            if index in (4, 7):
                kill_a_worker()  # an error here would be that of the step
        found += reader.read()
    assert found == EXPECTED[2:] + EXPECTED


def test_a_lock_that_the_killed_worker_held_blocks_nobody():
    def give_up(_number, _frame):
        raise TimeoutError('the reader waits for a lock of a dead worker')

    loader, found = make_loader(**WORKERS[0]), []
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    try:
        with BatchReader(loader) as reader:
            for index, batch in reader.read():
                found.append((index, batch))
                if index == 4:
                    # as a worker that is killed while it looks at the event
                    loader._iterator._workers_done_event._cond.acquire()
                    kill_a_worker()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert found == EXPECTED


def test_a_worker_killed_while_it_loads_is_replaced(tmp_path, caplog):
    deadly = EXPECTED[5][1][1]
    dataset = Numbers(deadly, tmp_path / 'once')
    with caplog.at_level('WARNING'):
        found = read(make_loader(dataset, **WORKERS[0]))
    assert found == EXPECTED


def test_workers_that_die_again_and_again_end_the_training(monkeypatch):
    logged = []
    monkeypatch.setattr('ipmot_mm.engine.loops.batch_reader.print_log',
                        lambda line, **_kwargs: logged.append(line))
    deadly = EXPECTED[5][1][0]
    message = (r'\(pid.*, 3 times in a row before batch \d of the epoch'
               '.* train_dataloader.num_workers=0')
    found = []
    with pytest.raises(ValueError, match=message):
        with BatchReader(make_loader(Numbers(deadly), **WORKERS[0])) as reader:
            for row in reader.read():
                found.append(row)
    # workers load ahead, so they may die before
    assert len(found) <= 5 and found == EXPECTED[:len(found)]
    assert len(logged) >= 2
    assert all('workers are started again at batch' in line
               for line in logged)


def user_error():
    read_mot_table('nowhere/gt.txt')


def library_error():
    int('x')


@pytest.mark.parametrize('kwargs', [{}, WORKERS[0]])
def test_a_message_to_the_user_arrives_as_it_left(kwargs, monkeypatch):
    loader = make_loader(Numbers(4, error=user_error), **kwargs)
    with pytest.raises(FileNotFoundError) as caught:
        read(loader)
    with pytest.raises(FileNotFoundError) as direct:
        user_error()
    assert str(caught.value) == str(direct.value)


def test_another_error_keeps_the_traceback_of_the_worker():
    loader = make_loader(Numbers(4, error=library_error), **WORKERS[0])
    with pytest.raises(ValueError, match='(?s)Traceback.*in library_error'):
        read(loader)


def no_next():
    next(iter(()))


@pytest.mark.parametrize('kwargs', [{}, WORKERS[0]])
def test_an_epoch_that_ends_early_is_not_taken_for_a_whole_one(kwargs):
    """Elsewhere it ends the epoch without a word."""
    deadly = EXPECTED[5][1][1]
    loader = make_loader(Numbers(deadly, error=no_next), **kwargs)
    with pytest.raises(ValueError, match='train_dataloader ended after 5 of '
                       '12 batches; correct __len__ of its sampler'):
        read(loader)


def test_an_order_that_cannot_be_skipped_is_read_and_dropped():

    class Grouping(BatchSampler):
        pass

    sampler = DefaultSampler(Numbers(), seed=3)
    loader = DataLoader(
        Numbers(),
        batch_sampler=Grouping(sampler, BATCH, False),
        collate_fn=list,
        num_workers=2)
    with BatchReader(loader) as reader:
        found = []
        for row in reader.read():
            found.append(row)
            if row[0] == 5:
                kill_a_worker()
    assert found == EXPECTED


def test_the_signal_handler_of_torch_is_put_back():
    read(make_loader(num_workers=1))  # torch installs its own, once
    before = signal.getsignal(signal.SIGCHLD)
    with BatchReader(make_loader(num_workers=1)) as reader:
        rows = reader.read()
        next(rows)
        assert signal.getsignal(signal.SIGCHLD) != before
    assert signal.getsignal(signal.SIGCHLD) == before
