"""The implementations of deformable attention, and which of them to take."""
import os
from importlib import import_module
from importlib.util import find_spec
from typing import Callable, Dict, NamedTuple, Optional, Tuple

import torch
from mmengine.logging import print_log
from torch import Tensor

from .functional import (Attend, Shapes, attend_torch, in_full_precision,
                         level_sizes, locations_and_weights,
                         sampling_locations)
from .self_test import agrees_with_torch

VARIABLE = 'IPMOT_DEFORMABLE_BACKEND'


class Backend(NamedTuple):
    """An implementation.

    Attributes:
        attend (Callable): Arguments and result of
            :func:`deformable_attention`, without the choice.
        missing (Callable): Says what must be installed, None if nothing.
        refuses (Callable): Says why it cannot take values of a device, a
            type and a number of dims per head, None if it can.
        install (str): Remedy for what is missing.
    """
    attend: Attend
    missing: Callable[[], Optional[str]]
    refuses: Callable[[torch.device, torch.dtype, int], Optional[str]]
    install: str


def attend_mmcv(value: Tensor, spatial_shapes: Shapes,
                reference_points: Tensor, offsets: Tensor,
                logits: Tensor) -> Tensor:
    """By the compiled op of mmcv, which knows no bfloat16."""
    from mmcv.ops.multi_scale_deform_attn import \
        MultiScaleDeformableAttnFunction
    inputs = in_full_precision(
        value,
        *locations_and_weights(spatial_shapes, reference_points, offsets,
                               logits))
    shapes, starts = _shape_tensors(spatial_shapes, value)
    output = MultiScaleDeformableAttnFunction.apply(
        inputs[0].contiguous(), shapes, starts, inputs[1].contiguous(),
        inputs[2].contiguous(), value.size(0))
    return output.to(value.dtype)


def attend_deformops(value: Tensor, spatial_shapes: Shapes,
                     reference_points: Tensor, offsets: Tensor,
                     logits: Tensor) -> Tensor:
    """By the Triton kernels of deformops 3 (github.com/tue-p8n/deformops).

    It wants weights of the type of the values, and takes raw logits.
    """
    from deformops.registry import msda
    locations = sampling_locations(reference_points.float(), offsets,
                                   spatial_shapes)
    return msda(
        value,
        *_shape_tensors(spatial_shapes, value),
        locations,
        logits.flatten(3).to(value.dtype),
        method='softmax')


def attend_triton(value: Tensor, spatial_shapes: Shapes,
                  reference_points: Tensor, offsets: Tensor,
                  logits: Tensor) -> Tensor:
    """By the Triton kernels of this package."""
    from .triton_op import attend
    if value.stride(-1) != 1:
        value = value.contiguous()
    return attend(value, reference_points.float(), offsets, logits,
                  [size for shape in spatial_shapes for size in shape])


def _shape_tensors(spatial_shapes: Shapes,
                   like: Tensor) -> Tuple[Tensor, Tensor]:
    """(h, w) and the first position of each level, int64 on the device."""
    sizes = level_sizes(spatial_shapes, like.new_empty(0, dtype=torch.float64))
    shapes = sizes.flip(-1).long()
    ends = shapes.prod(1).cumsum(0)
    return shapes, ends - shapes.prod(1)


def _mmcv_missing() -> Optional[str]:
    try:
        from mmcv.ops.multi_scale_deform_attn import ext_module
    except ImportError:
        return 'mmcv has no ops'
    # the stand-in of ipmot_mm.compat is no file
    if getattr(ext_module, '__file__', None) is None:
        return 'mmcv came without compiled ops'
    return None


def _deformops_missing() -> Optional[str]:
    return None if find_spec('deformops') else 'deformops is not installed'


def _triton_missing() -> Optional[str]:
    if not find_spec('triton'):
        return 'triton is not installed'
    if not hasattr(torch.library, 'custom_op'):
        return f'torch {torch.__version__} is older than 2.4'
    return None


def _not_on_cuda(device: torch.device, *_) -> Optional[str]:
    return None if device.type == 'cuda' else f'values are on {device}'


def _refused_by_triton(device: torch.device, dtype: torch.dtype,
                       dims: int) -> Optional[str]:
    if dtype == torch.float64:
        return 'values are float64'
    if dims % 2:
        return f'{dims} dims per head are an odd number'
    on_cpu = device.type == 'cpu'
    if on_cpu and import_module('.triton_op', __package__).runs_on_cpu():
        return None
    return _not_on_cuda(device)


BACKENDS: Dict[str, Backend] = {
    'deformops':
    Backend(
        attend_deformops, _deformops_missing, _not_on_cuda,
        '`pip install "ipmot_mm[gpu]"`, which needs Python 3.12 or 3.13'),
    'mmcv':
    Backend(
        attend_mmcv, _mmcv_missing, _not_on_cuda,
        '`pip uninstall -y mmcv-lite` and `pip install "ipmot_mm[mim]"`'),
    'triton':
    Backend(attend_triton, _triton_missing, _refused_by_triton,
            '`pip install "ipmot_mm[gpu]"`'),
    'torch':
    Backend(attend_torch, lambda: None, lambda *_: None, 'nothing'),
}
CHOICES = ('auto', *BACKENDS)
_default: Optional[str] = None
_found: Dict[tuple, str] = {}


def set_default_backend(name: Optional[str]) -> None:
    """Choose for all modules that have no choice of their own.

    Args:
        name (str, optional): One of ``CHOICES``; None for the environment
            variable IPMOT_DEFORMABLE_BACKEND, and 'auto' without it.

    Raises:
        ValueError: If there is no such backend.
    """
    global _default
    _default = None if name is None else check_choice(name, 'backend')


def check_choice(name: str, source: str) -> str:
    """The name, if it is one.

    Args:
        name (str): To be found in ``CHOICES``.
        source (str): Who asks, for the message.

    Raises:
        ValueError: If there is no such backend.
    """
    if name not in CHOICES:
        raise ValueError(f'{source} of deformable attention must be one of '
                         f'{", ".join(CHOICES)}, got {name!r}')
    return name


def deformable_attention(value: Tensor,
                         spatial_shapes: Shapes,
                         reference_points: Tensor,
                         offsets: Tensor,
                         logits: Tensor,
                         backend: Optional[str] = None) -> Tensor:
    """Deformable attention on raw projections, by the best means at hand.

    Deformable DETR (https://arxiv.org/abs/2010.04159), Eq. 3: softmax of the
    logits over levels and points, reference points plus offsets, weighted
    bilinear samples.

    Letters: B batch, S positions over all levels, H heads, D dims per head,
    Q queries, V levels, P points.

    Args:
        value (Tensor): Has shape (B, S, H, D), with strides of any kind.
        spatial_shapes (sequence[tuple[int, int]]): Height and width of each
            level, Python integers.
        reference_points (Tensor): (cx, cy) or (cx, cy, w, h) in [0, 1], has
            shape (B, Q, V, 2) or (B, Q, V, 4).
        offsets (Tensor): In pixels of their level, or in 1 / (2 P) of the
            reference box, has shape (B, Q, H, V, P, 2).
        logits (Tensor): Has shape (B, Q, H, V, P).
        backend (str, optional): One of ``CHOICES``. Defaults to that of
            :func:`set_default_backend`.

    Returns:
        Tensor: Has shape (B, Q, H * D) and the type of ``value``. Positions
        and sums are float32 or wider inside.

    Raises:
        ValueError: If the backend is unknown, not installed or unable to
            take these tensors.
    """
    chosen = backend or _default
    name = check_choice(chosen or os.environ.get(VARIABLE) or 'auto',
                        'backend' if chosen else f'{VARIABLE}, the backend')
    if name == 'auto':
        name = find_backend(value, offsets)
    else:
        demand(name, value.device, value.dtype, value.size(-1))
    return BACKENDS[name].attend(value, spatial_shapes, reference_points,
                                 offsets, logits)


def demand(name: str, device: torch.device, dtype: torch.dtype,
           dims: int) -> None:
    """Raise unless a backend can take such values.

    Raises:
        ValueError: Says what to install, or what to take instead.
    """
    missing = BACKENDS[name].missing()
    if missing is not None:
        raise ValueError(
            f'backend {name!r} of deformable attention is not available: '
            f'{missing}; install it with {BACKENDS[name].install}, or take '
            "'auto'")
    refusal = BACKENDS[name].refuses(device, dtype, dims)
    if refusal is not None:
        raise ValueError(f'backend {name!r} of deformable attention cannot '
                         f"run: {refusal}; take 'auto' or 'torch'")


def find_backend(value: Tensor, offsets: Tensor) -> str:
    """What 'auto' means for these tensors.

    On a CUDA device the first that is there and gives PyTorch's results on
    that device: deformops, mmcv's compiled op, our Triton kernels; elsewhere
    PyTorch. Under ``torch.use_deterministic_algorithms`` only our kernels
    come into question, since the others add gradients in any order.

    Args:
        value (Tensor): Has shape (B, S, H, D).
        offsets (Tensor): Has shape (B, Q, H, V, P, 2).

    Returns:
        str: Key of ``BACKENDS``.
    """
    if not value.is_cuda:
        return 'torch'
    return _find_on_cuda(value.device, value.dtype, tuple(value.shape[2:]),
                         tuple(offsets.shape[3:5]),
                         torch.are_deterministic_algorithms_enabled())


def _find_on_cuda(device: torch.device, dtype: torch.dtype,
                  heads: Tuple[int, int], samples: Tuple[int, int],
                  deterministic: bool) -> str:
    """As :func:`find_backend`; the answer is kept."""
    key = (device, dtype, heads, samples, deterministic)
    if key not in _found:
        names = ('triton', ) if deterministic else ('deformops', 'mmcv',
                                                    'triton')
        for name in names:
            backend = BACKENDS[name]
            if backend.missing() or backend.refuses(device, dtype, heads[1]):
                continue
            if agrees_with_torch(name, backend.attend, *key[:4]):
                _found[key] = name
                break
        else:
            _found[key] = 'torch'
        print_log(
            f'Deformable attention on {device} in {dtype}: backend '
            f'{_found[key]!r}.',
            logger='current')
    return _found[key]


def choose_while_compiling() -> None:
    """Let torch.compile take the choice of a backend for a constant.

    To be called before a model is compiled. No decorators, since they would
    import the compiler in every process.
    """
    for function in (demand, _find_on_cuda):
        torch.compiler.assume_constant_result(function)
