"""SIGTERM, on which all ranks stop after the same iteration."""
import itertools
import os
import signal
import threading
from typing import Any, Optional

import torch
from mmengine.dist import all_reduce, is_distributed
from torch import distributed

RUN_AHEAD = 2
"""Iterations from a request to the end. The host of a rank is never further
ahead of another's, since every iteration waits for gradients of all."""


class StopRequest:
    """Whether somebody asked for the end by SIGTERM, as clusters do.

    A context, in which the signal makes a note instead of ending the process.
    A second one ends it. Outside of the main thread, and where something else
    listens already, nothing is changed.

    All ranks must create it at the same time.
    """

    _numbers = itertools.count()

    def __init__(self) -> None:
        self._key = f'ipmot stop {next(self._numbers)}'
        self._process = os.getpid()
        self._is_listening = False
        self._is_made = False
        self._end: Optional[int] = None

    def __enter__(self) -> 'StopRequest':
        self._is_listening = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        if self._is_listening:
            signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, error_type: Optional[type], *args: Any) -> None:
        if self._is_listening:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if self._is_made and error_type is None:  # too late to be heeded
                os.kill(self._process, signal.SIGTERM)

    def is_due(self, iteration: int, is_last: bool) -> bool:
        """Whether to stop here, with one answer for all ranks.

        No rank waits for another, but at the last iteration.

        Args:
            iteration (int): Iterations that are done.
            is_last (bool): Whether this is the last time that this is asked.

        Returns:
            bool: True after the same iteration on all ranks.
        """
        if not is_distributed():
            return self._is_made
        if is_last:
            votes = torch.tensor([int(self._is_made)])
            all_reduce(votes, op='sum')
            return votes.item() > 0
        # the store costs no wait for the device
        store = distributed.distributed_c10d._get_default_store()
        if self._end is None:
            if self._is_made:
                self._end = int(
                    store.compare_set(self._key, '',
                                      str(iteration + RUN_AHEAD)))
            elif store.check([self._key]):
                self._end = int(store.get(self._key))
        return self._end is not None and iteration >= self._end

    def _note(self, number: int, frame: Any) -> None:
        is_child = os.getpid() != self._process  # of the data loader
        if self._is_made or is_child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        self._is_made = True
