"""Fixtures of the whole suite: seed, threads, shared real data."""
import os
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

import ipmot_mm  # noqa: F401  (tests may then import mmdet in any order)

# Spinning OpenMP threads slow small models down by an order of magnitude on
# a busy machine.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def default_scope() -> None:
    """The scope of the package, whatever the last test left behind."""
    init_default_scope('ipmot_mm')


@pytest.fixture(autouse=True)
def seed() -> None:
    """The same random numbers for every test, in any order."""
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Folder of real frames; skips where it cannot be had."""
    default = Path(__file__).resolve().parents[2] / 'shared' / 'data'
    root = Path(os.environ.get('IPMOT_DATA', default))
    if not root.is_dir():
        pytest.skip(f'real data not found at {root}; set IPMOT_DATA')
    return root
