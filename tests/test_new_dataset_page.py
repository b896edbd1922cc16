"""docs/new_dataset.md is followed as it stands, on a data set of a minute."""
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import reduce
from pathlib import Path

import mmdet
import pytest
from config_samples import changed_keys
from doc_blocks import ROOT, read_blocks
from mmengine.config import Config

import ipmot_mm
from ipmot_mm import cli
from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.registry import DATASETS
from ipmot_mm.testing.synthetic import tiny_domain

PAGE = ROOT / 'docs' / 'new_dataset.md'
BLOCKS = read_blocks(PAGE)
CONFIGS = {block.file: block.text for block in BLOCKS if block.file}
COMMANDS = [
    line for block in BLOCKS if block.language == 'bash'
    for line in block.text.splitlines()
]
MOT2COCO = Path(mmdet.__file__).with_name('.mim').joinpath(
    'tools', 'dataset_converters', 'mot2coco.py')

pytestmark = pytest.mark.skipif(
    not Path(ipmot_mm.__file__).with_name('.mim').is_dir(),
    reason='the package is not installed: no .mim in its folder')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where a reader of the page stands: data/shop and the configs."""
    folder = tmp_path_factory.mktemp('reader')
    domain = replace(tiny_domain(3), camera_height=1.0, feet_range=(0.85, 1.0))
    for i, name in enumerate(['train/entrance', 'train/stairs', 'val/exit']):
        sequence = render_sequence(domain, i + 1, 4, (96, 64))
        write_sequence(sequence, folder / 'data' / 'shop' / name)
    for name, text in CONFIGS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def reader(folder, monkeypatch):
    """The reader's folder, as the current one."""
    monkeypatch.chdir(folder)
    return folder


def line_with(start):
    """The command of the page that begins so."""
    line, = (each for each in COMMANDS if each.startswith(start))
    return line


def follow(start):
    """Run a command of the page in this process: its exit code."""
    kind, *argv = shlex.split(line_with(start))[3:]
    return cli.run(kind, argv)


def test_the_config_is_short_and_complete():
    lines = [line for line in CONFIGS['shop.py'].splitlines()
             if line and not line.startswith('#')]
    assert 'ipmot_mm::' in lines[0] and len(lines) <= 20


def test_train_and_test_as_the_page_says(reader):
    assert follow('python -m ipmot_mm.cli train shop.py') == 0
    assert (reader / 'work_dirs/shop/epoch_8.pth').is_file()
    assert follow('python -m ipmot_mm.cli test shop.py') == 0
    tracks = reader / 'work_dirs/shop/tracks'
    assert (tracks / 'exit.txt').is_file()
    assert 'exit' in (tracks / 'scores.json').read_text()


def test_the_json_has_the_same_persons(reader):
    if not MOT2COCO.is_file():
        pytest.skip('mmdet was installed without its tools')
    make_folder, convert = line_with('mkdir'), line_with('mim run mmdet')
    (reader / make_folder.split()[-1]).mkdir()
    arguments = shlex.split(convert.partition('mot2coco')[2])
    subprocess.run([sys.executable, MOT2COCO, *arguments],
                   check=True, capture_output=True, timeout=60)
    folder, json = (
        DATASETS.build(Config.fromfile(name).train_dataloader.dataset)
        for name in ('shop.py', 'shop_json.py'))
    assert len(folder) == len(json) == 8
    assert folder.identity_map == json.identity_map


def test_the_larger_model_reads_the_same_data(reader):
    lines = CONFIGS['shop.py'].splitlines(keepends=True)
    rest = [line for line in lines if not line.startswith('_base_')]
    file = reader / 'shop_r50.py'
    file.write_text(CONFIGS['shop_r50.py'] + ''.join(rest))
    large, small = Config.fromfile(file), Config.fromfile('shop.py')
    assert large.model.detector.backbone.depth == 50
    for name in ('train', 'val', 'test'):
        data, expected = (cfg[f'{name}_dataloader'].dataset
                          for cfg in (large, small))
        assert data.type == 'MOTClipDataset'
        assert (data.data_root, data.get('sequences')) == (
            expected.data_root, expected.get('sequences'))
    assert large.test_evaluator == large.val_evaluator == small.test_evaluator


@pytest.mark.parametrize('name, changed', [
    ('shop_memory.py', {'updater.type': 'MemoryQueryUpdater'}),
    ('shop_no-texts.py', {
        'track_book': None, 'clip_loss.image_to_text': None})])
def test_parts_are_exchanged(reader, name, changed):
    old, new = (Config.fromfile(file).model for file in ('shop.py', name))
    assert changed_keys(old, new) == set(changed)
    for key, value in changed.items():
        assert reduce(dict.__getitem__, key.split('.'), new) == value
