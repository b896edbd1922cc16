"""The command that writes a tracker for deployment."""
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = 'deployment/export_model.py'
CONFIG = (ROOT / 'configs' / 'synthmot' /
          'ipmot_dab-small_2xb2-4e_synthmot-street.py')
CHECKPOINT = ROOT / 'checkpoints' / 'ipmot_small_street.pth'


def test_export_and_check(call, make_sequence, tmp_path):
    video = make_sequence('video', 3)
    code, out, _ = call(CONFIG, CHECKPOINT, '--size', 48, 64, '--format',
                        'torch', '--out', tmp_path / 't.pt2', '--num-slots',
                        10, '--check', video)
    assert code == 0 and 't.pt2: written' in out
    assert 'images of 96 x 128 (height x width), 10 slots' in out
    assert '3 frames, ' in out and out.endswith('equal\n')
    assert (tmp_path / 't.pt2').is_file()


@pytest.mark.parametrize('change, message', [
    (('--check', 'nowhere'), "input 'nowhere' does not exist"),
    (('--size', '0', '1'), 'expected 1 or more, got 0'),
])
def test_what_the_user_can_correct(call, tmp_path, change, message):
    code, _, err = call(CONFIG, CHECKPOINT, '--size', 48, 64, '--out',
                        tmp_path / 't.onnx', *change)
    assert code == 2 and message in err and 'Traceback' not in err
