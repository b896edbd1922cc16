"""Fixtures of the whole suite: seed, threads, real data, small sequences."""
import inspect
import os
import sys
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest
import setuptools  # noqa: F401  (replaces distutils, so before all who use it)
import torch
from mmengine.registry import init_default_scope

import ipmot_mm  # noqa: F401  (tests may then import mmdet in any order)

HEIGHT, WIDTH = 48, 64

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


@pytest.fixture(autouse=True)
def no_dropout_left() -> None:
    """mmcv makes the deprecated ``dropout`` of one layer the default of all
    that follow (mmcv 2.1.0, mmcv/cnn/bricks/transformer.py:435-447)."""
    module = sys.modules.get('mmcv.cnn.bricks.transformer')
    if module is not None:
        parameters = inspect.signature(module.MultiheadAttention).parameters
        parameters['dropout_layer'].default['drop_prob'] = 0.0


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Folder of real frames; skips where it cannot be had."""
    default = Path(__file__).resolve().parents[2] / 'shared' / 'data'
    root = Path(os.environ.get('IPMOT_DATA', default))
    if not root.is_dir():
        pytest.skip(f'real data not found at {root}; set IPMOT_DATA')
    return root


def _write_sequence(root: Path,
                    name: str,
                    num_frames: int,
                    rows: str = '',
                    digits: int = 6) -> Path:
    """A sequence of noise; without rows, object 7 is in every frame."""
    folder = root / name
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    random = np.random.default_rng(0)
    for number in range(1, num_frames + 1):
        img = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'img1' / f'{number:0{digits}d}.jpg'), img)
    rows = rows or ''.join(f'{number},7,{number},5,20,30,1,1,0.5\n'
                           for number in range(1, num_frames + 1))
    (folder / 'gt' / 'gt.txt').write_text(rows)
    (folder / 'seqinfo.ini').write_text(
        f'[Sequence]\nname={name}\nimDir=img1\nframeRate=25\n'
        f'seqLength={num_frames}\nimWidth={WIDTH}\nimHeight={HEIGHT}\n'
        'imExt=.jpg\n')
    return folder


@pytest.fixture(scope='session')
def write_sequence() -> Callable:
    """``write_sequence(root, name, num_frames, rows='', digits=6)``."""
    return _write_sequence


@pytest.fixture
def make_sequence(tmp_path) -> Callable:
    """``make_sequence(name, num_frames, rows='', digits=6)``, in tmp_path."""

    def make(*args, **kwargs) -> Path:
        return _write_sequence(tmp_path, *args, **kwargs)

    return make


@pytest.fixture
def hidden_transformers(tmp_path, monkeypatch):
    """Child processes find no ``transformers``.

    mmdet 3.3 imports it wherever it is installed, and much else with it; here
    it counts what this package asks for.
    """
    folder = tmp_path / 'hidden'
    folder.mkdir()
    (folder / 'transformers.py').write_text('raise ImportError("hidden")\n')
    root = Path(__file__).resolve().parents[1]
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([
        str(folder), str(root), os.environ.get('PYTHONPATH', '')]))
