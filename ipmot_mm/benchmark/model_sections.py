"""Kernels and syncs of the parts of a model, within one run."""
import warnings
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Sequence
from unittest import mock

import torch
from torch import Tensor, nn

from .op_counts import OpCounter

COUNTS = ('kernels', 'syncs', 'uploads')
REST = 'bookkeeping'
"""What is in no part: assigner, tracker, losses, copies to the host."""


SectionCounts = Dict[str, Dict[str, int]]


def count_sections(model: nn.Module,
                   call: Callable[[], Any],
                   device: str,
                   host_tensors: Sequence[Tensor] = ()) -> SectionCounts:
    """Count what a call asks of the device, by part of the model.

    Args:
        model (:obj:`IPMOT`): Whose ``encode``, ``step`` (the decoder and the
            deduplication) and ``updater`` are told from the rest.
        call (callable): Runs the model eagerly.
        device (str): Type of the device of the model.
        host_tensors (sequence[Tensor]): See :class:`OpCounter`. Defaults to
            none.

    Returns:
        dict[str, dict[str, int]]: ``kernels``, ``syncs`` and ``uploads`` of
        ``encode``, ``step``, ``updater``, ``bookkeeping`` (the rest) and
        ``whole``.
    """
    found = {
        name: dict.fromkeys(COUNTS, 0)
        for name in ('encode', 'step', 'updater')
    }
    with ExitStack() as stack:
        counter = OpCounter(device, host_tensors)
        for owner, method, name in ((model, 'encode',
                                     'encode'), (model, 'step', 'step'),
                                    (model.updater, 'forward', 'updater')):
            stack.enter_context(
                mock.patch.object(
                    owner, method,
                    _counted(getattr(owner, method), counter, found[name])))
        with counter:
            call()
    whole = {name: getattr(counter, name) for name in COUNTS}
    found[REST] = {
        name: whole[name] - sum(part[name] for part in found.values())
        for name in COUNTS
    }
    return dict(found, whole=whole)


def count_cuda_waits(call: Callable[[], Any]) -> Optional[int]:
    """Let CUDA itself say how often a call waits for it.

    Args:
        call (callable): What to watch.

    Returns:
        int | None: Warnings of ``torch.cuda.set_sync_debug_mode``, which
        knows most waits, but not all; None without a GPU.
    """
    if not torch.cuda.is_available():
        return None
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter('always')
            call()
    finally:
        torch.cuda.set_sync_debug_mode(before)
    return sum('synchronizing' in str(warning.message) for warning in found)


def _counted(function: Callable, counter: OpCounter,
             found: Dict[str, int]) -> Callable:
    """The same function, whose counts are added up."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with _difference(counter, found):
            return function(*args, **kwargs)

    return run


@contextmanager
def _difference(counter: OpCounter, found: Dict[str, int]) -> Iterator[None]:
    before = {name: getattr(counter, name) for name in COUNTS}
    yield
    for name in COUNTS:
        found[name] += getattr(counter, name) - before[name]
