"""From the folders of a benchmark to the file that its server takes."""
import zipfile
from dataclasses import replace

import pytest
from mmengine.config import Config

from ipmot_mm import cli
from ipmot_mm.evaluation.server_formats import SERVER_FORMATS
from ipmot_mm.evaluation.submission import check_submission
from ipmot_mm.testing import config_root

BASES = config_root() / '_base_'
# Dataset config -> benchmark, files in the archive
PROTOCOLS = {
    'mot17_crowdhuman': ('MOT17', 42),
    'mot20': ('MOT20', 8),
    'dancetrack': ('DanceTrack', 35),
}


@pytest.fixture(scope='module')
def data(tmp_path_factory, write_sequence):
    """The three benchmarks as they unpack, with two frames a video."""
    root = tmp_path_factory.mktemp('data')
    for benchmark, folder in (('MOT17', 'MOT17'), ('MOT20', 'MOT20'),
                              ('DanceTrack', 'dancetrack')):
        server = SERVER_FORMATS[benchmark]
        videos = dict(train=server.train, test=server.test)
        if benchmark == 'DanceTrack':
            videos.update(train=['dancetrack0001'], val=['dancetrack0004'])
        for split, names in videos.items():
            for name in names:
                for suffix in server.suffixes:
                    write_sequence(root / folder / split, name + suffix, 2)
    images = root / 'crowdhuman' / 'Images'
    images.mkdir(parents=True)
    frame = root / 'MOT20/train/MOT20-01/img1/000001.jpg'
    (images / '1,a.jpg').write_bytes(frame.read_bytes())
    (images.parent / 'annotation_val.odgt').write_text(
        '{"ID": "1,a", "gtboxes": [{"tag": "person", "fbox": [1, 2, 30, 40]}'
        ']}\n')
    return root


def without_resizing(node):
    """Frames stay as small as they are, everywhere in a config."""
    if isinstance(node, dict):
        if 'pipeline' in node:
            node['pipeline'] = [
                dict(type='LoadClipImages'),
                dict(type='PackClipInputs')
            ]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            without_resizing(each)


@pytest.fixture
def leaf(data, request, tmp_path, monkeypatch):
    """A config of one epoch, in a folder of its own, for a server that wants
    two frames a video."""
    benchmark, _ = PROTOCOLS[request.param]
    server = SERVER_FORMATS[benchmark]
    monkeypatch.setitem(
        SERVER_FORMATS, benchmark,
        replace(
            server,
            test=dict.fromkeys(server.test, 2),
            train=dict.fromkeys(server.train, 2)))
    monkeypatch.setenv('IPMOT_DATA', str(data))
    monkeypatch.chdir(tmp_path)
    bases = [
        (BASES / name).as_posix()
        for name in (f'datasets/{request.param}.py',
                     'models/ipmot_dab_tiny.py',
                     'schedules/schedule_10e_ablation.py',
                     'default_runtime.py')
    ]
    (tmp_path / 'bases.py').write_text(f'_base_ = {bases}')
    cfg = Config.fromfile(tmp_path / 'bases.py')
    without_resizing(cfg._cfg_dict)
    for key in ('train', 'val', 'test'):
        cfg[f'{key}_dataloader'].update(
            num_workers=0, persistent_workers=False)
    cfg.train_cfg.update(max_epochs=1, val_interval=100)
    # untrained, it scores everything low
    cfg.model.tracker.update(output_score_thr=0.0, newborn_score_thr=0.0)
    cfg.dump(tmp_path / 'leaf.py')
    return request.param


@pytest.mark.parametrize('leaf', sorted(PROTOCOLS), indirect=True)
def test_training_score_and_archive_take_a_command_each(leaf, capfd):
    benchmark, num_files = PROTOCOLS[leaf]
    assert cli.run('train', ['leaf.py', '--work-dir', 'work']) == 0
    weights = 'work/epoch_1.pth'
    assert cli.run('test', ['leaf.py', weights, '--val']) == 0
    printed = ''.join(capfd.readouterr())
    assert f'TrackEval, {benchmark} protocol' in printed
    assert 'COMBINED' in printed

    cfg = Config.fromfile('leaf.py')
    assert cli.run('test', ['leaf.py', weights]) == 0
    archive = cfg.test_evaluator.submission.format(work_dir='work_dirs/leaf')
    check_submission(archive, benchmark=benchmark)
    with zipfile.ZipFile(archive) as files:
        assert len(files.namelist()) == num_files
        assert all(map(files.read, files.namelist()))  # there are tracks
