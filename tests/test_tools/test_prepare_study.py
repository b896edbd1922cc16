"""The script that makes all that the studies start from."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'tools' / 'prepare_study.sh'
KINDS = ('dab', 'deformable')


@pytest.fixture(scope='module')
def text():
    """The script with the kinds of detectors spelled out."""
    text = SCRIPT.read_text()
    assert f'--retrain) KINDS=({" ".join(reversed(KINDS))})' in text
    return '\n'.join(
        re.sub(r'\$\{KIND\}|\$KIND', kind, text) for kind in KINDS)


def test_bash_reads_it():
    done = subprocess.run(['bash', '-n', SCRIPT], capture_output=True)
    assert done.returncode == 0, done.stderr


def test_its_tools_and_configs_are_there(text):
    files = set(re.findall(r'(?:tools|configs)/[\w/.-]+\.py', text))
    assert len(files) == 7
    for file in files:
        assert (ROOT / file).is_file(), file


@pytest.mark.parametrize('kind', KINDS)
def test_rows_start_from_what_it_writes(text, kind):
    name, = (ROOT / 'configs' / 'synthmot').glob(f'detector_{kind}-*.py')
    epochs = Config.fromfile(name).train_cfg.max_epochs
    assert f'"$OUT/{kind}/epoch_{epochs}.pth"' in text
    row = {'dab': 'base', 'deformable': 'naive'}[kind]
    path, = (name.parent / 'ablations').glob(f'{row}_*.py')
    folder = {'dab': 'checkpoints', 'deformable': 'work_dirs/pretrain'}[kind]
    assert load_from(path) == f'{folder}/{kind}_small_world.pth'
    assert 'OUT=work_dirs/pretrain\n' in text
    assert f'"$OUT/{kind}_small_world.pth"' in text


def load_from(path):
    return Config.fromfile(path).load_from


def test_the_model_reads_the_clip_that_it_writes(text):
    models = ROOT / 'configs' / '_base_' / 'models'
    cfg = Config.fromfile(models / 'ipmot_dab_small.py').model
    assert cfg.track_book.clip.pretrained == \
        'work_dirs/pretrain/clip_tiny_world.pt'
    assert 'CLIP="${CLIP:-$OUT/clip_tiny_world.pt}"' in text
    assert '--out "$CLIP"' in text


def test_an_unknown_option_is_refused():
    done = subprocess.run(['bash', SCRIPT, '--retrian'], capture_output=True)
    assert done.returncode == 2 and done.stderr.startswith(b'usage:')


def test_what_is_there_is_kept(tmp_path):
    """A second call draws nothing anew and trains nothing."""
    (tmp_path / 'tools').mkdir()
    shutil.copy(SCRIPT, tmp_path / 'tools')
    out = tmp_path / 'work_dirs' / 'pretrain'
    out.mkdir(parents=True)
    for name in ('deformable_small_world.pth', 'clip_tiny_world.pt'):
        (out / name).touch()
    log = tmp_path / 'log'
    program = tmp_path / 'python'
    program.write_text(f'#!/bin/sh\necho "$1" "$2" >> {log}\n')
    program.chmod(0o755)
    done = subprocess.run(
        ['bash', tmp_path / 'tools' / SCRIPT.name],
        env=dict(PATH='/usr/bin:/bin', PYTHON=str(program)),
        capture_output=True,
        text=True)
    assert done.returncode == 0, done.stderr
    tool = 'tools/dataset_converters/make_synthmot.py data/synthmot-study'
    assert log.read_text().splitlines() == [tool] * 3 + [f'{tool}/clip']


def test_unknown_option_is_refused():
    done = subprocess.run(['bash', SCRIPT, '--retain'],
                          capture_output=True,
                          text=True)
    assert done.returncode == 2 and 'usage' in done.stderr
