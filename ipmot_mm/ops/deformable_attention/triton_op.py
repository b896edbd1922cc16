"""The Triton kernels as operators of torch, with fake kernels and gradients.

Importing this file needs Triton and torch 2.4.
"""
from contextlib import nullcontext
from typing import ContextManager, List, Optional, Tuple

import torch
import triton
from torch import Tensor

from .triton_kernels import backward_kernel, forward_kernel

NUM_WARPS = 4
LIMIT = 2**31


def runs_on_cpu() -> bool:
    """Whether the kernels are those of Triton's interpreter."""
    return not isinstance(forward_kernel, triton.JITFunction)


@torch.library.custom_op('ipmot_mm::deformable_attention', mutates_args=())
def attend(value: Tensor, references: Tensor, offsets: Tensor, logits: Tensor,
           spatial_shapes: List[int]) -> Tensor:
    """Deformable attention on raw projections.

    Letters: B batch, S positions, H heads, D dims per head, Q queries, V
    levels, P points.

    Args:
        value (Tensor): Has shape (B, S, H, D), the last axis without gaps.
        references (Tensor): float32, has shape (B, Q, V, 2) or (B, Q, V, 4).
        offsets (Tensor): Has shape (B, Q, H, V, P, 2).
        logits (Tensor): Has shape (B, Q, H, V, P).
        spatial_shapes (list[int]): Height and width of each level in turn.

    Returns:
        Tensor: Has shape (B, Q, H * D) and the type of ``value``.
    """
    references, offsets, logits = [
        tensor.contiguous() for tensor in (references, offsets, logits)
    ]
    output = _new_output(value, references)
    if output.numel():
        with _on(value.device):
            forward_kernel[_grid(value, references)](
                value, references, offsets, logits, output,
                tuple(spatial_shapes), *_sizes(value, references),
                *value.stride()[:3],
                **_constants(value, references, offsets, output),
                num_warps=NUM_WARPS)
    return output


@attend.register_fake
def _(value, references, offsets, logits, spatial_shapes):
    return _new_output(value, references)


@torch.library.custom_op(
    'ipmot_mm::deformable_attention_backward', mutates_args=())
def attend_backward(
        grad: Tensor, output: Tensor, value: Tensor, references: Tensor,
        offsets: Tensor, logits: Tensor, spatial_shapes: List[int],
        with_value: bool,
        with_references: bool) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of :func:`attend`.

    Under ``torch.use_deterministic_algorithms`` the gradient of the values
    is added up by ``index_add_``, in an order that does not change from run
    to run. That takes 4 V P passes over (B, Q, H, D) numbers.

    Args:
        grad (Tensor): Of the output, has shape (B, Q, H * D).
        output (Tensor): What :func:`attend` returned.
        with_value (bool): Whether the values have a gradient.
        with_references (bool): Whether the references have a gradient.

    Returns:
        tuple[Tensor]: Of value, references, offsets and logits; empty where
        it was not asked for.
    """
    references, offsets, logits, grad = [
        tensor.contiguous() for tensor in (references, offsets, logits, grad)
    ]
    grads = _new_grads(value, references, offsets, logits, with_value,
                       with_references)
    if not output.numel():
        return tuple(tensor.zero_() for tensor in grads)
    constants = _constants(value, references, offsets, output, grad)
    atomic = with_value and not torch.are_deterministic_algorithms_enabled()
    sums = value.new_zeros(
        _dense(value) if atomic else 0, dtype=torch.float32)
    parts = references.new_empty(_per_head(offsets, references)
                                 if with_references else 0)
    with _on(value.device):
        backward_kernel[_grid(value, references)](
            value, references, offsets, logits, output, grad, sums, parts,
            grads[2], grads[3], tuple(spatial_shapes),
            *_sizes(value, references), *value.stride()[:3], value.size(1),
            **constants, WITH_VALUE=atomic, WITH_REFERENCES=with_references,
            num_warps=NUM_WARPS)
    if atomic:
        if constants['PACKED']:
            # the halves are the even and the odd dims
            sums = sums.unflatten(-1, (2, -1)).transpose(-1, -2)
        grads[0].view(sums.shape).copy_(sums)
    elif with_value:
        from .ordered_sums import value_gradient
        grads[0].copy_(
            value_gradient(grad, value, references, offsets, logits,
                           spatial_shapes))
    if with_references:
        torch.sum(parts, 2, out=grads[1])
    return tuple(grads)


@attend_backward.register_fake
def _(grad, output, value, references, offsets, logits, spatial_shapes,
      with_value, with_references):
    return tuple(
        _new_grads(value, references, offsets, logits, with_value,
                   with_references))


def _keep_for_backward(ctx, inputs, output) -> None:
    ctx.save_for_backward(output, *inputs[:4])
    ctx.spatial_shapes = inputs[4]


def _backward(ctx, grad: Tensor) -> Tuple[Optional[Tensor], ...]:
    wanted = ctx.needs_input_grad
    grads = attend_backward(grad, *ctx.saved_tensors, ctx.spatial_shapes,
                            wanted[0], wanted[1])
    return (*(found if want else None
              for found, want in zip(grads, wanted)), None)


attend.register_autograd(_backward, setup_context=_keep_for_backward)


def has_wide_rows(value: Tensor) -> bool:
    """Whether a position of one frame lies beyond 32-bit counting.

    Frames are always told apart in 64 bits.

    Args:
        value (Tensor): Has shape (B, S, H, D).
    """
    reach = max(value.stride(1), value.size(2) * value.size(3))
    return value.size(1) * reach >= LIMIT


def _new_output(value: Tensor, references: Tensor) -> Tensor:
    return value.new_empty(
        value.size(0), references.size(1),
        value.size(2) * value.size(3))


def _new_grads(value: Tensor, references: Tensor, offsets: Tensor,
               logits: Tensor, with_value: bool,
               with_references: bool) -> List[Tensor]:
    """Memory for the gradients, contiguous."""
    return [
        value.new_empty(_dense(value) if with_value else 0),
        references.new_empty(references.shape if with_references else 0),
        offsets.new_empty(offsets.shape),
        logits.new_empty(logits.shape)
    ]


def _dense(value: Tensor) -> torch.Size:
    return value.shape


def _per_head(offsets: Tensor, references: Tensor) -> Tuple[int, ...]:
    return (*offsets.shape[:4], references.size(-1))


def _sizes(value: Tensor, references: Tensor) -> Tuple[int, int]:
    return references.size(1), value.size(2)


def _block(dims: int) -> Tuple[int, int]:
    """Queries and half dims of a tile: 8 dims of a query in a thread."""
    half = triton.next_power_of_2(dims // 2)
    return max(NUM_WARPS * 32 * 4 // half, 1), half


def _grid(value: Tensor, references: Tensor) -> Tuple[int, int, int]:
    block = _block(value.size(3))[0]
    return (triton.cdiv(references.size(1), block), value.size(2),
            value.size(0))


def _constants(value: Tensor, references: Tensor, offsets: Tensor,
               *dense: Tensor) -> dict:
    """What the kernels are compiled for."""
    block, half = _block(value.size(3))
    return dict(
        NUM_LEVELS=offsets.size(3),
        NUM_POINTS=offsets.size(4),
        DIMS=value.size(3),
        HALF=half,
        BLOCK_Q=block,
        BOXES=references.size(-1) == 4,
        WIDE=has_wide_rows(value),
        PACKED=_is_packed(value, *dense))


def _is_packed(*tensors: Tensor) -> bool:
    """Whether all are bfloat16 in pairs that start on 32 bits."""
    return all(tensor.dtype == torch.bfloat16 and tensor.data_ptr() % 4 == 0
               and all(stride % 2 == 0 for stride in tensor.stride()[:-1])
               for tensor in tensors)


def _on(device: torch.device) -> ContextManager:
    """Triton launches on the current device."""
    if device.type == 'cuda':
        return torch.cuda.device(device)
    return nullcontext()
