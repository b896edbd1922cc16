"""Trap: mmengine finds packages through pkg_resources, and by a closed list.

``mmengine/utils/package_utils.py:17,48`` imports ``pkg_resources``, which
setuptools 82 removed, and which names a wrong folder for an editable install;
and ``mmengine/config/utils.py:135`` refuses ``_base_ = 'ipmot_mm::...'``, as
only OpenMMLab's own packages are in its table.

Can go: when mmengine looks packages up with ``importlib.metadata`` and drops
the table.
"""
import os.path as osp
import sys
from importlib import metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Callable, Optional

from .import_hooks import when_imported


def install_package_lookup() -> None:
    """Replace mmengine's look-up of packages and enter this one."""
    when_imported('mmengine.utils.package_utils', _replace_lookup)
    when_imported('mmengine.config.utils', _enter_package)


def _enter_package(config_utils: ModuleType) -> None:
    config_utils.MODULE2PACKAGE['ipmot_mm'] = 'ipmot_mm'


def _replace_lookup(package_utils: ModuleType) -> None:
    for function in (is_installed, get_installed_path, package2module):
        original = getattr(package_utils, function.__name__)
        if original is not function:
            _replace_everywhere(original, function)


def _replace_everywhere(original: Callable, replacement: Callable) -> None:
    """Also where ``from ... import`` has bound the original already."""
    name = original.__name__
    for module in list(sys.modules.values()):
        if getattr(module, '__dict__', {}).get(name) is original:
            setattr(module, name, replacement)


def is_installed(package: str) -> bool:
    """Whether a distribution or an importable module has this name.

    Args:
        package (str): Name of either.
    """
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return _module_folder(package) is not None
    return True


def get_installed_path(package: str) -> str:
    """Folder of the module of a package.

    Args:
        package (str): Name of a module or of a distribution.

    Returns:
        str: Absolute path of the folder that holds ``__init__.py``.

    Raises:
        importlib.metadata.PackageNotFoundError: Neither is there.
        RuntimeError: It is a namespace package, which has no such folder.
    """
    folder = _module_folder(package)
    if folder is None:
        folder = _module_folder(package2module(package))
    if folder is None:
        raise RuntimeError(
            f'{package} is installed, but the folder of its module '
            f'{package2module(package)} cannot be found; a namespace package '
            'has none')
    return folder


def package2module(package: str) -> str:
    """Name of the first module that a distribution installs.

    Args:
        package (str): Name of the distribution, such as ``mmcv-lite``.

    Raises:
        importlib.metadata.PackageNotFoundError: It is not installed.
        ValueError: It does not tell the names of its modules.
    """
    names = metadata.distribution(package).read_text('top_level.txt')
    if not names or not names.strip():
        raise ValueError(f'can not infer the module name of {package}')
    return names.split()[0]


def _module_folder(module: str) -> Optional[str]:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # no name of a module
        return None
    if spec is None or spec.origin is None:
        return None
    return osp.dirname(spec.origin)
