"""The dataset configs read the published folder layouts."""
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

CONFIGS = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'

SEQUENCES = {  # as the archives unpack
    '2DMOT2015/train': ['TUD-Campus'],
    'MOT16/train': ['MOT16-02', 'MOT16-04'],
    'MOT17/train': ['MOT17-02-DPM', 'MOT17-02-FRCNN', 'MOT17-02-SDP'],
    'MOT17/test': ['MOT17-01-SDP', 'MOT17-01-DPM'],
    'MOT20/train': ['MOT20-01', 'MOT20-02'],
    'MOT20/test': ['MOT20-04'],
    'dancetrack/train': ['dancetrack0001'],
    'dancetrack/val': ['dancetrack0004'],
    'dancetrack/test': ['dancetrack0003', 'dancetrack0009'],
    'sportsmot/dataset/train': ['v_00HRwkvvjtQ_c001'],
    'sportsmot/dataset/val': ['v_00HRwkvvjtQ_c003'],
    'custom/train': ['door', 'hall'],
    'custom/val': ['yard'],
    'PETS09/train': ['PETS09-S2L1-A'],
    'PETS09/val': ['PETS09-S2L1-B'],
    'MOT17-mini/train': ['MOT17-02-FRCNN', 'MOT17-04-FRCNN'],
    'street/train': ['street-01'],
    'street/val': ['street-02'],
    'world/train': ['World-01'],
    'world/val': ['World-02'],
}

# Training frames, frames of val_dataloader, frames of test_dataloader
EXPECTED = {
    'mot17_crowdhuman.py': (7 + 1, 7, 14),
    'mot17_crowdhuman_test_mot20.py': (7 + 1, 14, 14),
    'mot15.py': (7, 7, 7),
    'mot16.py': (14, 14, 14),
    'mot17.py': (7, 7, 14),
    'mot17_half.py': (4, 3, 3),
    'mot17_half_test_mot20_half.py': (4, 6, 6),
    'mot20.py': (14, 14, 21),
    'dancetrack.py': (7, 7, 14),
    'sportsmot.py': (7, 7, 7),
    'custom.py': (14, 7, 7),
    'pets09.py': (2, 7, 7),
    'pets09_small.py': (2, 7, 7),
    'pets09_mot17mini_small.py': (6, 7, 7),
    'synthmot.py': (2, 7, 7),
    'synthmot_study.py': (1, 7, 7),
    'synthmot_world.py': (1, 7, 7),
}


@pytest.fixture(scope='module')
def data(tmp_path_factory, write_sequence):
    root = tmp_path_factory.mktemp('data')
    for folder, names in SEQUENCES.items():
        for name in names:
            write_sequence(
                root / folder, name, 7, digits=8 if 'dance' in name else 6)
    crowdhuman = root / 'crowdhuman'
    (crowdhuman / 'Images').mkdir(parents=True)
    img = root / 'PETS09/val/PETS09-S2L1-B/img1/000001.jpg'
    (crowdhuman / 'Images' / '1,a.jpg').write_bytes(img.read_bytes())
    (crowdhuman / 'annotation_val.odgt').write_text(
        '{"ID": "1,a", "gtboxes": [{"tag": "person", "fbox": [1, 2, 30, 40]}'
        ']}\n')
    return root


def test_every_config_is_expected():
    assert {path.name for path in CONFIGS.glob('*.py')} == set(EXPECTED)


@pytest.mark.parametrize('name', sorted(EXPECTED))
def test_loaders_read_the_published_layout(data, monkeypatch, name):
    monkeypatch.setenv('IPMOT_DATA', str(data))
    monkeypatch.setenv('IPMOT_SYNTHMOT', str(data))
    cfg = Config.fromfile(CONFIGS / name)
    sizes = []
    with DefaultScope.overwrite_default_scope('ipmot_mm'):
        for key in ('train', 'val', 'test'):
            loader_cfg = cfg[f'{key}_dataloader']
            loader_cfg.update(num_workers=0, persistent_workers=False)
            loader = Runner.build_dataloader(loader_cfg, seed=0)
            sizes.append(len(loader))
            # detection is learned from single images
            is_clip = key == 'train' and name != 'synthmot_world.py'
            frames = 2 if is_clip else 1
            batch = next(iter(loader))
            assert {len(clip) for clip in batch['inputs']} == {frames}
            assert 'type' in cfg.get(f'{key}_evaluator', dict(type=''))
    assert tuple(sizes) == EXPECTED[name]


def test_training_sizes_are_those_of_memotr():
    cfg = Config.fromfile(CONFIGS / 'mot17_half.py')
    choice = cfg.train_pipeline[2].transforms
    assert choice[0][0].short_sizes == list(range(608, 993, 32))
    assert choice[0][0].max_long == choice[1][2].max_long == 1536
    assert choice[1][0].short_sizes == [400, 500, 600]
    assert (choice[1][1].min_size, choice[1][1].max_size) == (384, 600)
    dance = Config.fromfile(CONFIGS / 'dancetrack.py').train_pipeline
    assert dance[2].transforms[1][0].short_sizes == [800, 1000, 1200]
    crop = dance[2].transforms[1][1]
    assert (crop.min_size, crop.max_size) == (800, 1200)
    assert not dance[4].overflow_boxes
