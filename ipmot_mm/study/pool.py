"""Runs in processes of their own, several at a time."""
import multiprocessing
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

from .plan import Run
from .records import (LOG, clear_failure, is_complete, is_trained,
                      read_failure, write_failure)
from .run_lock import RunLock

Work = Callable[[Run, Callable[[float], None]], None]
POLL = 0.2
BUSY = 75
"""Exit code of a process whose run another study works on."""
DONE, FAILED, ELSEWHERE = 'done', 'failed', 'elsewhere'


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run (:obj:`Run`): The run.
        status (str): ``DONE``, ``FAILED`` or ``ELSEWHERE``.
        message (str): Why it failed.
        seconds (float): Of its process.
    """
    run: Run
    status: str
    message: str = ''
    seconds: float = 0.0


@dataclass
class _Job:
    run: Run
    process: BaseProcess
    fraction: Any  # shared float
    started: float
    slot: int


class Pool:
    """Works on runs in parallel.

    On the CPU processes are forked, so that they need not import anything. A
    process for a GPU starts afresh: CUDA cannot be forked once it is in use.

    Args:
        work (Callable): Does what is left of a run; is called with it and
            with a function that takes the finished part.
        jobs (int): Processes at a time. Defaults to 1.
        gpus (sequence[str], optional): Numbers of the GPUs to share out.
            Defaults to None, for the CPU.
    """

    def __init__(self,
                 work: Work,
                 *,
                 jobs: int = 1,
                 gpus: Optional[Sequence[str]] = None) -> None:
        self.work, self.jobs = work, jobs
        self.gpus = list(gpus or [])
        method = 'spawn' if self.gpus or not hasattr(os, 'fork') else 'fork'
        self.context = multiprocessing.get_context(method)
        self.active: List[_Job] = []
        self._elsewhere: Set[int] = set()

    def run_all(self, runs: Sequence[Run], on_end: Callable[[Outcome], None],
                on_progress: Callable[[Dict[str, float]], None]) -> None:
        """Work on all runs; one that fails does not stop the others.

        Args:
            runs (sequence[:obj:`Run`]): In the order of their start. One that
                tests another's weights waits for it.
            on_end (Callable): Called with each :obj:`Outcome`.
            on_progress (Callable): Called now and then with the finished part
                of each active run, by its label.
        """
        waiting = list(runs)
        self._elsewhere.clear()
        try:
            while waiting or self.active:
                waiting = self._start_some(waiting, on_end)
                time.sleep(POLL)
                for job in [j for j in self.active
                            if not j.process.is_alive()]:
                    self.active.remove(job)
                    on_end(self._outcome_of(job))
                on_progress({
                    job.run.label: job.fraction.value
                    for job in self.active
                })
        finally:
            self.stop()

    def stop(self) -> None:
        """End all processes; their runs go on from their checkpoints."""
        for job in self.active:
            job.process.terminate()
        for job in self.active:
            job.process.join()
        self.active = []

    def _start_some(self, waiting: List[Run],
                    on_end: Callable[[Outcome], None]) -> List[Run]:
        """Start what can start; what is left waits."""
        left = []
        unfinished = {id(job.run) for job in self.active}
        for run in waiting:
            source = run.source
            if source is not None and id(source) not in unfinished and (
                    not is_trained(run)):
                status = ELSEWHERE if id(source) in self._elsewhere else FAILED
                on_end(Outcome(run, status,
                               f'it needs the weights of {source.label}'))
                continue
            blocked = source is not None and id(source) in unfinished
            if blocked or len(self.active) >= self.jobs:
                left.append(run)
                unfinished.add(id(run))
                continue
            self._start(run)
            unfinished.add(id(run))
        return left

    def _start(self, run: Run) -> None:
        slot = min(set(range(self.jobs)) - {job.slot for job in self.active})
        fraction = self.context.Value('d', 0.0, lock=False)
        process = self.context.Process(
            target=_main, args=(self.work, run, fraction, os.getpid()))
        before = os.environ.get('CUDA_VISIBLE_DEVICES')
        if self.gpus:
            os.environ['CUDA_VISIBLE_DEVICES'] = str(
                self.gpus[slot % len(self.gpus)])
        try:
            process.start()
        finally:
            if self.gpus and before is None:
                del os.environ['CUDA_VISIBLE_DEVICES']
            elif before is not None:
                os.environ['CUDA_VISIBLE_DEVICES'] = before
        self.active.append(
            _Job(run, process, fraction, time.perf_counter(), slot))

    def _outcome_of(self, job: _Job) -> Outcome:
        run, code = job.run, job.process.exitcode
        job.process.join()
        seconds = time.perf_counter() - job.started
        if code == BUSY:
            self._elsewhere.add(id(run))
            return Outcome(run, ELSEWHERE, seconds=seconds)
        if code == 0 and is_complete(run):
            return Outcome(run, DONE, seconds=seconds)
        message = read_failure(run) or (
            f'its process ended with signal {-code}'
            if code and code < 0 else f'its process ended with code {code}')
        return Outcome(run, FAILED, message, seconds)


def _main(work: Work, run: Run, fraction: Any, parent: int) -> None:
    """The process of a run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    redirect_output(run.folder / LOG)
    _use_one_thread()

    def progress(part: float) -> None:
        fraction.value = part
        if os.getppid() != parent:  # it was killed
            os._exit(1)

    with RunLock(run.folder) as lock:
        if not lock.taken:
            os._exit(BUSY)
        clear_failure(run)
        try:
            work(run, progress)
        except Exception as error:
            traceback.print_exc()
            write_failure(run, f'{type(error).__name__}: {error}')
            sys.exit(1)


def redirect_output(path: Path) -> None:
    """Send what this process and its libraries print to a file.

    Args:
        path (Path): The file, which is appended to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.close(target)
    # whoever forked this process may have set others
    sys.stdout = sys.stderr = open(path, 'a', encoding='utf-8', buffering=1)


def _use_one_thread() -> None:
    import cv2
    import torch
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
