"""Small MOTChallenge folders, written to disk."""
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest

HEIGHT, WIDTH = 48, 64


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
