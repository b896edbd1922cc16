import platform
import subprocess
import sys

import pytest

from ipmot_mm.datasets.transforms.freed_memory import (OWN_SETTINGS,
                                                       keep_freed_memory)

COUNT_FAULTS = '''
import resource
import numpy as np
from ipmot_mm.datasets.transforms.freed_memory import keep_freed_memory
{}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for repeat in range(20):
    before = faults()
    images = [np.full((1080, 1920, 3), repeat, np.uint8) for _ in range(5)]
    del images
print('faults', faults() - before)
'''
PAGES = 5 * 1080 * 1920 * 3 // 4096


def last_faults(line):
    done = subprocess.run([sys.executable, '-c', COUNT_FAULTS.format(line)],
                          capture_output=True,
                          text=True,
                          check=True)
    return int(done.stdout.split('faults')[-1])


@pytest.fixture
def no_own_settings(monkeypatch):
    for name in OWN_SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='a setting of glibc')
def test_images_are_not_cleared_again(no_own_settings):
    assert last_faults('assert keep_freed_memory()') < PAGES / 10


def test_own_settings_are_left_alone(monkeypatch, no_own_settings):
    monkeypatch.setenv('MALLOC_TRIM_THRESHOLD_', '1000000')
    assert keep_freed_memory.__wrapped__() is False


def test_other_systems_have_no_such_setting(monkeypatch, no_own_settings):
    monkeypatch.setattr(sys, 'platform', 'darwin')
    assert keep_freed_memory.__wrapped__() is False
