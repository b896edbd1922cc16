"""Packaging of ipmot_mm, with configs and tools where mim looks for them."""
import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = 'ipmot_mm'
MIM_SOURCES = ('checkpoints', 'configs', 'demo', 'tools', 'model-index.yml')
EXTRAS = ('lite', 'mim', 'onedl', 'mmtrack', 'baselines', 'gpu', 'visual',
          'diffusion', 'export', 'supervision', 'tests')


def read_version() -> str:
    """The version, without an import of the package."""
    scope: dict = {}
    exec((ROOT / PACKAGE / 'version.py').read_text(), scope)
    return scope['__version__']


def read_requirements(name: str) -> list:
    """The lines of ``requirements/NAME.txt`` which state a requirement."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    lines = [line.strip() for line in lines]
    return [line for line in lines if line and not line.startswith('#')]


def add_mim_extension(package_dir: Path, link: bool) -> None:
    """Put configs, tools and checkpoints into ``package_dir/.mim``.

    Args:
        package_dir (Path): The package in the build folder, or in the source
            tree for an editable install.
        link (bool): Link to the source tree instead of copying, so that an
            editable install follows changes.
    """
    mim_dir = package_dir / '.mim'
    mim_dir.mkdir(parents=True, exist_ok=True)
    for name in MIM_SOURCES:
        source, target = ROOT / name, mim_dir / name
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)
        if not source.exists():
            continue
        if link:
            target.symlink_to(os.path.relpath(source, mim_dir))
        elif source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)
    if not link:  # mim run looks below tools only
        for script in (ROOT / 'demo').glob('*.py'):
            shutil.copy2(script, mim_dir / 'tools')


class BuildWithMim(build_py):
    """Also fills ``.mim``: links if editable (PEP 660), else copies."""

    def run(self) -> None:
        """See :class:`setuptools.command.build_py.build_py`."""
        super().run()
        if self.editable_mode:
            add_mim_extension(ROOT / PACKAGE, link=True)
        else:
            add_mim_extension(Path(self.build_lib) / PACKAGE, link=False)


if __name__ == '__main__':
    readme = ROOT / 'README.md'
    setup(
        name=PACKAGE,
        version=read_version(),
        description='IP-MOT, multiple object tracking with identity prompts, '
        'as an OpenMMLab plugin',
        long_description=readme.read_text() if readme.is_file() else '',
        long_description_content_type='text/markdown',
        license='Apache-2.0',
        keywords='computer vision, multiple object tracking, CLIP',
        packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
        include_package_data=True,
        zip_safe=False,
        python_requires='>=3.10,<3.14',
        install_requires=read_requirements('runtime'),
        extras_require={name: read_requirements(name)
                        for name in EXTRAS},
        cmdclass={'build_py': BuildWithMim})
