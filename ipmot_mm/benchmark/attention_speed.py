"""Time and memory of the implementations of deformable attention."""
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import torch
from mmcv.ops.multi_scale_deform_attn import \
    multi_scale_deformable_attn_pytorch
from torch import Tensor

from ipmot_mm.ops.deformable_attention.backends import BACKENDS, attend_torch
from ipmot_mm.ops.deformable_attention.functional import (in_full_precision,
                                                          sampling_locations)

from .rounds import synchronize, time_in_turn

SPREAD = 2.0  # pixels of the offsets, one standard deviation
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
Attend = Callable[..., Tensor]


class Size(NamedTuple):
    """Sizes of one call.

    Attributes:
        num_frames (int): B.
        spatial_shapes (tuple[tuple[int, int]]): (h, w) of the levels.
        num_queries (int): Q; 0 for one at each position, as of an encoder.
        num_heads (int): H.
        dims (int): D, per head.
        num_points (int): P.
    """
    num_frames: int
    spatial_shapes: Tuple[Tuple[int, int], ...]
    num_queries: int
    num_heads: int = 8
    dims: int = 32
    num_points: int = 4


FULL = ((100, 192), (50, 96), (25, 48), (13, 24))  # of 1536 x 800
SMALL = ((24, 48), (12, 24), (6, 12), (3, 6))  # of 384 x 192
TINY = ((12, 20), (6, 10))
SIZES = dict(
    cuda=dict(
        encoder=Size(1, FULL, 0),
        decoder=Size(1, FULL, 350),
        five_frames=Size(5, FULL, 0)),
    cpu=dict(
        encoder=Size(1, SMALL, 0),
        decoder=Size(1, SMALL, 350),
        tiny_encoder=Size(8, TINY, 0, 4, 16),
        tiny_decoder=Size(4, TINY, 40, 4, 16)))


class Rival(NamedTuple):
    """One row: a function and the type of its inputs."""
    attend: Attend
    dtype: torch.dtype


def make_inputs(size: Size, device: torch.device,
                seed: int) -> Tuple[Tensor, Any, Tensor, Tensor, Tensor]:
    """Arguments of :func:`deformable_attention`, float32.

    References are the centres of the positions, or random points of as many
    queries; offsets are normal, since uniform locations would defeat the
    caches, which no model does.

    Args:
        size (:obj:`Size`): Sizes.
        device (torch.device): Where.
        seed (int): Of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    batch, heads = size.num_frames, size.num_heads
    num_levels = len(size.spatial_shapes)
    if size.num_queries:
        points = torch.rand(size.num_queries, 2, generator=generator)
    else:
        points = torch.cat([_centres(*shape) for shape in size.spatial_shapes])
    num_positions = sum(h * w for h, w in size.spatial_shapes)
    samples = (batch, len(points), heads, num_levels, size.num_points)
    value = torch.randn(
        batch, num_positions, heads, size.dims, generator=generator)
    references = points[None, :, None].repeat(batch, 1, num_levels, 1)
    offsets = SPREAD * torch.randn(*samples, 2, generator=generator)
    logits = torch.randn(samples, generator=generator)
    return (value.to(device), size.spatial_shapes, references.to(device),
            offsets.to(device), logits.to(device))


def _centres(height: int, width: int) -> Tensor:
    """(x, y) of all positions of a level, has shape (h * w, 2)."""
    y, x = torch.meshgrid(
        (torch.arange(height) + 0.5) / height,
        (torch.arange(width) + 0.5) / width,
        indexing='ij')
    return torch.stack([x.flatten(), y.flatten()], -1)


def attend_reference(value: Tensor, spatial_shapes: Sequence[Tuple[int, int]],
                     references: Tensor, offsets: Tensor,
                     logits: Tensor) -> Tensor:
    """mmcv's own function in PyTorch, with softmax and locations before."""
    dtype = value.dtype
    value, references, offsets, logits = in_full_precision(
        value, references, offsets, logits)
    weights = logits.flatten(3).softmax(-1).view(logits.shape)
    locations = sampling_locations(references, offsets, spatial_shapes)
    return multi_scale_deformable_attn_pytorch(
        value, torch.tensor(spatial_shapes), locations, weights).to(dtype)


def find_rivals(device: torch.device, dims: int) -> Dict[str, Rival]:
    """All that can be compared on a device, mmcv's function first.

    Args:
        device (torch.device): Where.
        dims (int): Per head.

    Returns:
        dict[str, :obj:`Rival`]: By name and type.
    """
    types = [torch.float32]
    if device.type == 'cuda':
        types.append(torch.bfloat16)
    rivals = {}
    for dtype in types:
        name = str(dtype).split('.')[-1]
        rivals[f"mmcv's function {name}"] = Rival(attend_reference, dtype)
        for key, backend in BACKENDS.items():
            interpreted = key == 'triton' and device.type != 'cuda'
            if interpreted or backend.missing() or backend.refuses(
                    device, dtype, dims):
                continue
            rivals[f'{key} {name}'] = Rival(backend.attend, dtype)
    return rivals


def measure_attention(size: Size,
                      device: torch.device,
                      *,
                      num_rounds: int,
                      num_calls: int,
                      clock: str,
                      num_inputs: int = 3) -> Dict[str, Dict[str, float]]:
    """Compare all rivals at one size, in turn.

    Softmax and location arithmetic are inside of the timing on all sides.
    Inputs are rotated.

    Args:
        size (:obj:`Size`): Sizes.
        device (torch.device): Where.
        num_rounds (int): Rounds; the median counts.
        num_calls (int): Calls in a round.
        clock (str): Of ``CLOCKS``.
        num_inputs (int): Sets of random inputs. Defaults to 3.

    Returns:
        dict[str, dict]: By rival: ``forward`` and ``both`` (forward and
        backward), seconds; ``error``, the largest relative difference from
        float64 of output and gradients; on a GPU ``memory``, the most bytes
        held beyond inputs during forward and backward.

    Raises:
        RuntimeError: If a rival computes something else.
    """
    sets = [make_inputs(size, device, seed) for seed in range(num_inputs)]
    forwards, both, result = {}, {}, {}
    exact = _results(attend_torch, _cast(sets[0], torch.float64))
    for name, rival in find_rivals(device, size.dims).items():
        inputs = [_cast(inputs, rival.dtype) for inputs in sets]
        error = _error(_results(rival.attend, inputs[0]), exact)
        if not error <= LIMITS[rival.dtype]:
            raise RuntimeError(
                f'{name} differs from float64 by {error:.1e}, more than '
                f'{LIMITS[rival.dtype]}: its time would mean nothing')
        result[name] = dict(error=error)
        if device.type == 'cuda':
            result[name]['memory'] = _extra_memory(rival.attend, inputs[0])
        forwards[name] = _Rotation(rival.attend, inputs, False)
        both[name] = _Rotation(rival.attend, inputs, True)
    options = dict(num_rounds=num_rounds, num_calls=num_calls, clock=clock)
    for key, calls in (('forward', forwards), ('both', both)):
        for name, seconds in time_in_turn(calls, **options).items():
            result[name][key] = seconds
    return result


def _cast(inputs: Sequence[Any], dtype: torch.dtype) -> List[Any]:
    """Inputs of one type; references keep at least float32."""
    value, shapes, references, *others = inputs
    if dtype == torch.float64:
        references = references.double()
    return [
        value.to(dtype), shapes, references,
        *[tensor.to(dtype) for tensor in others]
    ]


def _results(attend: Attend, inputs: Sequence[Any]) -> List[Tensor]:
    """Output and the gradients of value, offsets and logits."""
    value, shapes, references, offsets, logits = inputs
    leaves = [
        tensor.detach().requires_grad_() for tensor in (value, offsets, logits)
    ]
    output = attend(leaves[0], shapes, references, *leaves[1:])
    upstream = torch.linspace(
        -1, 1, output.size(-1), device=output.device).to(output.dtype)
    return [
        output.detach(), *torch.autograd.grad(output, leaves,
                                              upstream.expand_as(output))
    ]


def _error(found: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    """Norm of the difference over the norm, the largest of all."""
    return max(((one.double() - other.double()).norm() /
                other.double().norm()).item()
               for one, other in zip(found, exact))


def _extra_memory(attend: Attend, inputs: Sequence[Any]) -> int:
    """Bytes at the peak of forward and backward beyond those before."""
    _results(attend, inputs)
    synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    _results(attend, inputs)
    return torch.cuda.max_memory_allocated() - before


class _Rotation:
    """A call that takes the next set of inputs each time."""

    def __init__(self, attend: Attend, sets: Sequence[Sequence[Any]],
                 backward: bool) -> None:
        self.attend, self.sets, self.backward = attend, sets, backward
        self.count = 0

    def __call__(self) -> None:
        inputs = self.sets[self.count % len(self.sets)]
        self.count += 1
        if self.backward:
            _results(self.attend, inputs)
            return
        with torch.no_grad():
            self.attend(*inputs)
