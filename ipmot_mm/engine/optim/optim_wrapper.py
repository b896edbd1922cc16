"""Optimisers that do not wait for the norm of the gradients."""
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper as _OptimWrapper

from ipmot_mm.registry import OPTIM_WRAPPERS

from ..deferred_scalars import defer_scalars


class _DeferredNorm:
    """mmengine 0.10.7 (``optimizer_wrapper.py:285-298``) reads it in every
    iteration, by which the host waits for the whole backward pass."""

    def _clip_grad(self) -> None:
        params = [
            param for group in self.optimizer.param_groups
            for param in group['params']
            if param.requires_grad and param.grad is not None
        ]
        if params:
            norm = self.clip_func(params, **self.clip_grad_kwargs)
            if norm is not None:  # of clipping by value there is none
                defer_scalars(self.message_hub,
                              {f'train/{self.grad_name}': norm})


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(_DeferredNorm, _OptimWrapper):
    """mmengine's under its name in this scope; the log has the same norms.

    Args:
        kwargs: As mmengine's.
    """


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_DeferredNorm, _AmpOptimWrapper):
    """The same with a loss scaler, which itself waits once per step.

    Args:
        kwargs: As mmengine's.
    """
