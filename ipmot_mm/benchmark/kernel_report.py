"""What the Triton kernels are compiled to, counted without a GPU."""
import re
import subprocess
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, Tuple

import torch
from torch import Tensor

from .attention_speed import FULL

# an H200: 132 multiprocessors issue 4 warp instructions each at 1.755 GHz
INSTRUCTIONS_PER_SECOND = 132 * 4 * 1.755e9
Shapes = Tuple[Tuple[int, int], ...]
HEADS, DIMS, POINTS = 8, 32, 4
NAMES = {torch.float32: 'fp32', torch.bfloat16: 'bf16'}
FLOOR_US = dict(forward=46., backward=155.)
"""What a kernel in bfloat16 with nothing but the arithmetic of the locations,
loads of 16 bytes and, backward, atomics of vectors would take at the least,
an estimate from its instructions."""
MMCV_US = dict(forward=289., backward=959.)
"""``issue_us`` of the original operator (mmcv 2.2.0, one thread for each
channel, float32), counted in the same way."""
IN_VALUE_TYPE = ('value', 'offsets', 'logits', 'output', 'grad_output',
                 'grad_offsets', 'grad_logits')


def report_kernels(architecture: int = 90,
                   shapes: Shapes = FULL) -> Dict[str, Dict[str, Any]]:
    """Compile forward and backward in both types for the full encoder.

    Args:
        architecture (int): Compute capability, 90 for 9.0. Defaults to 90.
        shapes (tuple[tuple[int, int]]): (h, w) of the levels. Defaults to
            those of frames of 1536 x 800.

    Returns:
        dict[str, dict]: By kernel and type: see :func:`count`, and
        ``issue_us``, the microseconds that an H200 takes to issue the
        instructions of one encoder layer, a floor of its time. For frames of
        1536 x 800 also ``floor_us`` and ``mmcv_us``, see ``FLOOR_US`` and
        ``MMCV_US``.

    Raises:
        ValueError: If Triton is missing, or set to interpret, or does not
            know the architecture.
    """
    if find_spec('triton') is None:
        raise ValueError('kernels needs Triton: `pip install triton`')
    from ipmot_mm.ops.deformable_attention import triton_op
    if triton_op.runs_on_cpu():
        raise ValueError('kernels compiles, which the environment variable '
                         'TRITON_INTERPRET=1 forbids: unset it')
    result = {}
    for dtype, name in NAMES.items():
        for kernel, options in (
            (triton_op.forward_kernel, {}),
            (triton_op.backward_kernel,
             dict(WITH_VALUE=True, WITH_REFERENCES=False))):
            tensors = _example(dtype, shapes)
            constants = dict(triton_op._constants(*tensors), **options)
            found = count(
                _compile(kernel, name, constants, architecture,
                         triton_op.NUM_WARPS), architecture)
            programs = 1
            for size in triton_op._grid(*tensors[:2]):
                programs *= size
            found['issue_us'] = 1e6 * (
                programs * triton_op.NUM_WARPS * found['instructions'] /
                INSTRUCTIONS_PER_SECOND)
            direction = kernel.__name__.split('_')[0]
            if shapes == FULL:
                found['floor_us'] = FLOOR_US[direction]
                found['mmcv_us'] = MMCV_US[direction]
            result[f'{direction} {name}'] = found
    return result


def _example(dtype: torch.dtype, shapes: Shapes) -> Tuple[Tensor, ...]:
    """Value, references, offsets and output of one frame, without data."""
    num = sum(h * w for h, w in shapes)
    sizes = ((1, num, HEADS, DIMS), (1, num, len(shapes), 2),
             (1, num, HEADS, len(shapes), POINTS, 2), (1, num, HEADS * DIMS))
    return tuple(
        torch.empty(size, dtype=dtype, device='meta') for size in sizes)


def _compile(kernel: Any, element: str, constants: Dict[str, Any],
             architecture: int, num_warps: int) -> Any:
    """A kernel as Triton compiles it for aligned, contiguous tensors."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
    from triton.runtime.errors import PTXASError
    signature, aligned = {}, {}
    for i, name in enumerate(kernel.arg_names):
        if name in constants:
            signature[name] = 'constexpr'
        elif name == 'shapes':
            signature[name] = ('i32', ) * (2 * constants['NUM_LEVELS'])
        elif name.startswith(('num_', 'value_stride')):
            signature[name] = 'i32'
        else:
            signature[name] = '*' + (
                element if name in IN_VALUE_TYPE else 'fp32')
        is_pointer = str(signature[name]).startswith('*')
        if is_pointer or name.startswith('value_stride'):
            aligned[(i, )] = [['tt.divisibility', 16]]
    places = {(kernel.arg_names.index(name), ): value
              for name, value in constants.items()}
    source = ASTSource(
        fn=kernel, signature=signature, constexprs=places, attrs=aligned)
    try:
        return triton.compile(
            source,
            target=GPUTarget('cuda', architecture, 32),
            options=dict(num_warps=num_warps))
    except PTXASError as error:
        raise ValueError(
            f'Triton {triton.__version__} does not compile for compute '
            f'capability {architecture}; give one of a GPU, such as 90 for '
            '9.0.') from error


def count(compiled: Any, architecture: int) -> Dict[str, Any]:
    """Instructions and resources of a compiled kernel.

    The kernels have no loop, so that an instruction of the text is one that
    a warp executes once.

    Args:
        compiled (CompiledKernel): Of Triton.
        architecture (int): It was compiled for.

    Returns:
        dict: ``instructions`` of a warp, ``registers`` of a thread,
        ``stack`` bytes of a thread, ``spills`` (loads and stores of
        registers), ``shared`` bytes of a program, ``loads`` and ``atomics``
        by width in bytes, ``barriers``.
    """
    text = _disassemble(compiled.asm['cubin'], '-sass')
    usage = _disassemble(compiled.asm['cubin'], '-res-usage')
    opcodes = Counter(
        re.findall(r'^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)',
                   text, re.MULTILINE))
    opcodes = Counter(
        {name: number
         for name, number in opcodes.items() if name != 'NOP'})

    def total(prefix: str) -> int:
        return sum(number for name, number in opcodes.items()
                   if name.startswith(prefix))

    def resource(name: str) -> int:
        return int(re.search(rf'{name}:(\d+)', usage).group(1))

    return dict(
        architecture=architecture,
        instructions=sum(opcodes.values()),
        registers=resource('REG'),
        stack=resource('STACK'),
        spills=total('LDL') + total('STL'),
        shared=compiled.metadata.shared,
        wide_loads=total('LDG.E.128'),
        loads=total('LDG'),
        wide_atomics=sum(number for name, number in opcodes.items()
                         if name.startswith('RED') and 'x4' in name),
        atomics=total('RED') + total('ATOM'),
        barriers=total('BAR'))


def _disassemble(binary: bytes, option: str) -> str:
    """What the ``cuobjdump`` that comes with Triton prints of a binary."""
    import triton
    program = (
        Path(triton.__file__).parent / 'backends' / 'nvidia' / 'bin' /
        'cuobjdump')
    with tempfile.NamedTemporaryFile(suffix='.cubin') as file:
        file.write(binary)
        file.flush()
        return subprocess.run([str(program), option, file.name],
                              capture_output=True,
                              text=True,
                              check=True).stdout
