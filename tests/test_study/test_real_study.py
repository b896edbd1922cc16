"""A study of a micro model: real trainings, interrupted and not."""
import os

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.study.command import run_study
from ipmot_mm.study.definition import read_study
from ipmot_mm.study.execution import load_work
from ipmot_mm.study.plan import make_plan
from ipmot_mm.study.pool import DONE, FAILED, Pool
from ipmot_mm.study.records import read_result, weights_of
from ipmot_mm.study.training import QuickConfig
from ipmot_mm.testing import config_root, tiny_model_cfg
from ipmot_mm.testing.synthetic import write_tiny_mot

BASES = ['datasets/synthmot.py', 'schedules/schedule_20e_dancetrack.py',
         'default_runtime.py']
STUDY = '''
base = 'micro.py'
seeds = [0, 1]
rows = dict(
    base=dict(options={'model.track_book': None,
                       'model.clip_loss.image_to_text': None}),
    align=dict())
tests = dict(near='VIDEOS', far={
    'test_dataloader.dataset.data_root': 'VIDEOS',
    'model.tracker.newborn_score_thr': 0.9})
same_domain = ['near']
reference = 'base'
'''


def micro_config():
    """Four iterations of a model of thin layers."""
    parts = {}
    for base in BASES:
        cfg = Config.fromfile(config_root() / '_base_' / base)
        parts.update(cfg.to_dict())
    cfg = Config(dict(parts, model=tiny_model_cfg(with_track_book=True)))
    steps = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]
    cfg.merge_from_dict({
        'train_cfg.max_epochs': 2,
        'train_dataloader.batch_size': 2,
        'custom_hooks': [dict(type='ClipLengthHook', schedule=[(0, 2)])],
        'model.tracker': dict(
            newborn_score_thr=0.0, output_score_thr=0.0, min_area=0.0)
    })
    for part in ('train', 'test'):
        cfg[f'{part}_dataloader'].update(
            num_workers=0, persistent_workers=False)
        cfg[f'{part}_dataloader'].dataset.pipeline = steps
    cfg.train_dataloader.sampler.max_interval = 1
    cfg.param_scheduler.track_book[0].T_max = 2
    cfg.param_scheduler.tracker[0].milestones = [1]
    return cfg


@pytest.fixture(scope='module')
def study_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp('study')
    videos = write_tiny_mot(folder / 'videos', 1, 4)
    cfg = micro_config()
    cfg.train_dataloader.dataset.data_root = str(videos)
    QuickConfig(cfg.to_dict()).dump(folder / 'micro.py')
    path = folder / 'micro_study.py'
    path.write_text(STUDY.replace('VIDEOS', str(videos)))
    return path


@pytest.fixture(scope='module')
def done(study_file):
    """Folder and exit code of the whole study by its command."""
    root = study_file.parent / 'studies'
    code = run_study([str(study_file), '--work-dir', str(root), '--jobs', '2',
                      '--export', str(root / 'micro.json')])
    return root, code


def test_every_cell_is_filled(study_file, done):
    root, code = done
    plan = make_plan(read_study(str(study_file)), root)
    assert code == 0 and len(plan.runs) == 4
    for run in plan.runs:
        result = read_result(run)
        assert result['training']['iterations'] == 4
        assert result['training']['losses']['loss'] > 0
        assert ('loss_i2t' in result['training']['losses']) == (
            run.name == 'align')
        near, far = (result['tests'][key] for key in run.tests)
        # near every query is a track, far none is
        assert near['scores']['FP'] > far['scores']['FP'] == 0
        assert near['sequences']['Tiny-01']['HOTA'] >= 0
    names = {path.name for path in (root / 'micro_study').iterdir()}
    assert names == {'tables.md', 'tables.csv', 'tables.json', 'hota.png',
                     'evidence.json'}


def test_only_the_weights_of_a_tracker_are_kept(study_file, done):
    runs = make_plan(read_study(str(study_file)), done[0], ['align']).runs
    states = []
    for run in runs:
        assert [path.name for path in run.folder.rglob('*.pth')] == [
            'weights.pth']
        states.append(torch.load(weights_of(run))['state_dict'])
        assert not any(key.startswith('track_book') for key in states[-1])
    assert any(not one.equal(two)  # seeds differ
               for one, two in zip(states[0].values(), states[1].values()))


def test_tables_come_from_the_evidence_alone(done, capsys):
    root, _ = done
    written = (root / 'micro_study' / 'tables.md').read_text()
    assert run_study(['micro', '--from', str(root / 'micro.json')]) == 0
    assert capsys.readouterr().out == written


def test_an_interrupted_training_ends_with_the_same_weights(study_file, done):
    study = read_study(str(study_file))
    root = study_file.parent / 'interrupted'
    (run, ) = make_plan(study, root, ['base'], [0]).runs
    carry_out = load_work()

    def killed(run, progress):
        # 0.8 is the share of the training: in its third iteration of four
        carry_out(run, lambda part: part < 0.5 or os._exit(9))

    outcomes = []
    for work in (killed, carry_out):
        Pool(work).run_all([run], outcomes.append, lambda parts: None)
    assert [each.status for each in outcomes] == [FAILED, DONE]
    (straight, ) = make_plan(study, done[0], ['base'], [0]).runs
    training = read_result(run)['training']
    assert training['resumed']
    assert not read_result(straight)['training']['resumed']
    states = [torch.load(weights_of(each))['state_dict']
              for each in (run, straight)]
    assert all(states[0][key].equal(states[1][key]) for key in states[1])
