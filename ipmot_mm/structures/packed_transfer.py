"""Many small arrays between host and device in one copy."""
from typing import List, Sequence, Union

import numpy as np
import torch
from torch import Tensor

ALIGNMENT = 16
"""Bytes, so that a kernel may read every array with its widest loads."""


def to_device(arrays: Sequence[np.ndarray],
              device: Union[str, torch.device]) -> List[Tensor]:
    """Copy arrays to a device without waiting for it.

    To a GPU it is one copy from pinned memory, however many arrays there are;
    a copy of its own for each would cost a launch, and from pageable memory a
    wait. The memory stays pinned until the copy is done
    (pytorch/pytorch, aten/src/ATen/core/CachingHostAllocator.h).

    Args:
        arrays (sequence[np.ndarray]): Of any dtypes that torch knows and any
            shapes, also without elements.
        device (torch.device | str): Where to.

    Returns:
        list[Tensor]: Views of one buffer, of the same dtypes and shapes: to
        be read, not written in place.

    Example:
        >>> ids, is_valid = to_device(
        ...     [np.arange(3), np.array([True, False])], 'cpu')
        >>> ids, is_valid
        (tensor([0, 1, 2]), tensor([ True, False]))
    """
    starts, size = [], 0
    for array in arrays:
        starts.append(size)
        size += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    packed = torch.empty(
        size,
        dtype=torch.uint8,
        pin_memory=torch.device(device).type == 'cuda')
    memory = packed.numpy()
    for start, array in zip(starts, arrays):
        flat = np.ascontiguousarray(array).reshape(-1)
        memory[start:start + array.nbytes] = flat.view(np.uint8)
    moved = packed.to(device, non_blocking=True)
    return [
        moved[start:start + array.nbytes].view(_torch_dtype(array)).view(
            array.shape) for start, array in zip(starts, arrays)
    ]


def to_host(tensors: Sequence[Tensor]) -> List[np.ndarray]:
    """Copy tensors to the host, which waits for the device once.

    Args:
        tensors (sequence[Tensor]): Of any dtypes and shapes, at least one.

    Returns:
        list[np.ndarray]: Of the same dtypes and shapes, bit for bit;
        bfloat16, which numpy lacks, as float32.
    """
    tensors = [
        tensor.detach().float()
        if tensor.dtype is torch.bfloat16 else tensor.detach()
        for tensor in tensors
    ]
    packed = torch.cat([
        tensor.reshape(-1).view(torch.uint8) for tensor in tensors
    ]).cpu().numpy()
    arrays, start = [], 0
    for tensor in tensors:
        end = start + tensor.numel() * tensor.element_size()
        flat = packed[start:end].view(_numpy_dtype(tensor))
        arrays.append(flat.reshape(tuple(tensor.shape)))
        start = end
    return arrays


def _torch_dtype(array: np.ndarray) -> torch.dtype:
    return torch.from_numpy(np.empty(0, array.dtype)).dtype


def _numpy_dtype(tensor: Tensor) -> np.dtype:
    return torch.empty(0, dtype=tensor.dtype).numpy().dtype
