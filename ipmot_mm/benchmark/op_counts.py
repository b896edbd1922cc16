"""Kernels, host syncs and uploads of a function, counted without a GPU.

What is slow in a tracker on a GPU is less its arithmetic than the number of
kernels that Python launches and the times it waits for one of their results.
Both can be counted while the same code runs on a CPU, so that a test holds
them where no GPU is.

Every tensor counts as one on the device, unless it is a **host tensor**: the
result of ``.cpu()``, ``.to('cpu')``, ``torch.from_numpy``, of a factory such
as ``torch.tensor`` or ``torch.zeros`` without ``device``, or of an operator
that reads host tensors alone. What happens to host tensors costs nothing here.

* **kernels**: operators that reach the device. Views, allocation without a
  fill (``op_modes.FREE``), metadata and results without elements launch
  nothing. An operator counts once, also where it launches several kernels (a
  sort) or a library call, and an operator of another library
  (``torchvision::nms``, a fused attention) counts once, too: on a GPU there
  are at least as many.
* **syncs**: where the host waits for the device: reading a value (``item``,
  ``if tensor``, ``int``, indexing by a tensor of one number), results whose
  shape depends on values (``nonzero``, ``masked_select``, indexing by a mask,
  ``unique``, ``repeat_interleave`` by a tensor; ``op_modes.SYNCING``) and
  copies to the host (``cpu``, ``numpy``, ``tolist``), unless they are
  non-blocking. Filling by a mask with one value is ``masked_fill`` and does
  not wait.
* **uploads**: copies of host values to the device: ``torch.tensor`` and its
  like with ``device``, ``new_tensor``, ``to(device)`` of a host tensor,
  indexing by a list. From memory that is not pinned they wait, too, and a
  CUDA graph does not record them.

On a CPU ``.to(torch.device('cpu'))`` may mean either direction: of a host
tensor it counts as an upload, of any other as nothing, and ``'cpu'`` as a
string is taken at its word. What was made before the counting and is on the
host in a GPU run, too, must be named (``host_tensors``), or counts as on the
device; the step counts of an optimiser are an example.
"""
import contextlib
import sys
from collections import Counter
from typing import Any, Callable, Optional, Sequence, Set
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from . import op_modes
from .op_modes import Calls, Operators


class OpCounter:
    """Counts what a block of code asks of the device.

    Not for code that runs in other threads, nor inside of another counter.

    Args:
        device (str): Type of the device whose tensors count; ``'cpu'`` takes
            the host for one, by the rules above. Defaults to ``'cpu'``.
        host_tensors (sequence[Tensor]): That are host tensors from the
            beginning, such as what a data loader made. Defaults to none.

    Attributes:
        by_name (Counter): Kernels by name of the operator.
        syncs_by_name (Counter): Syncs by name of the operator or method.
        uploads_by_name (Counter): Uploads likewise.
        sync_lines (Counter): Syncs by ``file:line name`` of who asked.
        upload_lines (Counter): Uploads likewise.

    Example:
        >>> x = torch.rand(4)
        >>> with OpCounter() as counter:
        ...     y = (x + 1).view(2, 2)
        ...     if y.max() > 9:
        ...         y = y * 2
        >>> counter.kernels, counter.syncs, counter.uploads
        (3, 1, 0)
    """

    def __init__(self,
                 device: str = 'cpu',
                 host_tensors: Sequence[Tensor] = ()) -> None:
        self.device = device
        self.by_name: Counter = Counter()
        self.syncs_by_name: Counter = Counter()
        self.uploads_by_name: Counter = Counter()
        self.sync_lines: Counter = Counter()
        self.upload_lines: Counter = Counter()
        self._host: Set[Optional[int]] = {  # storages
            _storage(tensor)
            for tensor in host_tensors
        }
        self._stack = contextlib.ExitStack()

    @property
    def kernels(self) -> int:
        """int: Operators that reach the device."""
        return sum(self.by_name.values())

    @property
    def syncs(self) -> int:
        """int: Times that the host waits for the device."""
        return sum(self.syncs_by_name.values())

    @property
    def uploads(self) -> int:
        """int: Copies of host values to the device."""
        return sum(self.uploads_by_name.values())

    def __enter__(self) -> 'OpCounter':
        from_numpy = torch.from_numpy

        def host_tensor(array: np.ndarray) -> Tensor:
            return self.to_host(from_numpy(array))

        # the one factory that no mode sees
        self._stack.enter_context(
            mock.patch.object(torch, 'from_numpy', host_tensor))
        self._stack.enter_context(Operators(self))
        self._stack.enter_context(Calls(self))
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    # ------------------------------------------------- what the modes report

    def sync(self, name: str) -> None:
        """Note that the host waits."""
        self.syncs_by_name[name] += 1
        self.sync_lines[_caller(name)] += 1

    def upload(self, name: str) -> None:
        """Note a copy of host values."""
        self.uploads_by_name[name] += 1
        self.upload_lines[_caller(name)] += 1

    def to_host(self, tensor: Tensor) -> Tensor:
        """Take a tensor, and all that shares its memory, for a host one."""
        self._host.add(_storage(tensor))
        return tensor

    def to_device(self, tensor: Tensor) -> Tensor:
        """Take a tensor for one of the device."""
        self._host.discard(_storage(tensor))
        return tensor

    def is_host(self, tensor: Tensor) -> bool:
        """Whether the values of a tensor are at hand."""
        if self.device != 'cpu':
            return tensor.device.type == 'cpu'
        storage = _storage(tensor)
        return storage is not None and storage in self._host


def count_ops(function: Callable, *args: Any, **kwargs: Any) -> OpCounter:
    """Call a function and count.

    Args:
        function (callable): What to call.
        args: Its arguments.
        kwargs: Its arguments by name.

    Returns:
        OpCounter: With the counts.
    """
    with OpCounter() as counter:
        function(*args, **kwargs)
    return counter


def _storage(tensor: Tensor) -> Optional[int]:
    """What names the memory of a tensor; sparse ones have none."""
    if tensor.layout != torch.strided:
        return None
    return tensor.untyped_storage()._cdata


def _caller(name: str) -> str:
    """File and line outside of torch and of this module."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if path not in (__file__, op_modes.__file__,
                        contextlib.__file__) and ('/torch/' not in path):
            where = path.split('site-packages/')[-1]
            return f'{where}:{frame.f_lineno} {name}'
        frame = frame.f_back
    return f'unknown {name}'
