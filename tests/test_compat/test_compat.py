"""All fixes together: cheap, repeatable, switchable, and loud if need be."""
import subprocess
import sys
import warnings

import pytest
import torch
from torch.utils.data import DataLoader

from ipmot_mm import compat
from ipmot_mm.compat import host_check


def run_python(code, **env):
    import os
    return subprocess.run([sys.executable, '-c', code],
                          capture_output=True,
                          text=True,
                          timeout=120,
                          env={
                              **os.environ,
                              **env
                          })


def test_import_of_the_package_loads_no_heavy_library():
    done = run_python('import sys, ipmot_mm\n'
                      'print({"torch", "mmcv", "mmdet", "torchvision", '
                      '"open_clip", "mmengine"} & set(sys.modules))')
    assert (done.returncode, done.stdout) == (0, 'set()\n'), done.stderr


def test_host_imports_and_enable_repeats():
    done = run_python('import ipmot_mm, mmdet.models, mmdet.datasets\n'
                      'import mmdet.evaluation, mmengine.runner\n'
                      'ipmot_mm.compat.enable()\n'
                      'import mmdet.engine, mmdet.visualization, mmdet.apis')
    assert done.returncode == 0, done.stderr


def test_environment_variable_disables():
    done = run_python(
        'import sys, ipmot_mm; print("mmcv._ext" in sys.modules)',
        IPMOT_COMPAT='0')
    assert done.stdout == 'False\n', done.stderr


def test_warnings_of_the_host_are_silent_and_others_are_not():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        compat.enable()
        torch.meshgrid(torch.arange(2), torch.arange(2))
        warnings.warn(
            '`broadcast_buffers` is deprecated. Use `forward_sync_buffers`',
            FutureWarning,
            stacklevel=1)
        next(iter(DataLoader([1], pin_memory=not torch.cuda.is_available())))
        warnings.warn('something else', stacklevel=1)
    assert [str(item.message) for item in caught] == ['something else']


def test_missing_host_is_a_warning_with_the_pip_line(monkeypatch):
    monkeypatch.setattr(host_check, '_HOST_API',
                        (('mmdet', 'no_such_file.py', 'mmdet.NewThing'),
                         ('ipmot_no_such_package', 'a.py', 'Absent')))
    with pytest.warns(
            UserWarning,
            match=r'needs mmdet.NewThing, Absent.*'
            r'pip install "ipmot_mm\[lite\]"'):
        host_check.check_host()


def test_complete_host_is_silent():
    assert host_check.find_missing_api() == []
