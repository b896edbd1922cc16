"""Annotations of a clip that pass from a worker to the trainer cheaply."""
from typing import Any, NamedTuple

from mmdet.structures import TrackDataSample
from mmengine.structures import BaseDataElement
from numpy import ndarray
from torch import Tensor, from_numpy


class ClipDataSample(TrackDataSample):
    """A ``TrackDataSample`` that is pickled with its tensors as arrays.

    torch sends every tensor of a batch through a file descriptor of its own,
    which costs the receiving process, the one that trains, about 0.4 ms each:
    more than the annotations of a small clip take to load. An array travels
    in the pickle itself. The images, few and large, still share memory.
    Tensors that NumPy does not know (bfloat16, on an accelerator, with a
    gradient) are pickled as they are.
    """

    def __reduce__(self) -> tuple:
        return unpack_element, (pack_element(self), )


class PackedTensor(NamedTuple):
    """A small tensor on its way, as an array that owns its memory."""
    array: ndarray


class PackedElement(NamedTuple):
    """A data element on its way: type and attributes."""
    kind: type
    state: dict


def pack_element(value: Any) -> Any:
    """A data element, a list of some or a tensor as plain objects.

    Args:
        value (object): What to send.

    Returns:
        object: What :func:`unpack_element` takes. Other values, and tensors
        that an array cannot stand for, stay as they are.
    """
    if isinstance(value, Tensor):
        try:
            return PackedTensor(value.numpy().copy())
        except (TypeError, RuntimeError):  # NumPy has no such array
            return value
    if isinstance(value, list):
        return [pack_element(each) for each in value]
    if isinstance(value, BaseDataElement):
        state = {key: pack_element(each) for key, each in vars(value).items()}
        return PackedElement(type(value), state)
    return value


def unpack_element(packed: Any) -> Any:
    """The value that was packed.

    Args:
        packed (object): What :func:`pack_element` returned.

    Returns:
        object: An equal value with memory of its own.
    """
    if isinstance(packed, PackedTensor):
        return from_numpy(packed.array)
    if isinstance(packed, list):
        return [unpack_element(each) for each in packed]
    if not isinstance(packed, PackedElement):
        return packed
    # as pickle does: the checks of the constructor were passed before
    element = packed.kind.__new__(packed.kind)
    vars(element).update(
        {key: unpack_element(each)
         for key, each in packed.state.items()})
    return element
