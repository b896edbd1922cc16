"""Two ranks of a command: how they meet, end together, and fail.

Forked from this process, which has imported everything; the scripts that
start real ones are in ``test_tools/test_launch_scripts.py``.
"""
import multiprocessing
import os
import signal
import socket
import sys
import time

import mmengine.dist
import pytest
import torch

from ipmot_mm import cli, user_errors
from ipmot_mm.user_errors import FAILURE, INTERRUPTED, USER_ERROR, CommandError

pytestmark = pytest.mark.skipif(
    torch.cuda.is_available() or not hasattr(os, 'fork'),
    reason='forks, and lets the ranks meet over gloo')


def as_rank(rank, port, folder, work, timeout):
    """Be a rank of a training that consists of ``work``."""
    sys.stderr = open(folder / f'{rank}.err', 'w', encoding='utf-8')
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2',
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    user_errors.PATIENCE = 0.1

    def train(argv):
        mmengine.dist.init_dist('pytorch', timeout=timeout)
        assert mmengine.dist.get_backend() == 'gloo'
        work(rank, folder)

    cli.COMMANDS['train'] = train
    raise SystemExit(cli.run('train', []))


@pytest.fixture
def run_ranks(tmp_path):
    """``run_ranks(work)``: exit codes and standard errors of two ranks."""

    def run(work, timeout=60):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        ranks = [
            multiprocessing.get_context('fork').Process(
                target=as_rank, args=(rank, port, tmp_path, work, timeout))
            for rank in range(2)
        ]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join(30)
            process.kill()  # fails the test by its exit code
            process.join()
        return ([process.exitcode for process in ranks],
                [(tmp_path / f'{rank}.err').read_text() for rank in range(2)])

    return run


def add_up(rank):
    total = torch.tensor([1.0 + rank])
    mmengine.dist.all_reduce(total)
    return total.item()


def test_a_rank_that_lags_changes_nothing(run_ranks, tmp_path):
    """Nor does the other end before it."""

    def work(rank, folder):
        time.sleep(rank)
        (folder / f'{rank}.sum').write_text(str(add_up(rank)))
        time.sleep(rank)
        (folder / f'{rank}.end').touch()

    leave = cli.leave_process_group
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, 'leave_process_group',
                      lambda: leave_and_note_the_end(leave, tmp_path))
        codes, _ = run_ranks(work)
    assert codes == [0, 0]
    assert [(tmp_path / f'{rank}.sum').read_text()
            for rank in range(2)] == ['3.0', '3.0']
    late = (tmp_path / '1.end').stat().st_mtime_ns
    assert all(
        (tmp_path / f'{rank}.left').stat().st_mtime_ns >= late
        for rank in range(2))


def leave_and_note_the_end(leave, folder):
    leave()
    assert not torch.distributed.is_initialized()
    (folder / f'{os.environ["RANK"]}.left').touch()


def test_a_process_alone_leaves_no_group():
    cli.leave_process_group()


def test_a_slip_on_one_rank_ends_all(run_ranks):

    def work(rank, folder):
        if rank == 1:
            raise RuntimeError('a slip')
        add_up(rank)

    start = time.monotonic()
    codes, errors = run_ranks(work)
    assert codes == [FAILURE, 1] and time.monotonic() - start < 20
    assert 'Traceback' in errors[1] and 'RuntimeError: a slip' in errors[1]
    assert errors[0].splitlines()[-1].startswith(
        'error: another process of the group has failed; its message tells')
    assert 'Traceback' not in errors[0]


def test_a_killed_rank_ends_the_other(run_ranks):

    def work(rank, folder):
        if rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        add_up(rank)

    codes, errors = run_ranks(work)
    assert codes == [FAILURE, -signal.SIGKILL]
    assert 'error: another process of the group has failed' in errors[0]


@pytest.mark.parametrize('ranks', [(0, 1), (1, )])
def test_an_error_names_its_rank_and_is_said_once(run_ranks, ranks):

    def work(rank, folder):
        if rank in ranks:
            raise CommandError('no such folder')
        add_up(rank)

    codes, errors = run_ranks(work)
    assert [codes[rank] for rank in ranks] == [USER_ERROR] * len(ranks)
    assert ''.join(errors).count('no such folder') == 1
    if ranks == (1, ):
        assert errors[1].splitlines()[-1] == 'error on rank 1: no such folder'


def test_a_rank_that_hangs_ends_the_other_in_time(run_ranks):
    """The timeout of the config reaches gloo."""

    def work(rank, folder):
        if rank == 0:
            add_up(rank)
        time.sleep(4)

    start = time.monotonic()
    codes, errors = run_ranks(work, timeout=2)
    assert codes[0] == FAILURE and time.monotonic() - start < 20
    assert errors[0].splitlines()[-1].startswith(
        'error: waited for another process longer than '
        'env_cfg.dist_cfg.timeout; see what that one says, or does (')


def test_interrupted_once_and_without_traceback(run_ranks):

    def work(rank, folder):
        add_up(rank)
        # a rank that is interrupted before the other met it is lost to it
        (folder / f'{rank}.met').touch()
        while len(list(folder.glob('*.met'))) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    codes, errors = run_ranks(work)
    assert codes == [INTERRUPTED] * 2
    assert errors[0].splitlines()[-1] == 'interrupted; go on with --resume'
    assert 'interrupted' not in errors[1]
    assert 'Traceback' not in errors[0] + errors[1]
