"""Metadata, extras, and what a wheel carries for mim."""
import importlib.util
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from wheel_build import SOURCES, build, build_wheel

import ipmot_mm

ROOT = Path(__file__).resolve().parents[1]
HOST = re.compile(r'^(onedl-)?(mm|openmim)')

pytestmark = pytest.mark.skipif(
    not (ROOT / 'setup.py').is_file(), reason='not a source tree')


@pytest.fixture(scope='module')
def packaging():
    spec = importlib.util.spec_from_file_location('setup_of_ipmot',
                                                  ROOT / 'setup.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_version_is_that_of_the_package(packaging):
    assert packaging.read_version() == ipmot_mm.__version__


def test_host_packages_are_extras_only(packaging):
    assert not [
        line
        for line in packaging.read_requirements('runtime') if HOST.match(line)
    ]
    lite = packaging.read_requirements('lite')
    assert sum(bool(HOST.match(line)) for line in lite) == 3


def test_every_extra_has_valid_requirements(packaging):
    from packaging.requirements import Requirement
    for name in packaging.EXTRAS:
        lines = packaging.read_requirements(name)
        assert lines, name
        for line in lines:
            Requirement(line)


def test_lock_satisfies_the_requirements(packaging):
    from packaging.requirements import Requirement
    pins = {}
    for line in packaging.read_requirements('lock'):
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate():
            name = pin.name.lower().replace('_', '-')
            assert name not in pins, f'{name} is pinned twice'
            pins[name] = str(pin.specifier).removeprefix('==')
    for extra in ('runtime', 'lite', 'tests'):
        for line in packaging.read_requirements(extra):
            wanted = Requirement(line)
            pin = pins[wanted.name.lower().replace('_', '-')]
            assert wanted.specifier.contains(pin), line


def test_mim_folder_follows_the_source_when_linked(packaging, tmp_path):
    package = tmp_path / 'package'
    packaging.add_mim_extension(package, link=False)
    assert not (package / '.mim' / 'tools').is_symlink()
    linked = tmp_path / 'linked'
    packaging.add_mim_extension(linked, link=True)
    packaging.add_mim_extension(linked, link=True)
    tools = linked / '.mim' / 'tools'
    assert tools.is_symlink() and (tools / 'train.py').samefile(
        ROOT / 'tools' / 'train.py')


def test_wheel_carries_what_mim_needs(tmp_path):
    pytest.importorskip('setuptools')
    wheel = build_wheel(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    for name in ('tools/train.py', 'tools/test.py', 'tools/dist_train.sh',
                 'tools/mot_demo.py', 'demo/mot_demo.py', 'model-index.yml',
                 'configs/_base_/default_runtime.py',
                 'configs/ipmot/README.md', 'configs/ipmot/metafile.yml',
                 'checkpoints/ipmot_small_street.pth'):
        assert f'ipmot_mm/.mim/{name}' in names
    assert 'ipmot_mm/compat/ext.py' in names
    assert not [name for name in names if '__pycache__' in name]
    tops = {name.split('/')[0] for name in names}
    assert tops == {'ipmot_mm', f'ipmot_mm-{ipmot_mm.__version__}.dist-info'}
    assert wheel.stat().st_size < 12e6


def test_archive_of_sources_has_all_that_a_wheel_is_made_of(tmp_path):
    pytest.importorskip('setuptools')
    archive = build(tmp_path, 'sdist')
    with tarfile.open(archive) as content:
        names = {name.partition('/')[2] for name in content.getnames()}
    copied = tmp_path / 'source'
    wanted = {
        path.relative_to(copied).as_posix()
        for folder in SOURCES for path in (copied / folder).rglob('*')
        if path.is_file() and 'egg-info' not in str(path)}
    assert len(wanted) > 300
    assert wanted <= names


def test_demo_does_not_replace_a_tool():
    tools = {path.name for path in (ROOT / 'tools').glob('*.py')}
    assert not tools & {path.name for path in (ROOT / 'demo').glob('*.py')}
