"""mmtrack on today's stack: imported whole, and nothing left changed."""
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
needs_mmtrack = pytest.mark.skipif(
    find_spec('mmtrack') is None, reason='mmtrack is not installed')
INSTALL = ('pip install "ipmot_mm[mmtrack]" && '
           'pip install --no-deps mmtrack==1.0.0rc1')


def run(code):
    env = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
    return subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                          env=env,
                          capture_output=True,
                          text=True)


FIRST_IMPORT = '''
import sys, threading
import mmcv, mmdet
from mmengine.config import Config
import ipmot_mm
versions = mmcv.__version__, mmdet.__version__
assert not any(name.startswith(('mmtrack', 'ipmot_mm.compat.mmtrack'))
               for name in sys.modules)

# a failed import is undone
import mmdet.models.layers as layers
from mmengine import registry as roots
sys.modules['mmtrack.visualization'] = None
try:
    import ipmot_mm.compat.mmtrack
except ImportError:
    pass
else:
    raise AssertionError('the import did not fail')
del sys.modules['mmtrack.visualization']

def leftovers():
    return ([name for name in sys.modules if name.startswith('mmcls')],
            hasattr(layers, 'Transformer'),
            versions != (mmcv.__version__, mmdet.__version__))

assert leftovers() == ([], False, False), leftovers()
assert not [name for name in sys.modules if name.startswith('mmtrack')]
assert 'mmtrack' not in roots.MODELS.children

# and the second attempt works, also from several threads
from ipmot_mm.compat.mmtrack.mmtrack_import import enable
threads = [threading.Thread(target=enable) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
import ipmot_mm.compat.mmtrack
assert leftovers() == ([], False, False), leftovers()

from ipmot_mm.registry import MODELS, TRANSFORMS
names = [(roots.TRANSFORMS.get(f'{scope}.{name}') or object).__module__
         for scope, name in (('mmtrack', 'PackTrackInputs'),
                             ('mmdet', 'PackTrackInputs'),
                             ('ipmot_mm', 'FromMMTrackSample'))]
names += [roots.MODELS.get(f'{scope}.{name}').__module__
          for scope, name in (('mmtrack', 'QDTrack'), ('mmdet', 'QDTrack'),
                              ('ipmot_mm', 'IPMOT'))]
print([name.split('.')[0] for name in names])
from mmengine.registry import DefaultScope
print(DefaultScope.get_current_instance())
for name in ('BaseReID', 'StarkTransformer'):
    try:
        getattr(__import__('mmtrack.models', fromlist=[name]), name,
                roots.MODELS.get('mmtrack.' + name))()
    except ValueError as error:
        print(error)
'''


@needs_mmtrack
def test_first_import():
    done = run(FIRST_IMPORT)
    assert done.returncode == 0, done.stderr[-3000:]
    modules, scope, *refused = done.stdout.splitlines()[-4:]
    assert modules == str(
        ['mmtrack', 'mmdet', 'ipmot_mm', 'mmtrack', 'mmdet', 'ipmot_mm'])
    assert scope == 'None'
    assert 'BaseReID needs mmcls\' ImageClassifier' in refused[0]
    assert 'StarkTransformer needs mmdet 2\'s Transformer' in refused[1]


CONFIG = '''
import sys
import ipmot_mm
from ipmot_mm.user_errors import report_known
{change}
from mmengine.config import Config
try:
    Config.fromfile({config!r})
except Exception as error:
    sys.exit(report_known(error) or 99)
'''
CHANGES = {
    'absent': ('sys.modules["mmtrack"] = None',
               f'error: mmtrack is not installed; install it with: {INSTALL}'),
    'requirement': ('sys.modules["motmetrics"] = sys.modules["lap"] = None',
                    'error: mmtrack needs lap, motmetrics, which cannot be '
                    f'found; install it with: {INSTALL}'),
    'version': ('sys.path.insert(0, {folder!r})',
                'error: mmtrack 0.14.0 is installed, but ipmot_mm works with '
                f'1.0.0rc1 only; install it with: {INSTALL}')
}


@pytest.mark.parametrize('case', [
    'absent',
    pytest.param('requirement', marks=needs_mmtrack), 'version'
])
def test_message_of_a_config_without_mmtrack(case, tmp_path):
    change, line = CHANGES[case]
    (tmp_path / 'mmtrack').mkdir()
    (tmp_path / 'mmtrack' / '__init__.py').write_text('')
    (tmp_path / 'mmtrack' / 'version.py').write_text(
        "__version__ = '0.14.0'\n")
    config = ROOT / 'configs/mmtrack/_base_/mmtrack_runtime.py'
    done = run(
        CONFIG.format(
            change=change.format(folder=str(tmp_path)), config=str(config)))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == line
