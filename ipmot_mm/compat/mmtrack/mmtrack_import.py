"""Trap: mmtrack 1.0.0rc1 refuses every mmcv and mmdet that can be installed.

``mmtrack/__init__.py:62,71`` asks for mmcv below 2.0.0 and mmdet below 3.0.0;
``models/reid/base_reid.py:5`` imports mmcls, which asks for its own mmcv, and
``models/track_heads/stark_head.py:9`` a class that mmdet 3 has dropped. All
that is needed to import it is done for the time of the import and undone
behind it, whether it succeeds or not.

Can go: with the package around it.
"""
import re
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List, Optional, Set

from .absent_parts import placeholders

VERSION = '1.0.0rc1'
INSTALL_LINE = ('pip install "ipmot_mm[mmtrack]" && '
                f'pip install --no-deps mmtrack=={VERSION}')
ACCEPTED = dict(mmcv='2.0.0rc4', mmdet='3.0.0rc6')
"""Versions in the ranges of mmtrack's gate."""

# What mmtrack imports, beside what mmdet and ipmot_mm need anyway
_REQUIREMENTS = ('attributee', 'lap', 'motmetrics', 'seaborn', 'sklearn',
                 'tabulate')
_LOCK = threading.RLock()
_enabled = False


def enable() -> None:
    """Import all of mmtrack, which registers its parts; once per process.

    The default scope stays what it is, and so do the versions that mmcv and
    mmdet tell, except while ``mmtrack/__init__.py`` runs.

    Raises:
        ValueError: If mmtrack or something that it imports is not installed,
            or it is another version. Not an ImportError, whose text mmengine
            drops (``mmengine/utils/misc.py:83`` of 0.10.7).
    """
    global _enabled
    with _LOCK:
        if _enabled:
            return
        _check_installation()
        before = set(sys.modules)
        try:
            with _accepted_versions():
                import_module('mmtrack')
            with placeholders():
                import_module('mmtrack.utils').register_all_modules(False)
        except BaseException:
            _forget(before)
            raise
        _enabled = True


def _check_installation() -> None:
    version = _installed_version()
    if version is None:
        raise ValueError('mmtrack is not installed; install it with: '
                         f'{INSTALL_LINE}')
    if version != VERSION:
        raise ValueError(f'mmtrack {version} is installed, but ipmot_mm works '
                         f'with {VERSION} only; install it with: '
                         f'{INSTALL_LINE}')
    missing = [name for name in _REQUIREMENTS if find_spec(name) is None]
    if missing:
        raise ValueError(f'mmtrack needs {", ".join(missing)}, which cannot '
                         f'be found; install it with: {INSTALL_LINE}')


def _installed_version() -> Optional[str]:
    """What ``mmtrack/version.py`` says, also of a source folder."""
    spec = find_spec('mmtrack')
    if spec is None or spec.origin is None:
        return None
    text = Path(spec.origin).with_name('version.py').read_text()
    return re.search(r"__version__ = '(.+?)'", text)[1]


@contextmanager
def _accepted_versions() -> Iterator[None]:
    """Have mmcv and mmdet tell versions that mmtrack takes."""
    modules: List[ModuleType] = [import_module(name) for name in ACCEPTED]
    versions: List[Any] = [module.__version__ for module in modules]
    try:
        for module in modules:
            module.__version__ = ACCEPTED[module.__name__]
        yield
    finally:
        for module, version in zip(modules, versions):
            module.__version__ = version


def _forget(before: Set[str]) -> None:
    """Leave no half of mmtrack behind, so that a second attempt can work."""
    new = [
        name for name in sys.modules
        if name.split('.')[0] == 'mmtrack' and name not in before
    ]
    if 'mmtrack.registry' in new:
        _remove_scope()
    for name in new:
        del sys.modules[name]


def _remove_scope() -> None:
    """mmengine refuses a second child of the same scope."""
    roots = import_module('mmengine.registry')
    for root in vars(roots).values():
        if isinstance(root, roots.Registry):
            root.children.pop('mmtrack', None)
