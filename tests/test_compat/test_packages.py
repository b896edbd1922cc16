"""Look-up of packages without pkg_resources."""
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import mmengine
import pytest
from mmdet.models import FasterRCNN
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import get_installed_path, is_installed

import ipmot_mm
from ipmot_mm.compat import packages
from ipmot_mm.engine.hooks import TrackBookHook
from ipmot_mm.registry import HOOKS, MODELS

MMENGINE = str(Path(mmengine.__file__).parent)
SOURCE = Path(__file__).resolve().parents[2]


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


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package as a wheel leaves it, other packages where they are."""
    if not (SOURCE / 'model-index.yml').is_file():
        pytest.skip('not a source tree')
    package, original = tmp_path / 'ipmot_mm', packages._module_folder
    for name in ('configs', 'model-index.yml'):
        copy = shutil.copytree if name == 'configs' else shutil.copy
        (package / '.mim').mkdir(parents=True, exist_ok=True)
        copy(SOURCE / name, package / '.mim' / name)
    monkeypatch.setattr(
        packages, '_module_folder', lambda name: str(package)
        if name == 'ipmot_mm' else original(name))
    monkeypatch.setitem(sys.modules, 'mim', None)


@pytest.mark.parametrize('leaf, model', [
    ('ipmot/ipmot_dab_r50_8xb1-20e_dancetrack.py', 'IPMOT'),
    ('synthmot/ablations/full_1xb8-2e_synthmot-street.py', 'IPMOT'),
    ('synthmot/baselines/iou_oracle_synthmot-street.py', 'OracleMatching')])
def test_leaf_of_the_installed_package(installed, tmp_path, leaf, model):
    user = tmp_path / 'mine.py'
    user.write_text(f"_base_ = 'ipmot_mm::{leaf}'\nlog_level = 'ERROR'\n")
    cfg = Config.fromfile(user)
    assert (cfg.model.type, cfg.log_level) == (model, 'ERROR')


def test_bases_of_two_packages(installed, tmp_path):
    user = tmp_path / 'mine.py'
    user.write_text("""_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    'ipmot_mm::_base_/datasets/dancetrack.py',
    'ipmot_mm::_base_/default_runtime.py',
]
model = dict(backbone=dict(init_cfg=None))
""")
    cfg = Config.fromfile(user)
    init_default_scope(cfg.default_scope)
    # each part keeps the scope of its package
    assert isinstance(MODELS.build(cfg.model), FasterRCNN)
    hook = HOOKS.build(cfg.default_hooks.track_book)
    assert isinstance(hook, TrackBookHook)


def test_absent_config_is_named(installed, tmp_path):
    user = tmp_path / 'mine.py'
    user.write_text("_base_ = 'ipmot_mm::ipmot/gone.py'\n")
    with pytest.raises(FileNotFoundError, match='ipmot/gone.py'):
        Config.fromfile(user)


def test_config_of_mmdet_is_a_base(tmp_path):
    user = tmp_path / 'mine.py'
    user.write_text("_base_ = 'mmdet::_base_/default_runtime.py'\n")
    assert Config.fromfile(user).default_scope == 'mmdet'
