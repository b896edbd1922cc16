"""Real frames: what configs/real trains on and is tested on."""
import hashlib
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from ipmot_mm.datasets.samplers import ClipSampler
from ipmot_mm.evaluation import score_folder
from ipmot_mm.registry import DATASETS
from ipmot_mm.study.definition import read_study
from ipmot_mm.testing import config_root

PREFIX = 'real/ipmot_dab-small_1xb4-8e_'
PETS, BOTH = 'pets09', 'pets09-mot17mini'
MOT20 = '_test-mot20mini'


def load(name):
    return Config.fromfile(config_root() / f'{PREFIX}{name}.py')


@pytest.fixture
def build(shared_data, monkeypatch):
    """``build(name, split)``: data set of a config."""
    monkeypatch.setenv('IPMOT_DATA', str(shared_data))

    def data_set(name, split):
        dataset = load(name)[f'{split}_dataloader'].dataset
        return DATASETS.build(dataset)

    return data_set


def frames(dataset):
    """What the pipeline would get, frame by frame."""
    for part in getattr(dataset, 'datasets', [dataset]):
        for index in range(len(part)):
            yield {
                key: values[0]
                for key, values in part.get_data_info(index).items()
            }


def count_by_hand(folder):
    """Pedestrians that count, and their ids, in the files of a folder."""
    boxes, ids = 0, set()
    for path in folder.glob('*/gt/gt.txt'):
        for line in path.read_text().split():
            _, person, *_, counts, kind, _ = line.split(',')
            if counts == kind == '1':
                boxes += 1
                ids.add((path, person))
    return boxes, len(ids)


@pytest.mark.parametrize(('name', 'folders', 'num_frames'), [
    (PETS, ['PETS09'], 240),
    (BOTH, ['PETS09', 'MOT17-mini'], 240 + 28),
])
def test_training_frames_and_persons(build, shared_data, name, folders,
                                     num_frames):
    dataset = build(name, 'train')
    counts = [count_by_hand(shared_data / each / 'train') for each in folders]
    boxes, persons = np.sum(counts, 0)
    assert len(dataset) == num_frames
    assert len(dataset.identity_map) == persons
    assert sum(len(frame['gt_bboxes']) for frame in frames(dataset)) == boxes


@pytest.mark.parametrize(('suffix', 'num_frames', 'benchmark'), [
    ('', 240, 'custom'),
    (MOT20, 215, 'MOT20'),
])
@pytest.mark.parametrize('name', [PETS, BOTH])
def test_no_frame_of_a_test_is_trained_on(build, name, suffix, num_frames,
                                          benchmark):
    cfg = load(name + suffix)
    assert cfg.test_evaluator.benchmark == benchmark
    assert cfg.test_dataloader == cfg.val_dataloader
    test = build(name + suffix, 'test')
    assert len(test) == num_frames and test.test_mode
    seen, tested = ({
        hashlib.sha256(Path(frame['img_path']).read_bytes()).digest()
        for frame in frames(dataset)
    } for dataset in (build(name + suffix, 'train'), test))
    assert len(tested) == num_frames and not seen & tested


@pytest.mark.parametrize('name', [PETS, BOTH])
def test_only_the_test_differs(name):
    keys = ('val_dataloader', 'val_evaluator', 'test_dataloader',
            'test_evaluator', 'mot20mini')
    here, there = (dict(load(name + suffix)) for suffix in ('', MOT20))
    for key in keys:
        here.pop(key, None)
        there.pop(key)
    assert here == there


@pytest.mark.parametrize('name', [PETS, BOTH])
def test_the_study_tests_what_the_configs_test(name):
    study = read_study('real')
    cfg = load(name)
    for test, suffix in (('pets09_val', ''), ('mot20_mini', MOT20)):
        cfg.merge_from_dict(dict(study.tests[test]))
        for key in ('test_dataloader', 'test_evaluator'):
            assert cfg[key] == load(name + suffix)[key]


def test_rows_of_the_study_start_from_widened_weights():
    study = read_study('real')
    made = [each.creates for each in study.prerequisites]
    trained = [row for row in study.rows.values() if not row.checkpoint]
    starts = [row.options.get('load_from') for row in trained]
    assert len(trained) == 6 and starts.count(None) == 2
    assert {*starts} - {None} == {name for name in made if '80-q' in name}
    root = Path(__file__).resolve().parents[2]
    assert (root / study.rows['street_only'].checkpoint).is_file()
    num_queries = load(PETS).model.detector.num_queries
    commands = [each.command for each in study.prerequisites]
    assert sum(f'--num-queries {num_queries}' in each
               for each in commands) == 2


@pytest.mark.parametrize('num_frames', [1, 2, 3])
def test_clips_of_the_few_frames_of_mot17(build, num_frames):
    dataset = build(BOTH, 'train')
    few = dataset.datasets[1]
    sampler = load(BOTH).train_dataloader.sampler
    clips = list(
        ClipSampler(
            few,
            num_frames=num_frames,
            max_interval=sampler.max_interval,
            seed=0))
    assert len(clips) == 28
    for clip in clips:
        info = few.get_data_info(clip)
        assert len(set(info['video_name'])) == 1
        steps = np.diff(info['mot_frame_id'])
        # distinct frames of one video, and none repeated
        assert (steps == clip.interval).all() and (steps > 0).all()
        assert 1 <= clip.interval <= sampler.max_interval


def test_persons_of_mot17_hardly_move_within_a_clip(build):
    # neighbours are 1/30 s apart: docs/evidence.md says so in pixels
    few = build(BOTH, 'train').datasets[1]
    sampler = ClipSampler(few, num_frames=3, max_interval=4, seed=0)
    moves = []
    for clip in sampler:
        info = few.get_data_info(clip)
        centres = [
            dict(zip(ids, (boxes[:, :2] + boxes[:, 2:]) / 2))
            for ids, boxes in zip(info['gt_instances_ids'], info['gt_bboxes'])
        ]
        moves += [
            np.linalg.norm(centres[-1][person] - centres[0][person])
            for person in set(centres[0]) & set(centres[-1])
        ]
    scale = 126 / 1080
    assert np.median(moves) * scale < 1 < 4 < np.max(moves) * scale


def test_distractors_of_mot20_are_not_false_positives(shared_data, tmp_path):
    # perfect tracks of the pedestrians and, besides, of those who sit still
    root = shared_data / 'MOT20-mini' / 'train'
    rows = [
        line.split(',')
        for line in (root / 'MOT20-01/gt/gt.txt').read_text().split()
    ]
    kept = [row for row in rows if row[7] in ('1', '7')]
    (tmp_path / 'MOT20-01.txt').write_text(''.join(
        f'{",".join(row[:6])},1,-1,-1,-1\n' for row in kept))
    num_still = sum(row[7] == '7' for row in kept)
    right, wrong = (
        score_folder(tmp_path, root, benchmark=benchmark)['COMBINED']
        for benchmark in ('MOT20', 'custom'))
    assert (right['HOTA'], right['FP'], right['FN']) == (1, 0, 0)
    assert wrong['FP'] == num_still > 1000
