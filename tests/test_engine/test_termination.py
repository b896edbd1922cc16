"""SIGTERM ends a training after an iteration, saved, on all ranks at once."""
import contextlib
import multiprocessing
import os
import re
import signal
import threading
import time

import pytest
import torch
import torch.multiprocessing as mp
from line_runs import NUM_SAMPLES, run
from mmengine.hooks import Hook
from torch import distributed

from ipmot_mm.engine.stop_request import StopRequest
from ipmot_mm.user_errors import TrainingTerminated

LENGTH = NUM_SAMPLES // 2  # iterations of an epoch
RARELY, NEVER = (
    dict(recovery=dict(type='RecoveryCheckpointHook', interval=interval))
    for interval in (1000, -1))


class Terminate(Hook):
    """Sends the signal in the course of an iteration, on the ranks named."""

    def __init__(self, *, iteration, ranks=(0, )):
        self.iteration = iteration
        self.ranks = ranks

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration and runner.rank in self.ranks:
            os.kill(os.getpid(), signal.SIGTERM)


def run_terminated(work_dir, iteration, ranks=(0, ), hooks=RARELY, **cfg):
    """Train until the end comes; what it says."""
    hook = Terminate(iteration=iteration, ranks=ranks)
    with pytest.raises(TrainingTerminated) as error:
        run(work_dir, custom_hooks=[hook], hooks=hooks, **cfg)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    return str(error.value)


@pytest.mark.parametrize('iteration', range(0, 3 * LENGTH, 4))
def test_goes_on_as_if_nothing_had_happened(tmp_path, iteration):
    _, straight = run(tmp_path / 'straight')
    said = run_terminated(tmp_path / 'a', iteration)
    assert said == (f'terminated after {iteration + 1} iterations; --resume '
                    f'goes on from {tmp_path}/a/recovery.pth')
    _, rest = run(tmp_path / 'a', resume=True)
    assert rest == {i: straight[i] for i in range(iteration + 1, 3 * LENGTH)}


def test_at_the_end_of_an_epoch_too(tmp_path):
    _, straight = run(tmp_path / 'straight')
    run_terminated(tmp_path / 'a', LENGTH - 1)
    runner, rest = run(tmp_path / 'a', resume=True)
    assert rest == {i: straight[i] for i in range(LENGTH, 3 * LENGTH)}
    assert (tmp_path / 'a' / 'epoch_1.pth').exists()


def test_never_saves_nothing(tmp_path):
    said = run_terminated(tmp_path, LENGTH + 1, hooks=NEVER)
    assert said.endswith(f'--resume goes on from {tmp_path}/epoch_1.pth')
    said = run_terminated(tmp_path / 'b', 1, hooks=NEVER)
    assert said.endswith('2 iterations; no checkpoint was written yet')


def test_others_who_listen_are_left_alone():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *args: heard.append(1))
    try:
        with StopRequest() as request:
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard == [1] and not request.is_due(1, is_last=False)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_no_signal_is_touched_in_a_thread():
    seen = []

    def work():
        with StopRequest() as request:
            seen.append(request.is_due(1, is_last=True))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


def wait_for_signals(what, note):
    """Work of a forked process, which says how far it came."""
    with StopRequest():
        if what == 'child':
            is_there, tell = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(tell, b'1')
                time.sleep(20)
                os._exit(0)
            os.read(is_there, 1)
            os.kill(child, signal.SIGTERM)
            note.send(os.WTERMSIG(os.waitpid(child, 0)[1]))
        elif what == 'twice':
            os.kill(os.getpid(), signal.SIGTERM)
            note.send('first')
        os.kill(os.getpid(), signal.SIGTERM)
        note.send('second')
    note.send('after')


@pytest.mark.parametrize('what, notes', [
    ('twice', ['first']), ('too late', ['second']),
    ('child', [signal.SIGTERM, 'second'])])
def test_the_signal_is_never_lost(what, notes):
    """Asked twice, after the last look, and in a process of the loader."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context('fork').Process(
        target=wait_for_signals, args=(what, there))
    process.start()
    there.close()
    process.join(30)
    assert process.exitcode == -signal.SIGTERM
    found = []
    with contextlib.suppress(EOFError):
        while True:
            found.append(here.recv())
    assert found == notes


RANKS_LENGTH = 3  # 12 samples, 2 ranks, 2 each


def _train_on_rank(rank, folder):
    torch.set_num_threads(1)
    os.environ['LOCAL_RANK'] = str(rank)  # as a launcher does
    distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    cfg = dict(launcher='pytorch', env_cfg=dict(dist_cfg=dict(backend='gloo')))
    found = {None: run(f'{folder}/straight', **cfg)[1]}
    for name, iteration, ranks in CASES:
        said = run_terminated(f'{folder}/{name}', iteration, ranks, **cfg)
        distributed.barrier()
        found[name] = (said, run(f'{folder}/{name}', resume=True, **cfg)[1])
    torch.save(found, f'{folder}/rank{rank}.pth')
    distributed.destroy_process_group()


CASES = [('one', 3, (1, )), ('both', 3, (0, 1)), ('last', 2, (1, )),
         ('next', 4, (0, ))]


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    mp.start_processes(
        _train_on_rank, (str(folder), ), nprocs=2, start_method='fork')
    return [torch.load(folder / f'rank{rank}.pth') for rank in range(2)]


@pytest.mark.parametrize('name, iteration', [case[:2] for case in CASES])
def test_ranks_end_together_and_go_on(ranks, name, iteration):
    ends = set()
    for found in ranks:
        straight, (said, rest) = found[None], found[name]
        end = int(re.search(r'after (\d+) iterations', said)[1])
        assert iteration < end <= iteration + 3
        assert rest == {i: straight[i] for i in range(end, 3 * RANKS_LENGTH)}
        ends.add(end)
    assert len(ends) == 1
