"""Trap: without compiled ops (``mmcv-lite``) mmdet cannot be imported.

``mmcv/ops/*.py`` are part of mmcv-lite, yet each of them loads ``mmcv._ext``,
and nearly every package of mmdet 3.3 imports one of them
(``mmdet/structures/mask/structures.py:12``): ``No module named 'mmcv._ext'``.
A stand-in module makes the imports work. It computes, in PyTorch and on any
device, the ops which a deformable DETR runs; any other op raises an error
that says how to get it. Compiled ops are left alone.

Can go: when mmdet imports ``mmcv.ops`` lazily, or wheels of compiled mmcv
exist for today's torch.
"""
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Callable

EXTENSION = 'mmcv._ext'


class MissingOpError(RuntimeError):
    """A compiled op of mmcv was called which this installation lacks."""


class CompiledOpsStandIn(ModuleType):
    """Module with the ops below; every other name is an op that raises."""

    def __init__(self) -> None:
        super().__init__(EXTENSION, 'Stand-in of ipmot_mm for compiled ops.')
        # a module without a spec makes importlib.util.find_spec raise
        self.__spec__ = ModuleSpec(EXTENSION, None)

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)
        return _missing_op(name)


def _missing_op(name: str) -> Callable:

    def missing(*args, **kwargs):
        raise MissingOpError(
            f"mmcv op '{name}' is compiled code, but the installed mmcv came "
            'without it (mmcv-lite); install compiled ops with '
            '`pip uninstall -y mmcv-lite` and then `pip install '
            '"ipmot_mm[mim]"`, or take a form of this op from '
            'torchvision.ops')

    return missing


def has_compiled_ops() -> bool:
    """Whether mmcv's own extension is installed; mmcv is not imported."""
    package = find_spec('mmcv')
    if package is None or not package.submodule_search_locations:
        return False
    locations = list(package.submodule_search_locations)
    return PathFinder.find_spec(EXTENSION, locations) is not None


def install_ops_fallback() -> None:
    """Put the stand-in where mmcv looks for its extension, if that is absent.

    To be called before the first import of ``mmcv.ops``.
    """
    if EXTENSION in sys.modules or has_compiled_ops():
        return
    module = CompiledOpsStandIn()
    for function in (ms_deform_attn_forward, ms_deform_attn_backward,
                     sigmoid_focal_loss_forward, sigmoid_focal_loss_backward,
                     get_compiler_version, get_compiling_cuda_version):
        setattr(module, function.__name__, function)
    sys.modules[EXTENSION] = module


def get_compiler_version() -> str:
    """What mmcv's collect_env prints."""
    return 'not available'


def get_compiling_cuda_version() -> str:
    """What mmcv's collect_env prints."""
    return 'not available'


def _deformable_attention(value, spatial_shapes, sampling_locations,
                          attention_weights):
    """The op of this package, whose fastest form suits the device."""
    from ipmot_mm.ops.deformable_attention import multi_scale_deformable_attn
    return multi_scale_deformable_attn(value,
                                       [(int(h), int(w))
                                        for h, w in spatial_shapes.tolist()],
                                       sampling_locations, attention_weights)


def ms_deform_attn_forward(value,
                           value_spatial_shapes,
                           value_level_start_index,
                           sampling_locations,
                           attention_weights,
                           im2col_step=64):
    """Multi-scale deformable attention, called by mmcv's autograd function.

    Args:
        value (Tensor): Has shape (bs, num_keys, num_heads, head_dims).
        value_spatial_shapes (Tensor): (h, w) per level, int64, has shape
            (num_levels, 2).
        value_level_start_index (Tensor): Follows from the shapes, unused.
        sampling_locations (Tensor): (x, y) in [0, 1], has shape
            (bs, num_queries, num_heads, num_levels, num_points, 2).
        attention_weights (Tensor): Has shape
            (bs, num_queries, num_heads, num_levels, num_points).
        im2col_step (int): Of the compiled kernel, unused.

    Returns:
        Tensor: Has shape (bs, num_queries, num_heads * head_dims).
    """
    return _deformable_attention(value, value_spatial_shapes,
                                 sampling_locations, attention_weights)


def ms_deform_attn_backward(value,
                            value_spatial_shapes,
                            value_level_start_index,
                            sampling_locations,
                            attention_weights,
                            grad_output,
                            grad_value,
                            grad_sampling_loc,
                            grad_attn_weight,
                            im2col_step=64):
    """Fill the three gradient tensors in place.

    Shapes are those of :func:`ms_deform_attn_forward`; ``grad_output`` has
    the shape of its result, each ``grad_*`` that of its argument.
    """
    import torch
    inputs = [
        tensor.detach().requires_grad_()
        for tensor in (value, sampling_locations, attention_weights)
    ]
    with torch.enable_grad():
        output = _deformable_attention(inputs[0], value_spatial_shapes,
                                       *inputs[1:])
    grads = torch.autograd.grad(output, inputs, grad_output)
    for target, grad in zip((grad_value, grad_sampling_loc, grad_attn_weight),
                            grads):
        target.copy_(grad)


def _sigmoid_focal_loss(logits, target, weight, gamma, alpha):
    """Focal loss per logit, has shape (num_samples, num_classes).

    A target outside [0, num_classes) is background. ``weight`` is one factor
    per class of the target, or empty.
    """
    import torch
    from torch.nn import functional
    classes = torch.arange(logits.size(1), device=logits.device)
    is_target = target[:, None] == classes
    probs = logits.sigmoid()
    positive = -alpha * (1 - probs)**gamma * functional.logsigmoid(logits)
    negative = -(1 - alpha) * probs**gamma * functional.logsigmoid(-logits)
    loss = torch.where(is_target, positive, negative)
    if weight.numel():
        # background has no class, hence the factor 1
        factors = torch.cat([weight, weight.new_ones(1)])
        is_class = (target >= 0) & (target < logits.size(1))
        rows = torch.where(is_class, target, logits.size(1))
        loss = loss * factors[rows][:, None]
    return loss


def sigmoid_focal_loss_forward(input, target, weight, output, gamma, alpha):
    """Fill ``output`` in place with the focal loss per logit.

    Args:
        input (Tensor): Logits, has shape (num_samples, num_classes).
        target (Tensor): Class indices, int64, has shape (num_samples, ).
        weight (Tensor): Has shape (num_classes, ), or empty for none.
        output (Tensor): Has the shape of ``input``.
        gamma (float): Focusing parameter.
        alpha (float): Weight of positives; negatives have 1 - alpha.
    """
    output.copy_(_sigmoid_focal_loss(input, target, weight, gamma, alpha))


def sigmoid_focal_loss_backward(input, target, weight, grad_input, gamma,
                                alpha):
    """Fill ``grad_input`` in place with d(sum of losses) / d(logits)."""
    import torch
    logits = input.detach().requires_grad_()
    with torch.enable_grad():
        total = _sigmoid_focal_loss(logits, target, weight, gamma, alpha).sum()
    grad_input.copy_(torch.autograd.grad(total, logits)[0])
