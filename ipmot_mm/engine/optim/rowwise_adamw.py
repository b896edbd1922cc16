"""AdamW for tables of which an iteration sees a few rows."""
from typing import Any, Callable, Dict, Iterable, Optional, Tuple

import torch
from torch import Tensor

from ipmot_mm.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class RowwiseAdamW(torch.optim.Optimizer):
    """AdamW in which absent rows stay bit for bit what they were.

    Dense AdamW moves every row in every step: by momentum and by weight
    decay. In a TrackBook that forgets the identities that are not in the
    clip. Here each row has its own step counter, moments and decay, which
    advance only when the sparse gradient names the row. With all rows in
    every step it equals ``torch.optim.AdamW``.

    Moments are made at the first step, so that the rows of a parameter may be
    allocated after the optimiser was built. Gradient clipping by norm does
    not work with sparse gradients: leave ``clip_grad`` out of the config.

    Args:
        params (Iterable): Parameters or groups, of shape (num_rows, dims).
        lr (float): Learning rate (paper, Section 4.2). Defaults to 3.5e-4.
        betas (tuple[float, float]): Decay of both moments. Defaults to
            (0.9, 0.999).
        eps (float): Added to the root of the second moment. Defaults to 1e-8.
        weight_decay (float): Decoupled, of present rows. Defaults to 1e-4.

    Example:
        >>> table = torch.nn.Parameter(torch.ones(3, 2))
        >>> optimizer = RowwiseAdamW([table], lr=0.1, weight_decay=0.)
        >>> row = torch.nn.functional.embedding(
        ...     torch.tensor([1]), table, sparse=True)
        >>> row.sum().backward()
        >>> optimizer.step()
        >>> [round(float(value), 4) for value in table[:, 0]]
        [1.0, 0.9, 1.0]
    """

    def __init__(self,
                 params: Iterable[Any],
                 *,
                 lr: float = 3.5e-4,
                 betas: Tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8,
                 weight_decay: float = 1e-4) -> None:
        if lr < 0 or eps < 0 or weight_decay < 0:
            raise ValueError(
                'lr, eps and weight_decay must not be negative, got '
                f'{lr}, {eps} and {weight_decay}.')
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f'betas must lie in [0, 1), got {betas}.')
        super().__init__(
            params,
            dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self,
             closure: Optional[Callable[[], Any]] = None) -> Optional[Any]:
        """Move the rows named by the sparse gradients.

        Args:
            closure (Callable, optional): Recomputes the loss. Defaults to
                None.

        Returns:
            Any: What the closure returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group['params']:
                if param.grad is not None:
                    self._step_rows(param, group)
        return loss

    def _step_rows(self, param: Tensor, group: Dict[str, Any]) -> None:
        if not param.grad.is_sparse:
            raise TypeError(
                'RowwiseAdamW expects sparse gradients, got a dense one for '
                f'a parameter of shape {tuple(param.shape)}. Look rows up by '
                'embedding(..., sparse=True), or use AdamW.')
        grad = param.grad.coalesce()
        rows, values = grad.indices()[0], grad.values()  # (K, ), (K, dims)
        state = self._state_of(param)
        beta1, beta2 = group['betas']
        steps = state['row_steps'][rows] + 1  # (K, )
        first = state['exp_avg'][rows].lerp(values, 1 - beta1)
        second = state['exp_avg_sq'][rows].mul(beta2).addcmul(
            values, values, value=1 - beta2)
        state['row_steps'][rows] = steps
        state['exp_avg'][rows] = first
        state['exp_avg_sq'][rows] = second

        # In float64, since 1 - beta ** step cancels in float32.
        steps = steps.double()[:, None]
        step_sizes = (group['lr'] / (1 - beta1**steps)).to(values)
        root_corrections = (1 - beta2**steps).sqrt().to(values)
        denominators = second.sqrt() / root_corrections + group['eps']
        decayed = param[rows] * (1 - group['lr'] * group['weight_decay'])
        param[rows] = decayed - step_sizes * first / denominators

    def _state_of(self, param: Tensor) -> Dict[str, Tensor]:
        state = self.state[param]
        if not state:
            # Not named "step", which torch would leave on the CPU when a
            # state is loaded.
            state['row_steps'] = torch.zeros(
                len(param), dtype=torch.float32, device=param.device)
            state['exp_avg'] = torch.zeros_like(param)
            state['exp_avg_sq'] = torch.zeros_like(param)
        if state['exp_avg'].shape != param.shape:
            raise ValueError(
                'RowwiseAdamW has moments of shape '
                f'{tuple(state["exp_avg"].shape)} for a parameter of shape '
                f'{tuple(param.shape)}. Resume with the data and model that '
                'the state was saved with.')
        return state
