"""A small CLIP by one command."""
import json
from pathlib import Path

import pytest

from ipmot_mm.datasets.synthmot import write_synthmot
from ipmot_mm.models.track_book.clip_encoders import build_clip

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs/_base_/models/ipmot_dab_tiny.py'
TOOL = 'train_clip.py'


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('data')
    write_synthmot(
        root, ['street'], 2, 2, num_frames=2, seed=3, progress=False)
    return root / 'street'


def test_trains_tests_and_writes(call, data_root, tmp_path):
    out = tmp_path / 'clip.pt'
    code, text, err = call(CONFIG, '--data-root', data_root, '--out', out,
                           '--num-steps', 2, '--batch-size', 4)
    assert code == 0, err
    assert 'street/val' in text and 'i2t_top1' in text and ' random ' in text
    report = json.loads((tmp_path / 'clip.json').read_text())
    assert report['settings']['batch_size'] == 4
    assert report['files']['clip.pt']['sha256'] in text
    towers = build_clip(model_cfg=report['model_cfg'], pretrained=str(out))
    assert towers.image_encoder.image_size == (64, 32)


def test_what_the_user_can_correct_is_one_line(call, data_root, tmp_path):
    args = ('--data-root', data_root, '--out', tmp_path / 'clip.pt')
    code, _, err = call(ROOT / 'configs/_base_/models/ipmot_dab_r50.py', *args)
    assert code == 2 and 'has no model.track_book.clip.model_cfg' in err
    code, _, err = call(CONFIG, *args[2:], '--data-root', tmp_path)
    assert code == 2 and err.startswith('error: data_root')
