"""The loss that is optimised, and the values to log."""
from typing import Dict, Mapping, Sequence, Tuple, Union

import torch
from torch import Tensor


def total_loss(
    losses: Mapping[str, Union[Tensor, Sequence[Tensor]]]
) -> Tuple[Tensor, Dict[str, Tensor]]:
    """Add up all values whose name has "loss" in it.

    As mmengine's ``parse_losses`` (mmengine 0.10.7,
    mmengine/model/base_model/base_model.py), but two kernels instead of two
    for each value, and a backward pass of as many.

    Args:
        losses (dict): Tensors, of which the mean counts, or lists of them.

    Returns:
        tuple[Tensor, dict[str, Tensor]]: The loss, and ``loss`` with all
        values, which share their memory and have no graph.

    Raises:
        TypeError: If a value is none of both.
    """
    names = sorted(losses, key=lambda name: 'loss' not in name)  # is stable
    stacked = torch.stack([_scalar(name, losses[name]) for name in names])
    num_losses = sum('loss' in name for name in names)
    loss = stacked[:num_losses].sum()
    values = dict(zip(names, stacked.detach().unbind()))
    log_vars = dict(loss=loss.detach())
    log_vars.update((name, values[name]) for name in losses)
    return loss, log_vars


def _scalar(name: str, value: Union[Tensor, Sequence[Tensor]]) -> Tensor:
    if isinstance(value, (list, tuple)) and value:
        return sum(_scalar(name, part) for part in value)
    if not isinstance(value, Tensor):
        raise TypeError(
            f'The value {name!r} of the losses must be a tensor or a list of '
            f'tensors, got {type(value).__name__}. Wrap a number: '
            'torch.tensor(number, device=...).')
    return value.float() if value.dim() == 0 else value.float().mean()
