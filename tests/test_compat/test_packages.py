"""Look-up of packages without pkg_resources."""
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import mmengine
import pytest
from mmengine.config import Config
from mmengine.utils import get_installed_path, is_installed

import ipmot_mm
from ipmot_mm.compat import packages

MMENGINE = str(Path(mmengine.__file__).parent)


@pytest.fixture(autouse=True)
def without_pkg_resources(monkeypatch):
    """As with setuptools 82: an import of the module fails."""
    monkeypatch.setitem(sys.modules, 'pkg_resources', None)


def test_mmengine_uses_this_lookup():
    assert is_installed is packages.is_installed
    assert mmengine.config.config.get_installed_path is get_installed_path
    assert get_installed_path is packages.get_installed_path


def test_modules_and_distributions_are_found():
    assert is_installed('mmengine') and is_installed('ipmot_mm')
    assert not is_installed('ipmot_no_such_package')
    assert get_installed_path('mmengine') == MMENGINE
    assert get_installed_path('ipmot_mm') == str(
        Path(ipmot_mm.__file__).parent)


def test_distribution_with_another_module_name():
    # the distribution of pytest-xdist installs the module xdist
    pytest.importorskip('xdist')
    assert not packages._module_folder('pytest-xdist')
    assert is_installed('pytest-xdist')
    assert Path(get_installed_path('pytest-xdist')).name == 'xdist'


def test_absent_package_raises():
    with pytest.raises(PackageNotFoundError, match='ipmot_no_such_package'):
        get_installed_path('ipmot_no_such_package')


def test_config_of_this_package_is_a_base(tmp_path, monkeypatch):
    package = tmp_path / 'ipmot_mm'
    leaf = package / '.mim' / 'configs' / 'ipmot' / 'probe.py'
    leaf.parent.mkdir(parents=True)
    leaf.write_text('answer = 42\n')
    index = package / '.mim' / 'model-index.yml'
    index.write_text('Import: []\n')
    monkeypatch.setattr(packages, '_module_folder', lambda name: str(package))
    user = tmp_path / 'mine.py'
    user.write_text("_base_ = 'ipmot_mm::ipmot/probe.py'\n")
    assert Config.fromfile(user).answer == 42


def test_config_of_mmdet_is_a_base(tmp_path):
    user = tmp_path / 'mine.py'
    user.write_text("_base_ = 'mmdet::_base_/default_runtime.py'\n")
    assert Config.fromfile(user).default_scope == 'mmdet'
