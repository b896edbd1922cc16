"""Trap: ``--launcher pytorch`` needs a GPU.

``mmengine/dist/utils.py:130`` calls ``torch.cuda.set_device`` whatever the
machine has, and ``mmengine/runner/runner.py:899,911`` gives every wrapper a
GPU's index. Without CUDA the processes meet over gloo here, and models on
the CPU are wrapped without device ids.

Can go: when mmengine starts gloo by itself where there is no accelerator.
"""
import functools
from types import ModuleType
from typing import Callable

from .import_hooks import when_imported


def install_cpu_launcher() -> None:
    """Have processes on machines without GPU started with gloo."""
    when_imported('mmengine.dist.utils', _replace_start)
    when_imported('mmengine.model.wrappers.distributed', _replace_wrapper)


def _replace_start(dist_utils: ModuleType) -> None:
    start = dist_utils._init_dist_pytorch
    if not hasattr(start, '__wrapped__'):
        dist_utils._init_dist_pytorch = _with_gloo_on_cpu(start, dist_utils)


def _with_gloo_on_cpu(start: Callable, dist_utils: ModuleType) -> Callable:

    @functools.wraps(start)
    def start_process(backend: str, *args, **kwargs) -> None:
        if _has_accelerator(dist_utils):
            start(backend, *args, **kwargs)
            return
        import torch.distributed
        kwargs.pop('init_backend', None)
        torch.distributed.init_process_group(backend='gloo', **kwargs)

    return start_process


def _has_accelerator(dist_utils: ModuleType) -> bool:
    import torch
    return torch.cuda.is_available() or any(
        getattr(dist_utils, f'is_{kind}_available')()
        for kind in ('mlu', 'npu', 'musa')
        if hasattr(dist_utils, f'is_{kind}_available'))


def _replace_wrapper(wrappers: ModuleType) -> None:
    wrapper = wrappers.MMDistributedDataParallel
    construct = wrapper.__init__
    if hasattr(construct, '__wrapped__'):
        return

    @functools.wraps(construct)
    def construct_on_device(self, module, *args, **kwargs) -> None:
        if all(param.device.type == 'cpu' for param in module.parameters()):
            kwargs['device_ids'] = None
        construct(self, module, *args, **kwargs)

    wrapper.__init__ = construct_on_device
