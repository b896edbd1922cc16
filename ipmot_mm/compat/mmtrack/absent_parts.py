"""Stand-ins for what mmtrack imports and today's stack does not have.

They exist under their names only while mmtrack is being imported. The classes
that mmtrack derives from them, its ReID models and STARK, say so when they
are built; mmdet has the former.
"""
import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Dict, Iterator

from torch import nn

_MMCLS = {
    'mmcls': (),
    'mmcls.models': (),
    'mmcls.models.classifiers': ('ImageClassifier', ),
    'mmcls.evaluation': (),
    'mmcls.evaluation.metrics': ('Accuracy', )
}
"""Modules of mmcls that mmtrack imports from, and which classes."""


@contextmanager
def placeholders() -> Iterator[None]:
    """Put stand-ins where mmtrack looks; take them away at the end."""
    layers = import_module('mmdet.models.layers')
    has_mmcls = 'mmcls' in sys.modules
    has_transformer = hasattr(layers, 'Transformer')
    try:
        if not has_mmcls:
            sys.modules.update(_mmcls_modules())
        if not has_transformer:
            layers.Transformer = _placeholder('mmdet 2\'s Transformer')
        yield
    finally:
        if not has_mmcls:
            for name in _MMCLS:
                del sys.modules[name]
        if not has_transformer:
            del layers.Transformer


def _mmcls_modules() -> Dict[str, ModuleType]:
    modules = {}
    for name, classes in _MMCLS.items():
        modules[name] = ModuleType(name)
        modules[name].__path__ = []
        for each in classes:
            setattr(modules[name], each, _placeholder(f'mmcls\' {each}'))
    return modules


def _placeholder(origin: str) -> type:
    """A class that can be a base, but not be built."""

    def refuse(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            f'mmtrack\'s {type(self).__name__} needs {origin}, which does not '
            'work with today\'s mmcv and mmdet; take the part of mmdet '
            'instead, such as mmdet.BaseReID and mmdet.LinearReIDHead')

    return type(origin.split()[-1], (nn.Module, ), {'__init__': refuse})
