"""Batch norm that never learns, and keeps no input for its gradient."""
from typing import Any, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.registry import MODELS


@MODELS.register_module('FrozenBN')
class FrozenBatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` with fixed statistics, in less memory.

    torch keeps the input of a batch norm for the gradients of weight and
    bias, also where nobody wants them: in a ResNet of which the norms are
    frozen that is half of what the backbone stores. The gradient of the
    input does not need it. Values, gradients and checkpoints are those of
    ``nn.BatchNorm2d``. Where weights want a gradient or statistics move, it
    is that class.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        is_frozen = not (
            self.training or self.weight is None or self.running_mean is None
            or self.weight.requires_grad or self.bias.requires_grad)
        if not (is_frozen and input.requires_grad):
            return super().forward(input)
        return _FrozenNorm.apply(input, self.weight, self.bias,
                                 self.running_mean, self.running_var,
                                 self.eps)


class _FrozenNorm(torch.autograd.Function):
    """The kernels of torch, without what only the weights would need."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor,
                mean: Tensor, variance: Tensor, eps: float) -> Tensor:
        ctx.save_for_backward(weight, mean, variance)
        ctx.eps = eps
        return F.batch_norm(
            inputs, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tuple[Tensor, ...]:
        weight, mean, variance = ctx.saved_tensors
        # The second argument is the input, which is read for the gradient of
        # the weight alone.
        grad_input = torch.ops.aten.native_batch_norm_backward(
            grad, grad, weight, mean, variance, None, None, False, ctx.eps,
            [True, False, False])[0]
        return grad_input, None, None, None, None, None
