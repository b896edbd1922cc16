"""Batches of an epoch, from any point on, whatever happens to the workers."""
import logging
import signal
import threading
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Iterable, Iterator, Optional, Tuple

from mmengine.logging import print_log
from torch.utils.data import DataLoader
from torch.utils.data._utils import signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from ipmot_mm.known_failures import is_of_worker
from ipmot_mm.user_errors import message_of_worker, some

from ..epoch_layout import can_skip

MAX_DEATHS = 3
WORKER_DEATHS = ('DataLoader worker (pid', 'Pin memory thread exited')
"""What torch says of them (torch 2.13, utils/data/dataloader.py)."""
SECONDS_TO_END = 5


class BatchReader:
    """Reads a data loader and replaces workers that were killed.

    A worker that dies, such as for want of memory, takes an epoch of torch
    with it: the error may even come in the middle of a train step, as torch
    raises it from a signal handler. Here it is kept until the next batch is
    asked for; then all workers are started anew, at that batch.

    As a context manager it holds that signal handler. Outside of one, a
    death during a train step is still an error.

    Args:
        dataloader (DataLoader): Of the training.
    """

    def __init__(self, dataloader: DataLoader) -> None:
        self.dataloader = dataloader
        self._waiting = False
        self._death: Optional[RuntimeError] = None
        self._torch_handler: Any = None

    def __enter__(self) -> 'BatchReader':
        return self

    def __exit__(self, *_error: Any) -> None:
        self._waiting = False
        if self._torch_handler is not None:
            signal.signal(signal.SIGCHLD, self._torch_handler)
            self._torch_handler = None

    def read(self, begin: int = 0) -> Iterator[Tuple[int, Any]]:
        """Batches of one epoch.

        Args:
            begin (int): The first batch; those before it are not loaded if
                the sampler allows it. Defaults to 0.

        Yields:
            tuple[int, Any]: Index of the batch in the epoch, and the batch.

        Raises:
            ValueError: If workers die again and again, or if there are fewer
                batches than the data loader says. An error of the data set
                passes; where it is a message to the user, without the
                traceback of the worker in it.
        """
        index, deaths, iterator = begin, 0, None
        while index < len(self.dataloader):
            try:
                self._waiting = True
                if iterator is None:
                    iterator = self._start(index)
                batch = self._next(iterator)
            except StopIteration:
                raise ValueError(
                    f'train_dataloader ended after {index} of '
                    f'{len(self.dataloader)} batches; correct __len__ of its '
                    'sampler, or the transform that raises StopIteration.'
                ) from None
            except Exception as error:
                self._waiting = False
                death = _describe_death(error, iterator)
                if death is None:
                    message = message_of_worker(error)
                    if message is None:
                        raise
                    raise type(error)(message) from None
                deaths += 1
                _report_death(death, deaths, index)
                self._stop(iterator)
                iterator = None
                continue
            finally:
                self._waiting = False
            deaths = 0
            yield index, batch
            index += 1

    def _start(self, index: int) -> Iterator[Any]:
        """An iterator whose next batch is the one of an index."""
        skips = can_skip(self.dataloader)
        if skips:
            batch_sampler = self.dataloader.batch_sampler
            sampler = self.dataloader.sampler
            batch_sampler.sampler = sampler if index == 0 else _Rest(
                sampler, index * batch_sampler.batch_size)
        self._death = None
        iterator = iter(self.dataloader)
        self._hold_signals()
        for _batch in range(0 if skips else index):
            self._next(iterator)
        return iterator

    def _next(self, iterator: Iterator[Any]) -> Any:
        if self._death is not None:
            raise self._death
        return next(iterator)

    def _stop(self, iterator: Optional[Iterator[Any]]) -> None:
        """End all workers; the loader has to build them anew."""
        if isinstance(iterator, _MultiProcessingDataLoaderIter):
            _abandon(iterator)
        self.dataloader._iterator = None  # where workers are persistent

    def _hold_signals(self) -> None:
        """Put our handler before the one that torch has just installed."""
        if not hasattr(signal, 'SIGCHLD'):  # Windows: torch has none either
            return
        handler = signal.getsignal(signal.SIGCHLD)
        if (not callable(handler) or handler == self._on_signal or
                threading.current_thread() is not threading.main_thread()):
            return
        self._torch_handler = handler
        signal.signal(signal.SIGCHLD, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        try:
            self._torch_handler(number, frame)
        except RuntimeError as error:
            if self._waiting:
                raise
            self._death = error


class _Rest:
    """A sampler without its first samples.

    Args:
        sampler (Iterable): Gives the same order every time.
        begin (int): The first sample that is not skipped.
    """

    def __init__(self, sampler: Iterable[Any], begin: int) -> None:
        self.sampler = sampler
        self.begin = begin

    def __iter__(self) -> Iterator[Any]:
        return islice(self.sampler, self.begin, None)

    def __len__(self) -> int:
        """Of the whole epoch: hooks look for its last iteration."""
        return len(self.sampler)


def _abandon(iterator: _MultiProcessingDataLoaderIter) -> None:
    """End the workers of an iterator without asking them.

    torch would ask by an event whose lock the killed worker may have held,
    and wait for ever (torch 2.13, utils/data/dataloader.py:1658-1664, counts
    on the signal that :class:`BatchReader` holds).
    """
    iterator._shutdown = True  # nothing is left to do when it is collected
    for worker in iterator._workers:
        worker.kill()
        worker.join()
    for queue in iterator._index_queues:
        queue.cancel_join_thread()
        queue.close()
    if hasattr(iterator, '_pin_memory_thread'):
        # not joined: it may read what the worker did not write to the end
        iterator._pin_memory_thread_done_event.set()
    if iterator._worker_pids_set:
        signal_handling._remove_worker_pids(id(iterator))
        iterator._worker_pids_set = False


def _describe_death(error: Exception,
                    iterator: Optional[Iterator[Any]]) -> Optional[str]:
    """Which worker ended, rather than raised; None if none did."""
    if str(error).startswith(WORKER_DEATHS):
        return str(error).split('. ')[0].strip().rstrip('.')
    workers = getattr(iterator, '_workers', ())
    if (not workers or not isinstance(error, (OSError, EOFError))
            or is_of_worker(error)):
        return None
    # its pipes and sockets close a moment before the process has ended
    ended = wait([worker.sentinel for worker in workers], SECONDS_TO_END)
    dead = [worker for worker in workers if worker.sentinel in ended]
    if not dead:
        return None
    for worker in dead:
        worker.join(SECONDS_TO_END)
    pids = some(worker.pid for worker in dead)
    return f'DataLoader worker (pid(s) {pids}) exited unexpectedly'


def _report_death(reason: str, deaths: int, index: int) -> None:
    if deaths == MAX_DEATHS:
        raise ValueError(
            f'train_dataloader: {reason}, {deaths} times in a row before '
            f'batch {index + 1} of the epoch; a worker that is killed usually '
            'lacks memory. Set train_dataloader.num_workers=0 and '
            'train_dataloader.persistent_workers=False, or have smaller '
            'images or fewer other processes.')
    print_log(
        f'{reason}; workers are started again at batch {index + 1} of the '
        'epoch, no clip is lost or repeated.',
        logger='current',
        level=logging.WARNING)
