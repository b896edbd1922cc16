"""A batch in parts that fit into memory, with the gradient of the whole."""
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, List, Optional

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor


def check_micro_batch_size(size: Any) -> None:
    """Refuse what is no number of clips.

    Args:
        size (Any): ``model.micro_batch_size`` of a config.

    Raises:
        ValueError: If it is neither None nor a whole number from 1 on.
    """
    is_number = isinstance(size, int) and not isinstance(size, bool)
    if size is not None and not (is_number and size >= 1):
        raise ValueError(
            'model.micro_batch_size must be a whole number of clips from 1 '
            f'on, or None for the whole batch at once, got {size!r}.')


def refuse_accumulation(optim_wrapper: OptimWrapper) -> None:
    """Refuse a wrapper that would step in some iterations only.

    :class:`AlternatingOptimWrapperConstructor` refuses it earlier, from the
    config; a wrapper that was built without it gets here.

    Args:
        optim_wrapper (:obj:`OptimWrapper`): Of the tracker.

    Raises:
        ValueError: If it accumulates gradients over iterations.
    """
    counts = optim_wrapper._accumulative_counts
    if counts > 1:
        raise ValueError(
            f'IPMOT does not take optim_wrapper.accumulative_counts={counts}; '
            f'set train_dataloader.batch_size to {counts} times its value '
            'and model.micro_batch_size to the old one.')


def split_clips(data: Dict[str, Any],
                size: Optional[int]) -> List[Dict[str, Any]]:
    """Deal the clips of a batch out, in their order.

    Args:
        data (dict): Of the data loader: ``inputs`` and ``data_samples``, N
            of each.
        size (int, optional): Clips of a part; the last one may have fewer.
            None for one part.

    Returns:
        list[dict]: Parts with the same keys.
    """
    num_clips = len(data['data_samples'])
    if size is None or size >= num_clips:
        return [data]
    return [{key: values[start:start + size]
             for key, values in data.items()}
            for start in range(0, num_clips, size)]


def gradient_sync(model: torch.nn.Module,
                  enabled: bool) -> ContextManager[None]:
    """Whether the ranks average their gradients in this part.

    Both the forward and the backward pass have to lie inside.

    Args:
        model (nn.Module): A distributed wrapper, or a model that has nobody
            to talk to.
        enabled (bool): True in the last part of a batch.

    Returns:
        ContextManager: To be entered.
    """
    if enabled or not hasattr(model, 'no_sync'):
        return nullcontext()
    return model.no_sync()


def add_losses(total: Dict[str, Tensor],
               part: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Add the losses of a part to those of the batch, without their graph.

    Args:
        total (dict[str, Tensor]): Of the parts before; is changed.
        part (dict[str, Tensor]): Of this part.

    Returns:
        dict[str, Tensor]: ``total``.
    """
    for name, value in part.items():
        value = value.detach()
        total[name] = total[name] + value if name in total else value
    return total
