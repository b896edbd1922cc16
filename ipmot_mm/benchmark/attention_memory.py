"""What the kinds of deformable attention keep, without computing it."""
from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence, Tuple
from unittest import mock

import torch
from torch import Tensor

from ipmot_mm.ops.deformable_attention.functional import (in_full_precision,
                                                          sampling_locations)

FORMS = ('pytorch', 'compiled', 'fused')
"""In PyTorch; mmcv's compiled op; one op on the raw projections, as the Triton
kernels are."""
CALLED = 'ipmot_mm.ops.deformable_attention.module.deformable_attention'


@contextmanager
def attention_form(form: str) -> Iterator[None]:
    """Let all modules of deformable attention take as much as one form.

    Results are without meaning, except for ``'pytorch'`` without a GPU.

    Args:
        form (str): Of ``FORMS``.
    """
    if form == 'pytorch':
        yield
        return
    with mock.patch(CALLED, _compiled if form == 'compiled' else _fused):
        yield


class _Operator(torch.autograd.Function):
    """Keeps its inputs, and its output if asked for."""

    @staticmethod
    def forward(ctx: Any, keeps_output: bool, value: Tensor,
                *others: Tensor) -> Tensor:
        output = value.new_empty(
            len(value), others[0].size(1), value.size(2) * value.size(3))
        ctx.save_for_backward(value, *others,
                              *([output] if keeps_output else []))
        return output

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tuple:
        inputs: List[Tensor] = list(ctx.saved_tensors)
        # added up in float32; of the type of the values afterwards
        sums = torch.zeros_like(inputs[0], dtype=torch.float32)
        grads = [
            torch.empty_like(tensor) if wanted else None
            for tensor, wanted in zip(inputs[1:], ctx.needs_input_grad[2:])
        ]
        return (None, sums.to(inputs[0].dtype), *grads)


def _fused(value: Tensor, spatial_shapes: Sequence[Tuple[int, int]],
           reference_points: Tensor, offsets: Tensor, logits: Tensor,
           backend: Any) -> Tensor:
    """As ``attend_triton``: values in their own type, no locations."""
    return _Operator.apply(True, value, reference_points.float(), offsets,
                           logits)


def _compiled(value: Tensor, spatial_shapes: Sequence[Tuple[int, int]],
              reference_points: Tensor, offsets: Tensor, logits: Tensor,
              backend: Any) -> Tensor:
    """As ``attend_mmcv``: float32, locations and weights made before."""
    dtype = value.dtype
    with torch.autocast(value.device.type, enabled=False):
        value, references, offsets, logits = in_full_precision(
            value, reference_points, offsets, logits)
        weights = logits.flatten(3).softmax(-1).view(logits.shape)
        locations = sampling_locations(references, offsets, spatial_shapes)
    return _Operator.apply(False, value.contiguous(), locations.contiguous(),
                           weights.contiguous()).to(dtype)
