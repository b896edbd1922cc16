"""Trap: a CPU build of torch beside the CUDA build of torchvision.

Where torchvision's compiled part cannot be loaded, its Python part still
registers fake kernels for two ops that only the compiled part defines
(``torchvision/_meta_registrations.py:163,177`` of 0.28.0), and the import
dies: ``operator torchvision::nms does not exist``. open_clip imports
torchvision. The two names are defined here in that case; they stay without
a kernel, so that torchvision's own message meets whoever calls them.

Can go: when those two registrations ask ``_has_ops()`` as the others do.
"""
from types import ModuleType

from .import_hooks import when_imported

_SCHEMA = '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor'
# A definition lives as long as its library object.
_libraries = []


def install_torchvision_schemas() -> None:
    """Have the missing ops defined while torchvision is being imported."""
    # The module that loads the compiled part, the first one torchvision
    # imports: afterwards it is known whether there are ops.
    when_imported('torchvision.extension', _define_missing_ops)


def _define_missing_ops(extension: ModuleType) -> None:
    import torch
    if not hasattr(extension, '_has_ops') or extension._has_ops():
        return
    for name in ('nms', 'qnms'):
        if hasattr(torch.ops.torchvision, name):
            continue
        library = torch.library.Library('torchvision', 'FRAGMENT')
        library.define(f'{name}{_SCHEMA}')
        _libraries.append(library)
