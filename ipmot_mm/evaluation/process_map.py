"""A function of several items, each in a process of its own."""
import gc
import multiprocessing
import os
import signal
import traceback
from collections import deque
from multiprocessing import connection
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch

from ipmot_mm.user_errors import is_user_message

_START_METHOD = 'fork'
_THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS',
                     'MKL_NUM_THREADS')

Outcome = Tuple[Any, Optional[Exception]]
"""What the function returned, or what it raised."""


def can_fork() -> bool:
    """Whether processes can be forked here.

    Not on Windows, and not in a worker of a data loader, which must not have
    processes of its own.
    """
    return (_START_METHOD in multiprocessing.get_all_start_methods()
            and not multiprocessing.current_process().daemon)


def num_usable_cores() -> int:
    """Cores that this process may use, at least 1."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_processes(function: Callable[[Any], Any], items: Sequence[Any], *,
                     names: Sequence[str], costs: Sequence[float],
                     num_workers: int) -> List[Any]:
    """Call a function of each item, several at the same time.

    Each item has a forked process, which ends with it: nothing has to be
    pickled on the way in, and a process that is killed closes its pipe, so
    that this is noticed at once. Fork keeps one thread only, so the function
    must not need another one (autograd, CUDA, collectives).

    Args:
        function (callable): Takes an item and returns what can be pickled.
        items (Sequence): What to call it with.
        names (Sequence[str]): What the items are called in messages.
        costs (Sequence[float]): How long each item takes, in any unit: the
            longest comes first.
        num_workers (int): Processes at the same time. With 1, or where no
            process can be forked, all is done in this one.

    Returns:
        list: What the function returned, in the order of the items.

    Raises:
        Exception: What the function raised for the first of the items that
            failed. It keeps its type and text if this package raised it for
            the user, else it is a RuntimeError with the traceback.
        ChildProcessError: If a process was killed.
    """
    num_workers = min(num_workers, len(items))
    if num_workers <= 1 or not can_fork():
        return [function(item) for item in items]
    order = sorted(range(len(items)), key=lambda index: -costs[index])
    outcomes = _run_processes(function, items, names, order, num_workers)
    for index in range(len(items)):
        error = outcomes[index][1]
        if error is not None:
            raise error
    return [outcomes[index][0] for index in range(len(items))]


def _run_processes(function: Callable[[Any], Any], items: Sequence[Any],
                   names: Sequence[str], order: Sequence[int],
                   num_workers: int) -> Dict[int, Outcome]:
    """Outcome of each item by its number, the processes all ended."""
    context = multiprocessing.get_context(_START_METHOD)
    waiting = deque(order)
    running: Dict[Any, Tuple[int, Any]] = {}
    outcomes: Dict[int, Outcome] = {}
    try:
        while waiting or running:
            while waiting and len(running) < num_workers:
                index = waiting.popleft()
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(
                    target=_run_one,
                    args=(function, items[index], sender),
                    daemon=True)
                process.start()
                # Ours must go before the next fork copies it: the last copy
                # that closes tells that the process has ended.
                sender.close()
                running[receiver] = index, process
            for receiver in connection.wait(list(running)):
                index, process = running.pop(receiver)
                outcomes[index] = _receive(receiver, process, names[index])
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return outcomes


def _receive(receiver: Any, process: Any, name: str) -> Outcome:
    """What a process sent, or why there is nothing."""
    try:
        outcome = receiver.recv()
    except (EOFError, OSError):
        outcome = None
    receiver.close()
    process.join()
    if outcome is not None:
        return outcome
    return None, ChildProcessError(
        f'{name}: its process ended without a result (exit code '
        f'{process.exitcode}); a negative code is the signal that killed it, '
        '-9 mostly for want of memory; use num_workers=1, or free memory')


def _run_one(function: Callable[[Any], Any], item: Any, sender: Any) -> None:
    """Body of a process."""
    # An interrupt from the keyboard comes to all; the parent deals with it,
    # and its own way to be terminated is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # What was inherited must not be collected here: data loaders would join
    # workers that are not ours, tensors free memory on the device.
    gc.freeze()
    torch.set_num_threads(1)
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, '1'))
    try:
        outcome: Outcome = function(item), None
    except Exception as error:
        outcome = None, _portable(error)
    sender.send(outcome)
    sender.close()


def _portable(error: Exception) -> Exception:
    """The error itself if it is a message to the user, else with its
    traceback as text, which pickling loses."""
    if is_user_message(error):
        return error
    return RuntimeError(f'{type(error).__name__} in another process:\n'
                        f'{traceback.format_exc()}')
