"""The norm of the gradients: computed once, to judge and to clip by."""
import math
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, Optional

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor

HAS_PARTS = hasattr(torch.nn.utils, 'clip_grads_with_norm_')
"""Whether torch (2.6 and later) clips by a norm that it is given."""


def gradient_norm(optimizer: torch.optim.Optimizer) -> Optional[Tensor]:
    """Norm of all gradients, without looking at it.

    Args:
        optimizer (Optimizer): Of the parameters.

    Returns:
        Tensor | None: Has shape (); None without any gradient.
    """
    params = [
        param for group in optimizer.param_groups for param in group['params']
        if param.grad is not None
    ]
    norms = [
        param.grad.coalesce().values().norm() for param in params
        if param.grad.is_sparse
    ]
    dense = [param for param in params if not param.grad.is_sparse]
    if dense and HAS_PARTS:
        norms.append(
            torch.nn.utils.get_total_norm([param.grad for param in dense]))
    elif dense:
        # Clipped to infinity, gradients are multiplied by 1.
        norms.append(torch.nn.utils.clip_grad_norm_(dense, math.inf))
    if len(norms) > 1:
        return torch.stack(norms).norm()
    return norms[0] if norms else None


@contextmanager
def known_norm(optim_wrapper: OptimWrapper,
               norm: Optional[Tensor]) -> Iterator[None]:
    """Let the step of a wrapper clip by a norm that is known already.

    The result is bit for bit that of computing it again. Where a step clips
    in another way, by value, by another norm or after a loss scaler, it goes
    on to do so.

    Args:
        optim_wrapper (:obj:`OptimWrapper`): Whose step is taken inside.
        norm (Tensor, optional): Of :func:`gradient_norm`, of the gradients
            as they are. None changes nothing.
    """
    if norm is None or not _clips_by_norm(optim_wrapper):
        yield
        return
    clip_func = optim_wrapper.clip_func

    def clip(params: Iterable[Tensor], max_norm: float,
             **kwargs: Any) -> Tensor:
        torch.nn.utils.clip_grads_with_norm_(params, max_norm, norm)
        return norm

    optim_wrapper.clip_func = clip
    try:
        yield
    finally:
        optim_wrapper.clip_func = clip_func


def _clips_by_norm(optim_wrapper: OptimWrapper) -> bool:
    options = dict(optim_wrapper.clip_grad_kwargs or {})
    scaler = getattr(optim_wrapper, 'loss_scaler', None)
    return (HAS_PARTS and options.pop('max_norm', None) is not None
            and options.pop('norm_type', 2) == 2 and not options
            and optim_wrapper.clip_func is torch.nn.utils.clip_grad_norm_
            and not (scaler is not None and scaler.is_enabled()))
