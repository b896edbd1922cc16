"""Operators of the frame step which torch does not translate to ONNX."""
from typing import Any, Callable, Dict, Tuple

import torch


def translations() -> Dict[Any, Callable]:
    """For ``custom_translation_table`` of ``torch.onnx.export``.

    Both come from :class:`QueryTracker`, which fills slots by sorting flags.

    Returns:
        dict: Operators of torch to functions that write ONNX.
    """
    aten = torch.ops.aten
    return {aten.sort.stable: sort_stable, aten.view.dtype: view_flags}


def sort_stable(self: Any,
                stable: bool = True,
                dim: int = -1,
                descending: bool = False) -> Tuple[Any, Any]:
    """Sort along an axis.

    ONNX gives the smaller index to the first of equal values ("TopK"), as a
    stable sort does. onnxruntime 1.17 sorts no 8-bit integers, so flags
    become 32-bit ones.
    """
    from onnxscript import ir
    from onnxscript import opset18 as op
    length = op.Constant(value_ints=[self.shape[dim]])
    flags = self.dtype == ir.DataType.UINT8
    values = op.Cast(self, to=ir.DataType.INT32) if flags else self
    values, inds = op.TopK(
        values, length, axis=dim, largest=int(descending), sorted=1)
    if flags:
        values = op.Cast(values, to=ir.DataType.UINT8)
    return values, inds


def view_flags(self: Any, dtype: int) -> Any:
    """Read bool as uint8, or uint8 that is 0 or 1 as bool.

    Raises:
        ValueError: If bits are to be read otherwise.
    """
    from onnxscript import ir
    from onnxscript import opset18 as op
    if {self.dtype, ir.DataType(dtype)} != {
            ir.DataType.BOOL, ir.DataType.UINT8}:
        raise ValueError(
            f'ONNX cannot read {self.dtype} as {ir.DataType(dtype)} bit by '
            'bit; leave Tensor.view(dtype) out of the tracker')
    return op.Cast(self, to=dtype)
