"""Which runs a study needs."""
import pytest
from study_samples import STUDY, plan_of

from ipmot_mm.user_errors import CommandError


def labels(plan):
    return [run.label for run in plan.runs]


def test_all_rows_of_a_seed_come_first(tmp_path):
    plan = plan_of(tmp_path)
    assert labels(plan) == [
        'base seed 0', 'deep seed 0', 'base seed 1', 'deep seed 1']
    run = plan.runs[1]
    assert run.cfg['model']['depth'] == 9
    assert run.folder == (
        tmp_path / 'studies' / 'runs' / f'deep-{run.key}-seed0')
    assert list(run.test_names.values()) == ['street', 'crowd']
    # seeds share a key, rows do not
    assert plan.runs[0].key == plan.runs[2].key != run.key


def test_only_some(tmp_path):
    assert labels(plan_of(tmp_path, rows=['deep'])) == [
        'deep seed 0', 'deep seed 1']
    assert labels(plan_of(tmp_path, seeds=[1])) == [
        'base seed 1', 'deep seed 1']
    with pytest.raises(CommandError, match='--rows: got wide; expected some '
                       'of base, deep'):
        plan_of(tmp_path, rows=['wide'])
    with pytest.raises(CommandError, match='--seeds: got 7; expected some of '
                       '0, 1'):
        plan_of(tmp_path, seeds=[0, 7])


def test_rows_of_one_training_are_one_run(tmp_path):
    plan = plan_of(tmp_path, STUDY + "rows['again'] = dict(title='Again')\n")
    assert len(plan.runs) == 4
    assert plan.cells['again', 1] == plan.cells['base', 1]


def test_studies_share_runs_and_their_folders(tmp_path):
    first = plan_of(tmp_path).runs[1]
    first.folder.mkdir(parents=True)
    other = plan_of(
        tmp_path, STUDY.replace('deep=', 'm4=').replace(
            "tests = dict(", "tests = dict(dance='data/dance', "), 'other')
    run = other.runs[1]
    assert run.name == 'm4' and run.folder == first.folder
    # tests of the same data have the same key, whatever the study
    assert set(first.tests) < set(run.tests)


def test_tests_alone_wait_for_their_weights(tmp_path):
    text = STUDY + '''
rows['sort'] = dict(checkpoint_of='deep', options={'model.type': 'Sort'})
rows['file'] = dict(checkpoint='a.pth', seeds=[0])
'''
    plan = plan_of(tmp_path, text, rows=['sort', 'file'], seeds=[0])
    deep, sort, file = plan.runs
    assert deep.name == 'deep' and deep.trains
    assert sort.source is deep and not sort.trains
    assert file.checkpoint == 'a.pth' and not file.trains
    assert len({deep.key, sort.key, file.key}) == 3


def test_options_of_scale_and_row(tmp_path):
    text = STUDY + '''
options = {'model.depth': 5, 'train_cfg.max_epochs': 8}
scales = dict(gpu={'train_cfg.max_epochs': 50})
'''
    base, deep = plan_of(tmp_path, text, seeds=[0]).runs
    assert base.cfg['model']['depth'] == 5
    assert deep.cfg['model']['depth'] == 9
    assert base.cfg['train_cfg']['max_epochs'] == 8


@pytest.mark.parametrize('setting', [
    "'test_evaluator.benchmark': 'MOT20'", "'model.tracker.thr': 0.9"])
def test_a_test_with_other_settings_is_another_test(tmp_path, setting):
    text = STUDY + f'''
tests['strict'] = {{'test_dataloader.dataset.data_root': 'data/crowd',
                   {setting}}}
'''
    run = plan_of(tmp_path, text).runs[0]
    assert len(run.tests) == 3


def test_rows_of_one_training_may_test_differently(tmp_path):
    plan = plan_of(tmp_path, STUDY + """
rows['strict'] = dict(options={'test_evaluator.benchmark': 'MOT20'})
""", seeds=[0])
    (run, base), (same, strict) = (
        plan.cells[name, 0] for name in ('base', 'strict'))
    assert run is same and len(run.tests) == 4
    found = [run.tests[keys['crowd']] for keys in (base, strict)]
    assert [cfg['test_dataloader']['dataset']['data_root']
            for cfg in found] == ['data/crowd'] * 2
    assert [cfg['test_evaluator'].get('benchmark')
            for cfg in found] == [None, 'MOT20']
