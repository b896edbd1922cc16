"""The picture has a row for each value of a dial and the time as columns."""
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ipmot_mm.datasets.synthmot import generate_sequence, render_sequence

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/draw_synthmot.py'


def draw(monkeypatch, out: Path, *args: str) -> np.ndarray:
    call = ['tool', *args, '--out', str(out), '--size', '64', '48']
    monkeypatch.setattr(sys, 'argv', call)
    assert runpy.run_path(str(TOOL))['main']() == 0
    return cv2.imread(str(out))


def test_rows_are_dials_and_columns_are_times(monkeypatch, tmp_path):
    sheet = draw(monkeypatch, tmp_path / 'a.png', 'street', '--columns', '3',
                 '--interval', '4', '--rows', 'noise=0.0', 'noise=9;blur=1')
    assert sheet.shape == (2 * 48 + 2, 3 * 64 + 4, 3)
    frames = render_sequence('street', 0, 12, (64, 48)).frames
    assert np.abs(sheet[:48, 132:].astype(int) - frames[8]).mean() < 4
    assert (sheet[48:50] == 255).all()
    assert (sheet[50:, :64] != sheet[:48, :64]).any()


def test_boxes_are_drawn_and_worlds_stand_side_by_side(monkeypatch, tmp_path):
    plain = draw(monkeypatch, tmp_path / 'a.png', 'world', '--rows', '1')
    boxes = draw(monkeypatch, tmp_path / 'b.png', 'world', '--rows', '1',
                 '--boxes')
    world, rows = generate_sequence('world', 2, 1, (64, 48))
    np.testing.assert_array_equal(plain[:, 132:196], world[0])
    changed = np.argwhere((plain != boxes)[:, 132:196].any(-1))
    assert len(changed) > 20 * len(rows) > 0


@pytest.mark.parametrize('args, message', [
    (['street', '--rows', 'uniform=2'], 'uniform is a share'),
    (['street', '--rows', 'many'], '--rows: got many; expected how many'),
    (['street', '--rows', '0'], '--rows: got 0; expected how many'),
    (['world', '--rows', 'uniform=1'], 'world draws its dials from the seed'),
    (['street', '--rows', '1', '--out', 'a.txt'],
     '--out: a.txt cannot be written; give the path of a .jpg'),
])
def test_what_is_wrong_ends_with_one_line(args, message, monkeypatch, tmp_path,
                                          capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['tool', '--out', 'a.png', *args])
    assert runpy.run_path(str(TOOL))['main']() == 2
    assert message in capsys.readouterr().err
