"""Configs and checkpoints of the package, from any folder."""
import pytest

from ipmot_mm.compat import shipped_files
from ipmot_mm.compat.shipped_files import find_checkpoint, find_config


@pytest.fixture(params=['wheel', 'checkout'])
def root(request, tmp_path, monkeypatch):
    """Where either has the configs; the current folder is another one."""
    package = tmp_path / 'site' / 'ipmot_mm'
    root = package / '.mim' if request.param == 'wheel' else package.parent
    for name in ('configs/pets/leaf.py', 'configs/pets/twice.py',
                 'configs/real/twice.py', 'configs/_base_/part.py',
                 'checkpoints/a.pth'):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    package.mkdir(exist_ok=True)
    monkeypatch.setattr(shipped_files, 'PACKAGE', package)
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    return root


@pytest.mark.parametrize('name, path', [
    ('leaf.py', 'pets/leaf.py'), ('leaf', 'pets/leaf.py'),
    ('ipmot_mm::pets/leaf.py', 'pets/leaf.py'),
    ('ipmot_mm::_base_/part.py', '_base_/part.py')])
def test_config_by_name(root, name, path):
    assert find_config(name) == str(root / 'configs' / path)


@pytest.mark.parametrize('name', [
    'gone.py', 'twice.py', 'part.py', 'pets/leaf.py', 'ipmot_mm::leaf.py',
    'mmdet::pets/leaf.py', 'a/leaf.py', 'lea*', ''])
def test_no_config_of_that_name(root, name):
    assert find_config(name) is None


def test_a_file_here_comes_first(root, tmp_path):
    here = tmp_path / 'here'
    (here / 'checkpoints').mkdir()
    for name in ('leaf.py', 'checkpoints/a.pth'):
        (here / name).touch()
    assert find_config('leaf.py') == 'leaf.py'
    assert find_checkpoint('checkpoints/a.pth') == 'checkpoints/a.pth'


def test_checkpoint_of_the_package(root):
    path = 'checkpoints/a.pth'
    assert find_checkpoint(path) == str(root / path)


@pytest.mark.parametrize('path', [
    'checkpoints/gone.pth', '/checkpoints/a.pth', 'https://x.org/a.pth',
    'file://checkpoints/a.pth'])
def test_what_is_not_shipped_stays_as_it_is(root, path):
    assert find_checkpoint(path) == path


def test_without_configs_nothing_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped_files, 'PACKAGE', tmp_path / 'ipmot_mm')
    assert find_config('leaf.py') is None
    assert find_checkpoint('checkpoints/a.pth') == 'checkpoints/a.pth'
