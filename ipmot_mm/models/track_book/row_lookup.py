"""Rows of a table whose gradient names them, and no others."""
from typing import Any, Tuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _RowLookup(torch.autograd.Function):

    @staticmethod
    def forward(ctx: Any, table: Tensor, inds: Tensor) -> Tensor:
        ctx.save_for_backward(inds)
        ctx.shape = table.shape
        return table[inds]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tuple[Tensor, None]:
        inds, = ctx.saved_tensors
        # Kept, so that it is cloned into ``table.grad``: one that nobody else
        # holds is taken apart instead, and no longer known to be coalesced
        # (pytorch/pytorch, torch/csrc/autograd/functions/accumulate_grad.h).
        ctx.grad = torch.sparse_coo_tensor(
            inds[None],
            grad,
            ctx.shape,
            is_coalesced=True,
            check_invariants=False)
        return ctx.grad, None


def look_up_rows(table: Tensor, inds: Tensor) -> Tensor:
    """Like an embedding with ``sparse=True``, for rows that are sorted.

    Its gradient is known to be coalesced. That of an embedding is not, and
    every reader sorts it anew, which on a GPU waits for the device.

    Args:
        table (Tensor): Has shape (num_rows, C).
        inds (Tensor): Ascending and unique, int64, has shape (K, ).

    Returns:
        Tensor: Has shape (K, C).
    """
    return _RowLookup.apply(table, inds)
