"""Tuned prompts under questions, by one command."""
import json
from pathlib import Path

import torch

from ipmot_mm.datasets.synthmot import write_synthmot
from ipmot_mm.models.track_book.clip_encoders import load_random_clip
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

ROOT = Path(__file__).resolve().parents[2]
TOOL = 'analysis_tools/probe_track_book.py'


def test_all_variants_are_measured(call, tmp_path):
    write_synthmot(
        tmp_path, ['street'], 1, 0, num_frames=4, seed=3, progress=False)
    weights, out = tmp_path / 'clip.pt', tmp_path / 'probe.json'
    torch.save(load_random_clip(tiny_clip_cfg(), seed=0).state_dict(), weights)
    code, text, err = call(
        ROOT / 'configs/_base_/models/ipmot_dab_tiny.py', '--data-root',
        tmp_path / 'street/train', '--pretrained', weights, '--out', out,
        '--num-steps', 2, '--lrs', 0.01, '--seeds', 0)
    assert code == 0, err
    assert len(text.splitlines()) == 4
    rows = json.loads(out.read_text())['rows']
    assert [(row['towers'], row['normalize_features']) for row in rows] == [
        ('trained', False), ('trained', True), ('random', False),
        ('random', True)
    ]
    # the file holds the random weights of seed 0
    same = ('prompt_top1', 'top_color_of_prompt', 'last_loss')
    assert [rows[0][key] for key in same] == [rows[2][key] for key in same]


def test_missing_weights_are_named(call, tmp_path):
    write_synthmot(
        tmp_path, ['street'], 1, 0, num_frames=2, seed=3, progress=False)
    code, _, err = call(
        ROOT / 'configs/_base_/models/ipmot_dab_tiny.py', '--data-root',
        tmp_path / 'street/train', '--pretrained', tmp_path / 'no.pt', '--out',
        tmp_path / 'probe.json')
    assert code == 2 and 'CLIP weights not found' in err
