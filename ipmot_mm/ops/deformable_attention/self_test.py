"""Whether kernels from elsewhere, or compiled here, compute what they should.

They are tried on the user's machine, once for a device and a type, before
they are taken without being asked for.
"""
import logging
from typing import Tuple

import torch
from mmengine.logging import print_log

from .functional import Attend, attend_torch

LIMITS = {torch.float32: 1e-3, torch.float64: 1e-3}
HALF_LIMIT = 5e-2


def agrees_with_torch(name: str, attend: Attend, device: torch.device,
                      dtype: torch.dtype, heads: Tuple[int, int],
                      samples: Tuple[int, int]) -> bool:
    """Try an implementation on small random tensors.

    Args:
        name (str): Of the implementation, for the log.
        attend (Callable): Arguments and result of :func:`attend_torch`.
        device (torch.device): To be tried.
        dtype (torch.dtype): Of the values.
        heads (tuple[int]): Heads, dims per head.
        samples (tuple[int]): Levels, points.

    Returns:
        bool: False, and a warning in the log, if it fails or differs.
    """
    try:
        difference = greatest_difference(attend, device, dtype, heads, samples)
    except Exception as error:  # a compiler may fail in any way
        reason = f'{type(error).__name__}: {error}'.splitlines()[0]
    else:
        if difference <= LIMITS.get(dtype, HALF_LIMIT):
            return True
        reason = f'results differ from PyTorch by {difference:.1e}'
    print_log(
        f'Backend {name!r} of deformable attention is not used: {reason}',
        logger='current',
        level=logging.WARNING)
    return False


def greatest_difference(attend: Attend, device: torch.device,
                        dtype: torch.dtype, heads: Tuple[int, int],
                        samples: Tuple[int, int]) -> float:
    """Between an implementation and PyTorch, of the output and all gradients.

    PyTorch computes on the CPU: on a GPU its sampling has no gradient under
    ``torch.use_deterministic_algorithms``.

    Args:
        attend (Callable): As the others, those of :func:`agrees_with_torch`.

    Returns:
        float: Norm of the difference over the norm, the largest of five.
    """
    num_levels = samples[0]
    shapes = [(5 + level, 7 + level) for level in range(num_levels)]
    num_positions = sum(h * w for h, w in shapes)
    generator = torch.Generator().manual_seed(0)
    sizes = ((2, num_positions, *heads), (2, 37, num_levels, 2),
             (2, 37, heads[0], *samples, 2), (2, 37, heads[0], *samples))
    results = []
    with torch.enable_grad(), torch.inference_mode(False):
        inputs = [
            torch.rand(size, generator=generator, device='cpu')
            for size in sizes
        ]
        # references stay float32, offsets are of some pixels
        inputs = [
            tensor if i == 1 else (tensor * 4 - 2).to(dtype)
            for i, tensor in enumerate(inputs)
        ]
        for function, place in ((attend_torch, 'cpu'), (attend, device)):
            given = [
                tensor.to(place).detach().requires_grad_() for tensor in inputs
            ]
            output = function(given[0], shapes, *given[1:])
            grads = torch.autograd.grad(output, given,
                                        torch.ones_like(output))
            results.append([
                tensor.detach().cpu().float() for tensor in (output, *grads)
            ])
    return max(((ours - theirs).norm() / theirs.norm()).item()
               for theirs, ours in zip(*results))
