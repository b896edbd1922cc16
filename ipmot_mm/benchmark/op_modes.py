"""How a counter sees what code asks of the device; see ``op_counts``."""
from collections import Counter
from typing import TYPE_CHECKING, Any, List
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from .op_counts import OpCounter

FREE = {
    'empty', 'empty_like', 'empty_strided', 'new_empty', 'new_empty_strided',
    '_unsafe_view', '_reshape_alias', 'detach', 'detach_', 'alias', 'lift',
    'lift_fresh', 'resize_', 'set_', 'is_same_size', 'scalar_tensor',
    '_has_compatible_shallow_copy_type'
}
"""Operators of aten that neither compute nor copy; views beside them."""
SYNCING = {
    '_local_scalar_dense', 'nonzero', 'masked_select', '_unique', '_unique2',
    'unique_dim', 'unique_consecutive', 'unique_dim_consecutive', 'equal',
    'bincount', 'is_nonzero'
}
"""Operators of aten for whose result the host always waits."""
NO_KERNEL = {'_local_scalar_dense', 'is_nonzero'}
FACTORIES = {
    torch.arange, torch.as_tensor, torch.empty, torch.eye, torch.full,
    torch.linspace, torch.ones, torch.rand, torch.randint, torch.randn,
    torch.randperm, torch.tensor, torch.zeros
}
READERS = {Tensor.cpu, Tensor.numpy, Tensor.tolist, Tensor.__array__}


class Operators(TorchDispatchMode):
    """Sees every operator below autograd, also those of a backward pass."""

    def __init__(self, counter: 'OpCounter') -> None:
        super().__init__()
        self.counter = counter

    def __torch_dispatch__(self,
                           func: Any,
                           types: Any,
                           args: tuple = (),
                           kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # torch.inference_mode leaves composed operators whole
        if func._can_decompose() and torch.is_inference_mode_enabled():
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        inputs = _tensors((args, kwargs))
        hosts = [self.counter.is_host(tensor) for tensor in inputs]
        result = func(*args, **kwargs)
        if not _is_view(func):
            self._judge(func, args, kwargs, inputs, hosts, result)
        return result

    def _judge(self, func: Any, args: tuple, kwargs: dict,
               inputs: List[Tensor], hosts: List[bool], result: Any) -> None:
        counter = self.counter
        name = func._schema.name.split('::')[-1]
        if inputs and all(hosts) and not _moves(func, kwargs, inputs[0]):
            for tensor in _tensors(result):
                counter.to_host(tensor)
            return
        is_copy = name in ('copy_', '_to_copy')
        if is_copy and self._judge_copy(name, args, kwargs, hosts, result):
            return
        for tensor in _tensors(result):
            if not any(tensor is given for given in inputs):
                counter.to_device(tensor)
        for _ in range(_num_waits(func, name, args, kwargs)):
            counter.sync(name)
        if name in FREE | NO_KERNEL:
            return
        results = _tensors(result)
        if not results or any(tensor.numel() for tensor in results):
            counter.by_name[name] += 1

    def _judge_copy(self, name: str, args: tuple, kwargs: dict,
                    hosts: List[bool], result: Tensor) -> bool:
        """Count a copy between host and device; False for any other."""
        counter = self.counter
        if name == 'copy_':
            to_host, from_host = hosts[0], len(hosts) > 1 and hosts[1]
            waits = not (args[2] if len(args) > 2 else kwargs.get(
                'non_blocking', False))
        else:
            to_host, from_host = counter.is_host(result), hosts[0]
            if counter.device == 'cpu':
                to_host = from_host
            waits = not kwargs.get('non_blocking', False)
        if to_host == from_host:
            return False
        if from_host:
            counter.upload(name)
        elif waits:
            counter.sync(name)
        return True


class Calls(TorchFunctionMode):
    """Sees what a CPU does without any operator, and plays the device."""

    def __init__(self, counter: 'OpCounter') -> None:
        super().__init__()
        self.counter = counter

    def __torch_function__(self,
                           func: Any,
                           types: Any,
                           args: tuple = (),
                           kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, '__name__', '')
        if func in FACTORIES or func is Tensor.new_tensor:
            return self._make(func, name, args, kwargs)
        if self.counter.device == 'cpu':  # else these are operators
            if func in READERS:
                return self._read(func, name, args, kwargs)
            if func is Tensor.to:
                return self._move(func, args, kwargs)
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            index = args[1] if isinstance(args[1], tuple) else (args[1], )
            for part in index:
                if isinstance(part, (list, np.ndarray)):
                    self.counter.upload('index by a list')
        return func(*args, **kwargs)

    def _read(self, func: Any, name: str, args: tuple, kwargs: dict) -> Any:
        tensor = args[0]
        if self.counter.is_host(tensor):
            return func(*args, **kwargs)
        self.counter.sync(name)
        result = func(*args, **kwargs)
        return self._host_copy(result) if func is Tensor.cpu else result

    def _host_copy(self, tensor: Tensor) -> Tensor:
        """A copy of its own memory, as a GPU would hand over."""
        with mock.patch.object(self.counter, 'by_name', Counter()):
            copied = tensor.clone()
        return self.counter.to_host(copied)

    def _make(self, func: Any, name: str, args: tuple, kwargs: dict) -> Any:
        counter = self.counter
        copies = func in (torch.tensor, torch.as_tensor, Tensor.new_tensor)
        on_device = (
            func is Tensor.new_tensor or kwargs.get('device') is not None)
        if not (copies or not on_device):
            return func(*args, **kwargs)
        source = args[0] if args else kwargs.get('data')
        if func is Tensor.new_tensor:
            source = args[1] if len(args) > 1 else kwargs.get('data')
        if func is torch.as_tensor and isinstance(source, Tensor):
            return func(*args, **kwargs)
        with mock.patch.object(counter, 'by_name', Counter()):
            result = func(*args, **kwargs)
        if not on_device or result.device.type != counter.device:
            return counter.to_host(result)
        counter.upload(name)
        return counter.to_device(result)

    def _move(self, func: Any, args: tuple, kwargs: dict) -> Tensor:
        tensor = args[0]
        target = kwargs.get('device', kwargs.get('other'))
        if target is None and len(args) > 1:
            target = args[1]
        is_host = self.counter.is_host(tensor)
        result = func(*args, **kwargs)
        if isinstance(target, str) and target == 'cpu':
            if is_host:
                return result
            if not kwargs.get('non_blocking', False):
                self.counter.sync('to')
            return self._host_copy(result)
        if is_host and (isinstance(target, (str, torch.device)) or
                        (isinstance(target, Tensor)
                         and not self.counter.is_host(target))):
            self.counter.upload('to')
            with mock.patch.object(self.counter, 'by_name', Counter()):
                return self.counter.to_device(result.clone())
        return result


def _num_waits(func: Any, name: str, args: tuple, kwargs: dict) -> int:
    """Times that the host waits in one operator."""
    if name in SYNCING:
        return 1
    if name in ('index', 'index_put', 'index_put_', '_index_put_impl_',
                '_unsafe_index', '_unsafe_index_put'):
        masks = sum(
            isinstance(part, Tensor) and part.dtype in (torch.bool,
                                                        torch.uint8)
            for part in args[1])
        fills = 'put' in name and args[2].numel() == 1 and not (len(args) > 3
                                                                and args[3])
        return 0 if fills else masks
    if name == 'repeat_interleave' and func._overloadname == 'Tensor':
        return int(kwargs.get('output_size') is None)
    if name == 'isin' and isinstance(args[1], Tensor):
        # ATen/native/TensorCompare.cpp: beyond this size it sorts, after a
        # search for unique values
        return int(args[1].numel() >= 10 * max(args[0].numel(), 1)**0.145)
    return 0


def _moves(func: Any, kwargs: dict, tensor: Tensor) -> bool:
    """Whether a result is on another kind of device than an input."""
    device = kwargs.get('device')
    return (device is not None
            and torch.device(device).type != tensor.device.type)


def _is_view(func: Any) -> bool:
    """Whether the result shares memory that was not written to."""
    returns = func._schema.returns
    return bool(returns) and all(
        item.alias_info is not None and not item.alias_info.is_write
        for item in returns)


def _tensors(tree: Any) -> List[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
