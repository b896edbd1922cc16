"""Metadata, extras, and what a wheel carries for mim."""
import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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
    code = ('import os, sys; from setuptools import build_meta; '
            'print(build_meta.build_wheel(sys.argv[1]))')
    source = tmp_path / 'source'
    copy_source(source)
    done = subprocess.run([sys.executable, '-c', code, tmp_path],
                          cwd=source,
                          capture_output=True,
                          text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    wheel, = tmp_path.glob('*.whl')
    names = zipfile.ZipFile(wheel).namelist()
    for name in ('tools/train.py', 'tools/test.py', 'tools/dist_train.sh',
                 'model-index.yml', 'configs/_base_/default_runtime.py'):
        assert f'ipmot_mm/.mim/{name}' in names
    assert 'ipmot_mm/compat/ext.py' in names
    tops = {name.split('/')[0] for name in names}
    assert tops == {'ipmot_mm', f'ipmot_mm-{ipmot_mm.__version__}.dist-info'}


def copy_source(target):
    """The source tree as from a checkout, so that builds stay apart."""
    import shutil
    target.mkdir()
    for name in ('ipmot_mm', 'configs', 'tools', 'requirements'):
        shutil.copytree(
            ROOT / name,
            target / name,
            ignore=shutil.ignore_patterns('.mim', '__pycache__'))
    for name in ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'setup.cfg',
                 'model-index.yml', 'LICENSE'):
        shutil.copy(ROOT / name, target / name)
