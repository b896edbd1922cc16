"""Imports in processes of their own, as they happen once per process."""
import subprocess
import sys
from types import SimpleNamespace

import torch

from ipmot_mm.compat import torchvision_ops


def run_python(code):
    return subprocess.run([sys.executable, '-c', code],
                          capture_output=True,
                          text=True,
                          timeout=120)


def test_torchvision_imports_after_this_package():
    done = run_python('import ipmot_mm, torchvision\n'
                      'from torchvision import ops, transforms\n'
                      'print(torchvision.__name__)')
    assert (done.returncode, done.stdout) == (0, 'torchvision\n'), done.stderr


def test_package_imports_after_a_failed_import_of_torchvision():
    done = run_python('try:\n'
                      '    import torchvision\n'
                      'except RuntimeError:\n'
                      '    pass\n'
                      'import ipmot_mm, torchvision\n'
                      'print(torchvision.__name__)')
    assert (done.returncode, done.stdout) == (0, 'torchvision\n'), done.stderr


def test_working_extension_is_left_alone(monkeypatch):
    monkeypatch.setattr(torchvision_ops, '_libraries', [])
    torchvision_ops._define_missing_ops(SimpleNamespace(_has_ops=lambda: True))
    assert not torchvision_ops._libraries


def test_definition_twice_is_harmless():
    import torchvision.extension
    for _ in range(2):
        torchvision_ops._define_missing_ops(torchvision.extension)
    assert hasattr(torch.ops.torchvision, 'nms')
