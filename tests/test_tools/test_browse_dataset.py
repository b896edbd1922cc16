"""Pictures of clips, as a user asks for them."""
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = 'analysis_tools/browse_dataset.py'


@pytest.fixture
def config(tmp_path):
    """A config with one sequence of five frames."""
    folder = tmp_path / 'data/walk'
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    for number in range(1, 6):
        cv2.imwrite(
            str(folder / f'img1/{number:06d}.jpg'),
            np.full((48, 64, 3), 40 * number, np.uint8))
    (folder / 'gt/gt.txt').write_text(''.join(
        f'{n},1,{n},5,10,30,1,1,1\n' for n in range(1, 6)))
    path = tmp_path / 'config.py'
    path.write_text(
        'train_dataloader = dict(sampler=dict(max_interval=2), dataset=dict('
        f'type="MOTClipDataset", data_root={str(tmp_path / "data")!r}, '
        'dataset_name="x", pipeline=[dict(type="LoadClipImages"), '
        'dict(type="ClipRandomFlip"), dict(type="PackClipInputs")]))\n')
    return path


def test_a_picture_for_each_clip(call, config, tmp_path):
    out = tmp_path / 'out'
    code, text, err = call(config, '--output-dir', out, '--num-clips', '3',
                           '--num-frames', '2', '--seed', '4')
    assert code == 0, err
    names = sorted(path.name for path in out.iterdir())
    assert len(names) == 3 and all('_walk_' in name for name in names)
    assert all(name in text for name in names)
    picture = cv2.imread(str(out / names[0]))
    number = int(names[0][-10:-4])  # of the first frame, from 1
    # A quarter of the width is the middle of the first frame of two.
    height, width = picture.shape[:2]
    for row in (0.3, 0.8):
        assert abs(
            int(picture[int(height * row), width // 3].mean()) -
            40 * number) <= 3


def test_names_hold_the_frame_number_of_the_video(call, config, tmp_path):
    out = tmp_path / 'out'
    for half, numbers in (('train', [1, 2, 3]), ('val', [4, 5])):
        code, _text, err = call(
            config, '--output-dir', out / half, '--num-frames', '1',
            '--cfg-options', f'train_dataloader.dataset.half={half}')
        assert code == 0, err
        assert sorted(int(path.name[-10:-4])
                      for path in (out / half).iterdir()) == numbers


def test_the_seed_repeats_the_pictures(call, config, tmp_path):
    files = []
    for run in 'ab':
        call(config, '--output-dir', tmp_path / run, '--num-clips', '2')
        files.append([(path.name, path.read_bytes())
                      for path in sorted((tmp_path / run).iterdir())])
    assert files[0] == files[1] and len(files[0]) == 2


def test_commands_that_are_wrong_get_one_line(call, config, tmp_path):
    for args, text in (
        ((config, ), 'give --output-dir'),
        ((config, '--show', '--num-frames', '0'), 'expected 1 or more'),
        ((config, '--show', '--num-clips', '-1'), 'expected 1 or more'),
        ((tmp_path / 'none.py', '--output-dir', tmp_path), 'none.py'),
        ((config, '--split', 'val', '--output-dir', tmp_path),
         'no val_dataloader'),
        ((config, '--output-dir', tmp_path, '--cfg-options',
          'train_dataloader.dataset.data_root=nowhere'), 'data_root')):
        code, _out, err = call(*args)
        assert code == 2 and text in err and 'Traceback' not in err, err


def test_exit_code_of_the_process(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / TOOL), 'none.py', '--show'],
        capture_output=True,
        text=True,
        check=False)
    assert done.returncode == 2 and done.stderr.startswith('error: ')
