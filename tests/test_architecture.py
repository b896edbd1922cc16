"""Who may import whom, and what a test-time process never loads."""
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ipmot_mm

PACKAGE = Path(ipmot_mm.__file__).parent
FILES = sorted(
    path for path in PACKAGE.rglob('*.py') if '.mim' not in path.parts)
# A part may import parts of a smaller rank, and itself. `structures` and
# `atomic_files` stand below everything, `registry` below all that registers.
RANKS = {
    'version': 0, 'structures': 0, 'registry': 0, 'atomic_files': 0,
    'compat': 1, 'ops': 1,
    'models.losses': 2, 'models.layers': 2, 'models.task_modules': 2,
    'models.trackers': 2,
    'models.track_book': 3,  # computes its own losses
    'models.dense_heads': 3, 'models.detectors': 4,
    'models.mot': 5,
    'models': 6,
    'known_failures': 0, 'config_errors': 0, 'user_errors': 1, 'datasets': 2,
    'evaluation': 3, 'visualization': 3, 'engine': 4, 'apis': 4,
    'checks': 5, 'benchmark': 5, 'analysis': 5,
    'checkpoint_layouts': 5, 'compat.mmtrack': 6, 'export': 6,
    'testing': 7, 'cli': 8, 'study': 9,
    'benchmark.commands': 9  # arguments as those of the cli
}  # yapf: disable
# mmcv's missing extension hands over to our operator, once that is called for
UPWARD = {('ipmot_mm.compat.ext', 'ipmot_mm.ops')}


def part_of(module):
    """Name of the part in ``RANKS`` that a module belongs to, or None."""
    names = module.split('.')[1:]
    for length in (2, 1):
        if '.'.join(names[:length]) in RANKS:
            return '.'.join(names[:length])
    return None


def module_of(path):
    names = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix('').parts]
    return '.'.join(names[:-1] if names[-1] == '__init__' else names)


def imports_of(path):
    """Absolute names of all modules that a file imports, also in functions.

    Yields:
        tuple[str, bool]: Name and whether the import is at module level.
    """
    tree = ast.parse(path.read_text(encoding='utf-8'))
    package = module_of(path).split('.')
    if path.name != '__init__.py':
        package = package[:-1]
    for node in ast.walk(tree):
        outer = node in tree.body
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, outer
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                kept = package[:len(package) - node.level + 1]
                base = '.'.join(kept + ([base] if base else []))
            yield base, outer
            for alias in node.names:  # `from . import compat`
                yield f'{base}.{alias.name}', outer


def test_the_walker_sees_relative_and_nested_imports():
    found = {
        name for name, _ in imports_of(PACKAGE / 'models' / 'mot' / 'ipmot.py')
    }
    assert 'ipmot_mm.models.losses' in found and 'ipmot_mm.registry' in found
    assert len(FILES) > 60


@pytest.mark.parametrize('path', FILES, ids=module_of)
def test_nothing_imports_upward(path):
    here = part_of(module_of(path))
    if here is None:
        return
    for name, outer in imports_of(path):
        if name.split('.')[0] != 'ipmot_mm':
            continue
        there = part_of(name)
        if not outer and (module_of(path), f'ipmot_mm.{there}') in UPWARD:
            continue
        if there is None:
            assert name == 'ipmot_mm' or path.parent.name == 'compat', name
        elif there != here:
            assert RANKS[there] < RANKS[here], f'{here} imports {name}'


def test_structures_have_no_weights_and_no_registry():
    for path in sorted((PACKAGE / 'structures').glob('*.py')):
        names = {name for name, _ in imports_of(path)}
        assert not {n for n in names if n.startswith('ipmot_mm.registry')}
        assert not {n for n in names if n.startswith(('torch.nn', 'mmdet'))}


@pytest.mark.parametrize('part', ['structures', 'models/trackers'])
def test_runner_is_unknown_to(part):
    for path in sorted((PACKAGE / part).glob('*.py')):
        assert not any('runner' in name.lower()
                       for name, _ in imports_of(path)), path


def test_clip_is_imported_in_one_place():
    users = {
        module_of(path)
        for path in FILES for name, _ in imports_of(path)
        if name.split('.')[0] == 'open_clip'
    }
    folder = 'ipmot_mm.models.track_book'
    assert users == {f'{folder}.clip_encoders', f'{folder}.named_clip'}
    assert not any(
        outer for name, outer in imports_of(PACKAGE / 'models' / 'track_book' /
                                            'clip_encoders.py')
        if name.split('.')[0] == 'open_clip')


def test_package_needs_no_test_code():
    for path in FILES:
        if 'testing' in path.relative_to(PACKAGE).parts:
            continue
        for name, _ in imports_of(path):
            assert not name.startswith(('ipmot_mm.testing', 'pytest', 'tests'))


TEST_PROCESS = '''
import sys
import ipmot_mm
from ipmot_mm.registry import MODELS, HOOKS, DATASETS, METRICS
from ipmot_mm.testing import make_clip, tiny_model_cfg
for registry in (HOOKS, DATASETS, METRICS):
    registry.get('IPMOT')  # imports all locations
model = MODELS.build(tiny_model_cfg(with_track_book=True)).eval()
data = model.data_preprocessor(make_clip(1), False)
model(**data, mode='predict')
assert model.track_book is None
print(sorted(n for n in sys.modules if n.split('.')[0] in
             ('open_clip', 'timm', 'transformers')))
'''


def test_tracking_never_imports_clip(hidden_transformers):
    env = dict(os.environ, OMP_NUM_THREADS='1')
    done = subprocess.run([sys.executable, '-c', TEST_PROCESS],
                          env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '[]'
