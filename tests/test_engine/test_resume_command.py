"""``train --resume`` from the command line, run in this process."""
import os

import line_training
import pytest
import torch
from line_training import make_cfg
from mmengine.config import Config

from ipmot_mm import cli
from ipmot_mm.compat.checkpoint_writer import save_to_disk


@pytest.fixture
def train(tmp_path, capfd):
    """``train(epochs, *argv)``: exit code and everything printed."""

    def run(epochs, *argv):
        cfg = Config(make_cfg(tmp_path / 'w', epochs))
        cfg.dump(tmp_path / 'config.py')
        code = cli.run('train', [str(tmp_path / 'config.py'), *argv])
        out, err = capfd.readouterr()
        return code, out + err

    return run


def test_a_job_that_always_says_resume(train, tmp_path):
    weights = line_training.LineModel().state_dict()
    weights['layer.weight'] += 100
    save_to_disk(dict(state_dict=weights), str(tmp_path / 'start.pth'))
    argv = ['--resume', '--cfg-options', f'load_from={tmp_path}/start.pth']
    code, text = train(1, *argv)
    assert code == 0 and 'starts from the beginning with the weights' in text
    first = torch.load(tmp_path / 'w' / 'epoch_1.pth', weights_only=True)
    assert first['state_dict']['layer.weight'] > 90
    code, text = train(3, *argv)
    assert code == 0 and 'epoch_1.pth (epoch 1, iteration 3)' in text
    assert 'Epoch(train) [3][3/3]' in text and 'Epoch(train) [1]' not in text
    code, text = train(3, *argv)
    assert code == 0 and 'holds 3 of 3 epochs, the training is over' in text
    assert 'Epoch(train)' not in text


def test_damaged_files(train, tmp_path):
    train(2)
    last = tmp_path / 'w' / 'epoch_2.pth'
    last.write_bytes(last.read_bytes()[:-1])
    code, text = train(2, '--resume', str(last))
    assert code == cli.USER_ERROR
    lines = [line for line in text.splitlines() if line.startswith('error')]
    assert len(lines) == 1 and lines[0].endswith('/w/epoch_1.pth')
    code, text = train(2, '--resume')
    assert code == 0 and text.count('passing over') == 1
    assert 'Epoch(train) [2][3/3]' in text
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        os.truncate(tmp_path / 'w' / name, 99)
    code, text = train(2, '--resume')
    assert code == cli.USER_ERROR
    assert 'error: --resume: no checkpoint in' in text
