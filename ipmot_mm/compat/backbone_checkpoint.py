"""Trap: ``with_cp`` of mmdet's backbones does not work with today's torch.

mmdet 3.3 calls ``cp.checkpoint(_inner_forward, x)``
(``mmdet/models/backbones/resnet.py:88,296`` and seven files more) without
``use_reentrant``. That is the reentrant form, of which torch warns, which
fails under DistributedDataParallel with ``find_unused_parameters=True``
("Expected to mark a variable ready only once") and which a later torch
refuses. The name ``cp`` of those files gets the other form here.

The recomputation would also move the running statistics of a trained batch
norm a second time, which here it does not.

Can go: when mmdet passes ``use_reentrant=False``.
"""
from contextlib import contextmanager, nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, ContextManager, Iterator, List, Tuple

from .import_hooks import when_imported

MODULES = tuple(
    f'mmdet.models.{name}'
    for name in ('backbones.detectors_resnet', 'backbones.efficientnet',
                 'backbones.res2net', 'backbones.resnest', 'backbones.resnet',
                 'backbones.swin', 'backbones.trident_resnet',
                 'layers.inverted_residual'))


def install_backbone_checkpoint() -> None:
    """Have the backbones of mmdet recompute without reentrance."""
    for name in MODULES:
        when_imported(name, _replace_checkpoint)


def _replace_checkpoint(module: ModuleType) -> None:
    module.cp = SimpleNamespace(checkpoint=checkpoint_block)


def checkpoint_block(function: Callable, *args: Any) -> Any:
    """Run a part of a block now, and once more in the backward pass.

    Args:
        function (Callable): Local function of a method, as mmdet has them;
            the block is the ``self`` that it closes over.
        args (tuple): Its arguments.

    Returns:
        Any: What it returns.
    """
    from torch.utils.checkpoint import checkpoint

    def contexts() -> Tuple[ContextManager, ContextManager]:
        return nullcontext(), _unmoved_statistics(function)

    return checkpoint(
        function, *args, use_reentrant=False, context_fn=contexts)


@contextmanager
def _unmoved_statistics(function: Callable) -> Iterator[None]:
    """Let batch norms normalise as they do, and remember nothing of it."""
    norms = _tracking_norms(function)
    saved = [(norm, norm.momentum, norm.num_batches_tracked.clone())
             for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # running * 1 + batch * 0
    try:
        yield
    finally:
        for norm, momentum, count in saved:
            norm.momentum = momentum
            norm.num_batches_tracked.copy_(count)


def _tracking_norms(function: Callable) -> List[Any]:
    from torch import nn
    from torch.nn.modules.batchnorm import _BatchNorm
    return [
        module for cell in function.__closure__ or ()
        if isinstance(cell.cell_contents, nn.Module)
        for module in cell.cell_contents.modules()
        if isinstance(module, _BatchNorm) and module.training
        and module.track_running_stats
    ]
