"""Several processes: order, errors, and processes that die."""
import gc
import multiprocessing
import os
import signal
import time
from multiprocessing.context import ForkProcess

import pytest
import torch
from mot_samples import write_rows, write_sequence

from ipmot_mm.benchmark import describe_machine
from ipmot_mm.benchmark.random_tracks import write_random_tracks
from ipmot_mm.evaluation import mot_scoring, process_map, score_folder
from ipmot_mm.evaluation.process_map import map_in_processes

NAMES = ('a', 'b', 'c', 'd')


def run(function, items, costs=None, num_workers=2):
    """A few items."""
    return map_in_processes(function, items, names=NAMES[:len(items)],
                            costs=costs or [1] * len(items),
                            num_workers=num_workers)


def test_order_of_the_items_stays():
    got = run(lambda x: (x * x, os.getpid()), [3, 1, 4, 2], [1, 4, 2, 3])
    assert [value for value, _ in got] == [9, 1, 16, 4]
    assert len({pid for _, pid in got} | {os.getpid()}) == 5


def test_longest_comes_first_and_no_more_than_workers_run(monkeypatch):
    forked, others = [], []
    start = ForkProcess.start

    def noted(process):
        forked.append(process._args[1])
        others.append(len(multiprocessing.active_children()))
        start(process)

    monkeypatch.setattr(ForkProcess, 'start', noted)
    run(lambda item: time.sleep(0.2), [0, 1, 2, 3], [1, 3, 2, 4])
    assert forked == [3, 1, 2, 0]
    assert max(others) == 1


@pytest.mark.parametrize('num_workers', [1, 2])
def test_bad_line_reads_the_same_from_any_process(num_workers, tmp_path):
    gt_root, tracks = write_random_tracks(
        tmp_path, num_frames=(5, 5, 50), num_objects=3)
    for number in (2, 3):
        with open(tracks / f'RANDOM-0{number}.txt', 'a') as file:
            file.write('1,7,3,nan,4,5,1,-1,-1,-1\n')
    with pytest.raises(ValueError, match=r'RANDOM-02\.txt", line \d+: a value '
                       'is not finite') as caught:
        score_folder(tracks, gt_root, num_workers=num_workers)
    assert '\n' not in str(caught.value)


def test_refusal_of_trackeval_comes_back(tmp_path):
    for name in 'ab':
        write_sequence(tmp_path / 'gt', name, [[1, 1, 0, 0, 9, 9, 1, 99, 1]],
                       1)
        write_rows(tmp_path / 'tracks' / f'{name}.txt',
                   [[1, 1, 0, 0, 9, 9, 1]])
    with pytest.raises(ValueError, match='^TrackEval cannot score sequence a '
                       'as MOT17: .*invalid gt classes'):
        score_folder(tmp_path / 'tracks', tmp_path / 'gt', num_workers=2)


def test_slip_in_the_code_keeps_its_traceback():
    def work(item):
        return {}[item]

    with pytest.raises(RuntimeError, match=r'KeyError in another process:\n'
                       r'Traceback(.|\n)*return \{\}\[item\]'):
        run(work, [1, 2])


@pytest.mark.parametrize('partly', [False, True])
def test_killed_process_is_told_at_once(partly, monkeypatch):
    def work(item):
        if item == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    def send_half(connection, outcome):
        os.write(connection.fileno(), b'\0\0\1\0half')
        os.kill(os.getpid(), signal.SIGKILL)

    if partly:
        monkeypatch.setattr(multiprocessing.connection.Connection, 'send',
                            send_half)
    start = time.monotonic()
    with pytest.raises(ChildProcessError, match=r'^[ab]: its process ended '
                       r'without a result \(exit code -9\).*num_workers=1'):
        run(work, [1, 2] if partly else [2, 1])
    assert time.monotonic() - start < 10
    assert multiprocessing.active_children() == []


def test_interrupt_ends_the_processes(monkeypatch):
    def interrupted(connections):
        raise KeyboardInterrupt

    monkeypatch.setattr(process_map.connection, 'wait', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(time.sleep, [60, 60])
    assert multiprocessing.active_children() == []


def test_garbage_of_the_parent_is_not_collected(tmp_path):
    class Loader:
        """Ends what does not belong to the process which collects it."""

        def __del__(self):
            (tmp_path / str(os.getpid())).touch()

    gc.disable()
    try:
        loader = Loader()
        loader.itself = loader
        del loader
        run(lambda item: gc.collect() and None, [1, 2])
        assert not list(tmp_path.iterdir())
    finally:
        gc.enable()


def test_threads_are_pinned():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        got = run(lambda item: (torch.get_num_threads(),
                                os.environ['OMP_NUM_THREADS']), [1, 2])
        assert got == [(1, '1')] * 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_no_process_where_none_can_be_forked(monkeypatch):
    monkeypatch.setattr(process_map, 'can_fork', lambda: False)
    assert run(lambda item: os.getpid(), [1, 2]) == [os.getpid()] * 2


def test_worker_of_a_data_loader_scores_by_itself():
    def work(item):
        return process_map.can_fork(), run(abs, [-1, -2])

    assert run(work, [1, 2]) == [(False, [1, 2])] * 2


@pytest.mark.parametrize('num_workers, num_rows, cores, want', [
    (None, 1000, 4, 4), (None, 1000, 16, 7), (None, 1000, 1, 1),
    (None, 999, 4, 1), (2, 5, 1, 2), (9, 5, 1, 7)])
def test_number_of_workers(num_workers, num_rows, cores, want, monkeypatch):
    monkeypatch.setattr(mot_scoring, 'num_usable_cores', lambda: cores)
    assert mot_scoring._count_workers(num_workers, 7, num_rows,
                                      1000) == want


def test_usable_cores(monkeypatch):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: {2, 5, 7},
                        raising=False)
    assert process_map.num_usable_cores() == 3
    monkeypatch.delattr(os, 'sched_getaffinity')
    monkeypatch.setattr(os, 'cpu_count', lambda: None)
    assert process_map.num_usable_cores() == 1
    assert describe_machine()['usable_cores'] == 1


def test_equal_scores_from_any_number_of_processes(tmp_path):
    gt_root, tracks = write_random_tracks(
        tmp_path, num_frames=(9, 30, 4), num_objects=6)
    want = score_folder(tracks, gt_root, num_workers=1)
    assert score_folder(tracks, gt_root, num_workers=3) == want
    assert list(want)[:3] == ['RANDOM-01', 'RANDOM-02', 'RANDOM-03']
