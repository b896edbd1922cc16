"""Take back a step that touched some rows of a table."""
import copy
from typing import Any, Dict

import torch
from torch import Tensor


class RowBackup:
    """Rows of a table and of the moments of its optimiser.

    Costs memory for these rows only, and no transfer to the host.

    Args:
        optimizer (Optimizer): That will step, and leave other rows alone, as
            :class:`RowwiseAdamW` and ``SparseAdam`` do. Its dense state by
            row, such as moments, is kept by row, the rest as a whole.
        table (Parameter): Has shape (num_rows, dims).
        rows (Tensor): That the step will touch, int64, has shape (K, ).
    """

    def __init__(self, optimizer: torch.optim.Optimizer, table: Tensor,
                 rows: Tensor) -> None:
        self.optimizer = optimizer
        self.table = table
        self.rows = rows
        self.values = table.detach()[rows]
        self.state: Dict[str, Any] = {
            name: value[rows] if self._is_by_row(value) else
            copy.deepcopy(value)
            for name, value in optimizer.state.get(table, {}).items()
        }

    @torch.no_grad()
    def restore(self) -> None:
        """Make rows and moments what they were."""
        self.table[self.rows] = self.values
        if not self.state:  # it was the first step
            self.optimizer.state.pop(self.table, None)
            return
        state = self.optimizer.state[self.table]
        for name, value in self.state.items():
            if self._is_by_row(state[name]):
                state[name][self.rows] = value
            else:
                state[name] = value

    def _is_by_row(self, value: Any) -> bool:
        return (isinstance(value, Tensor) and not value.is_sparse
                and value.shape[:1] == self.table.shape[:1])
