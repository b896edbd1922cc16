"""Values to log that stay on the device until someone reads them.

``MessageHub.update_scalar`` of mmengine 0.10.7
(``mmengine/logging/message_hub.py``, ``_get_valid_value``) calls ``.item()``
on every value, so that an iteration with 18 losses waits for the device 18
times, and ``HistoryBuffer.update`` copies the whole history for each. Here
the values of an iteration become one small tensor, and those of many
iterations one transfer when a history is read: for a line of the log, for a
checkpoint, or by any hook.
"""
from collections import defaultdict
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Union
from weakref import WeakKeyDictionary

import numpy as np
import torch
from mmengine.dist import get_comm_device, get_world_size
from mmengine.logging import HistoryBuffer, MessageHub
from torch import Tensor

Number = Union[int, float]
MAX_WAITING = 1000
"""Small tensors kept at most, where nothing is read for a long time."""


class DeferredHistory(HistoryBuffer):
    """A history whose last values may still be on the device.

    It reads as mmengine's ``HistoryBuffer`` does, and is copied and pickled
    as one, so that a checkpoint is the same.

    Args:
        waiting (:obj:`WaitingScalars`): Fetches what is on the device.
        history (:obj:`HistoryBuffer`): What there is already.
    """

    def __init__(self, waiting: 'WaitingScalars',
                 history: HistoryBuffer) -> None:
        self._waiting = waiting
        self.num_waiting = 0  # values on the device
        self._new_values: List[Number] = []
        self._new_counts: List[int] = []
        super().__init__(*history.data, max_length=history.max_length)

    def update(self, log_val: Number, count: int = 1) -> None:
        """See :meth:`mmengine.logging.HistoryBuffer.update`."""
        if not isinstance(log_val, (int, float)) or not isinstance(
                count, (int, float)):
            raise TypeError(
                'log_val and count must be int or float, got '
                f'{type(log_val).__name__} and {type(count).__name__}; give '
                'tensors to defer_scalars.')
        self._fetch()
        self.append(log_val, count)

    def append(self, value: Number, count: int = 1) -> None:
        """Add the next value, which is on the host.

        Args:
            value (int | float): To log.
            count (int): Its weight in averages. Defaults to 1.
        """
        self._new_values.append(value)
        self._new_counts.append(count)

    def current(self) -> Number:
        """See :meth:`mmengine.logging.HistoryBuffer.current`."""
        self._fetch()
        return self._new_values[-1] if self._new_values else super().current()

    def known_mean(self, window_size: int) -> Optional[float]:
        """Mean of the last values that are on the host, without waiting.

        Args:
            window_size (int): Values at most.

        Returns:
            float, optional: None without any.
        """
        known = [*self._values[-window_size:], *self._new_values]
        return float(np.mean(known[-window_size:])) if known else None

    def _fetch(self) -> None:
        if self.num_waiting:
            self._waiting.fetch()

    def _complete(self) -> None:
        """Into the arrays, with the dtypes that mmengine's would have."""
        self._fetch()
        if self._new_values:
            self._values = self._joined(self._values, self._new_values)
            self._counts = self._joined(self._counts, self._new_counts)
            self._new_values, self._new_counts = [], []

    def _joined(self, old: np.ndarray, new: List[Number]) -> np.ndarray:
        joined = np.append(old, new) if len(old) else np.array(new)
        return joined[-self.max_length:]

    # the names by which the statistics of HistoryBuffer know the arrays
    @property
    def _log_history(self) -> np.ndarray:
        self._complete()
        return self._values

    @_log_history.setter
    def _log_history(self, values: np.ndarray) -> None:
        self._values = values

    @property
    def _count_history(self) -> np.ndarray:
        self._complete()
        return self._counts

    @_count_history.setter
    def _count_history(self, counts: np.ndarray) -> None:
        self._counts = counts

    def __reduce__(self) -> tuple:
        """Copied and pickled as what it stands for."""
        return HistoryBuffer, (*self.data, self.max_length)


class _Pack(NamedTuple):
    """Values of one iteration with the same dtype and device."""
    histories: List[DeferredHistory]
    values: Tensor  # shape (num_histories, )
    average: Optional[Any]  # over the ranks, under way

    @property
    def kind(self) -> tuple:
        """What packs need in common to be joined."""
        return self.values.device, self.values.dtype


class WaitingScalars:
    """What the histories of one message hub have on the device."""

    def __init__(self) -> None:
        self._packs: List[_Pack] = []

    def add(self,
            values: Mapping[DeferredHistory, Tensor],
            over_ranks: bool = False) -> None:
        """Take the values of an iteration, without waiting for them.

        Args:
            values (mapping): Tensors of one element, by history. They are
                copied: a view would keep the memory of all it is part of.
            over_ranks (bool): See :func:`defer_scalars`.
        """
        groups: Dict[tuple, List[DeferredHistory]] = defaultdict(list)
        for history, value in values.items():
            groups[value.device, value.dtype].append(history)
            history.num_waiting += 1
        for histories in groups.values():
            pack = _stack([values[history] for history in histories])
            average = _begin_average(pack) if over_ranks else None
            self._packs.append(_Pack(histories, pack, average))
        if len(self._packs) >= MAX_WAITING:
            self.fetch()

    def fetch(self) -> None:
        """Hand every history its values, in the order of the iterations."""
        groups: Dict[tuple, List[Tensor]] = defaultdict(list)
        for pack in self._packs:
            if pack.average is not None:
                pack.average.wait()
                pack.values.div_(get_world_size())
            groups[pack.kind].append(pack.values)
        numbers = {
            kind: iter(read_values(torch.cat(values)))
            for kind, values in groups.items()
        }
        # not by group: the values of a history may change their dtype
        for pack in self._packs:
            for history in pack.histories:
                history.append(next(numbers[pack.kind]))
                history.num_waiting = 0
        self._packs = []


@torch.no_grad()
def _stack(values: List[Tensor]) -> Tensor:
    """A copy of tensors of one element each, in one kernel."""
    return torch.stack(
        [value.reshape(()) if value.ndim else value for value in values])


def _begin_average(values: Tensor) -> Optional[Any]:
    """Sum over the ranks, which nobody waits for yet; None if it is not due.

    Whole numbers, such as the count of skipped iterations, are the same on
    all ranks. NCCL does not take tensors of the host.
    """
    if (get_world_size() == 1 or not values.is_floating_point()
            or values.device.type != get_comm_device().type):
        return None
    return torch.distributed.all_reduce(values, async_op=True)


def read_values(values: Tensor) -> List[Number]:
    """The one transfer: numbers of a device.

    Args:
        values (Tensor): Has shape (num_values, ).

    Returns:
        list[int | float]: The same on the host.
    """
    return values.tolist()


# A hub is made by mmengine, which has no place for this.
_waiting_of_hub: 'WeakKeyDictionary[MessageHub, WaitingScalars]' = (
    WeakKeyDictionary())


def defer_histories(hub: MessageHub) -> WaitingScalars:
    """Replace the histories of a hub, such as those of a checkpoint.

    Args:
        hub (:obj:`MessageHub`): Changed in place; keys keep their order.

    Returns:
        :obj:`WaitingScalars`: Of this hub.
    """
    waiting = _waiting_of_hub.setdefault(hub, WaitingScalars())
    for key, history in hub.log_scalars.items():
        if not isinstance(history, DeferredHistory):
            hub.log_scalars[key] = DeferredHistory(waiting, history)
    return waiting


def defer_scalars(hub: MessageHub,
                  values: Mapping[str, Any],
                  over_ranks: bool = False) -> None:
    """Log values; in the place of ``MessageHub.update_scalar`` for each.

    Args:
        hub (:obj:`MessageHub`): It has all of them as soon as one is read.
        values (mapping): Numbers or tensors of one element, by key.
        over_ranks (bool): Log the averages over all ranks, which must log the
            same keys then. They are computed at once and together, by one
            collective that nobody waits for; to do so when a history is
            read would hang, as the first rank alone reads for a checkpoint.
            Defaults to False.

    Raises:
        ValueError: If a tensor has more elements or none.
    """
    waiting = _waiting_of_hub.setdefault(hub, WaitingScalars())
    tensors: Dict[DeferredHistory, Tensor] = {}
    for key, value in values.items():
        if not isinstance(value, Tensor):
            hub.update_scalar(key, value)
            continue
        if value.numel() != 1:
            raise ValueError(
                f'{key} has shape {tuple(value.shape)}, but a value to log '
                'is a number or a tensor of one element; log its mean.')
        history = hub.log_scalars.get(key)
        if not isinstance(history, DeferredHistory):
            history = _make_history(hub, waiting, key)
        tensors[history] = value
    if tensors:
        waiting.add(tensors, over_ranks)


def _make_history(hub: MessageHub, waiting: WaitingScalars,
                  key: str) -> DeferredHistory:
    history = hub.log_scalars.get(key)
    if history is None:
        hub.update_scalar(key, 0)  # tells the hub of the key
        history = HistoryBuffer()
    hub.log_scalars[key] = DeferredHistory(waiting, history)
    return hub.log_scalars[key]
