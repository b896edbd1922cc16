"""The demo as a user calls it."""
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ipmot_mm.testing.synthetic import write_tiny_mot

DEMO = Path(__file__).parents[2] / 'demo' / 'mot_demo.py'
FAKE = Path(__file__).parent / 'conftest.py'


@pytest.fixture
def config(tmp_path, cfg) -> str:
    """A config which registers the fake model by itself."""
    (tmp_path / 'bright_spot.py').write_text(
        FAKE.read_text() + '\nMODELS.register_module(module='
        'BrightSpotTracker)\n')
    cfg.custom_imports = dict(imports=['bright_spot'])
    cfg.dump(tmp_path / 'cfg.py')
    return str(tmp_path / 'cfg.py')


def demo(tmp_path, *args) -> subprocess.CompletedProcess:
    root = str(DEMO.parents[1])
    return subprocess.run(
        [sys.executable, str(DEMO), *map(str, args)],
        capture_output=True,
        text=True,
        env=dict(PATH='', PYTHONPATH=f'{tmp_path}:{root}'))


def test_folder_in_video_and_text_out(tmp_path, config):
    folder = write_tiny_mot(tmp_path / 'mot', num_sequences=1) / 'Tiny-01'
    out, text = tmp_path / 'out.mp4', tmp_path / 'out.txt'
    run = demo(tmp_path, folder, config, '--out', out, '--save-txt', text)
    assert run.returncode == 0, run.stderr
    assert 'weights are random' in run.stderr
    capture = cv2.VideoCapture(str(out))
    assert sum(capture.read()[0] for _ in range(9)) == 6
    rows = np.loadtxt(text, delimiter=',')
    assert rows.shape == (6, 10)
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, 7))
    np.testing.assert_allclose(rows[:, 4:6], 2, atol=0.01)


def test_bad_input_gives_one_line(tmp_path, config, monkeypatch, capsys):
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setattr('signal.signal', lambda *args: None)
    out = str(tmp_path / 'a.mp4')
    for source, text in (('none.mp4', "input 'none.mp4' does not exist"),
                         (str(tmp_path), 'holds no image')):
        monkeypatch.setattr(sys, 'argv', ['demo', source, config, '--out',
                                          out])
        with pytest.raises(SystemExit) as stop:
            main()
        line = capsys.readouterr().err.strip().splitlines()[-1]
        assert stop.value.code == 2
        assert line.startswith('mot_demo.py: ') and text in line


@pytest.mark.parametrize('options, text', [
    (['--look-ahead', '0'], 'look_ahead must be a positive integer, got 0'),
    (['--fuse-conv-bn'], 'fuse_conv_bn needs a model with a QueryDetector')])
def test_options_are_handed_on(tmp_path, cfg, options, text, monkeypatch,
                               capsys):
    cfg.dump(tmp_path / 'cfg.py')
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setattr('signal.signal', lambda *args: None)
    folder = write_tiny_mot(tmp_path / 'mot', num_sequences=1) / 'Tiny-01'
    monkeypatch.setattr(sys, 'argv', [
        'demo', str(folder), str(tmp_path / 'cfg.py'), '--save-txt',
        str(tmp_path / 'a.txt'), *options
    ])
    with pytest.raises(SystemExit) as stop:
        main()
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert stop.value.code == 2 and text in line
