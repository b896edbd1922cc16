"""Builds of the package, apart from the source tree."""
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ('ipmot_mm', 'checkpoints', 'configs', 'demo', 'tools',
           'requirements')
FILES = ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'setup.cfg',
         'model-index.yml', 'LICENSE', 'README.md')
BUILD = ('import sys; from setuptools import build_meta; '
         'getattr(build_meta, f"build_{sys.argv[2]}")(sys.argv[1])')


def build(folder, kind):
    """Build a wheel or an archive of the sources.

    Args:
        folder (Path): Gets the file, and a copy of the sources in `source`.
        kind (str): ``'wheel'`` or ``'sdist'``.

    Returns:
        Path: The file.
    """
    source = folder / 'source'
    source.mkdir()
    for name in SOURCES:
        shutil.copytree(
            ROOT / name,
            source / name,
            ignore=shutil.ignore_patterns('.mim', '__pycache__'))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    done = subprocess.run([sys.executable, '-c', BUILD, folder, kind],
                          cwd=source,
                          capture_output=True,
                          text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    built, = folder.glob('*.whl' if kind == 'wheel' else '*.tar.gz')
    return built


def build_wheel(folder):
    """A wheel in this folder; see :func:`build`."""
    return build(folder, 'wheel')
