"""What a run leaves behind is read again, or counts as nothing."""
import json

from study_samples import STUDY, plan_of, pretend

from ipmot_mm.study import records


def one_run(folder):
    return plan_of(folder, rows=['deep'], seeds=[1]).runs[0]


def test_a_result_is_read_again(tmp_path):
    run = one_run(tmp_path)
    assert records.read_result(run) == dict(training=None, tests={})
    assert not records.is_trained(run) and not records.is_complete(run)
    pretend(run, print)
    result = records.read_result(run)
    assert result['training']['seconds'] == 60.0
    assert records.is_trained(run) and records.is_complete(run)
    assert records.seconds_of(result) == 63.0
    assert records.missing_tests(run) == []


def test_a_result_of_something_else_counts_as_none(tmp_path):
    run = one_run(tmp_path)
    pretend(run, print)
    path = run.folder / records.RESULT
    content = json.loads(path.read_text())
    for change in (dict(key='00000000'), dict(seed=2)):
        path.write_text(json.dumps({**content, **change}))
        assert not records.is_trained(run)
    path.write_text('{"key": ')
    assert records.read_result(run) == dict(training=None, tests={})


def test_without_its_weights_a_run_is_not_trained(tmp_path):
    run = one_run(tmp_path)
    pretend(run, print)
    records.weights_of(run).unlink()
    assert not records.is_trained(run)
    assert records.is_complete(run)  # its scores are known


def test_weights_of_another(tmp_path):
    text = STUDY + '''
rows['sort'] = dict(checkpoint_of='base')
rows['file'] = dict(checkpoint='a.pth')
'''
    base, sort, file = plan_of(
        tmp_path, text, rows=['sort', 'file'], seeds=[0]).runs
    assert records.weights_of(sort) == base.folder / 'weights.pth'
    assert str(records.weights_of(file)) == 'a.pth'


def test_checkpoints_go_and_weights_stay(tmp_path):
    run = one_run(tmp_path)
    run.folder.mkdir(parents=True)
    for name in ('epoch_1.pth', 'recovery.pth', 'weights.pth', 'run.log',
                 'last_checkpoint'):
        (run.folder / name).touch()
    records.remove_checkpoints(run)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        'run.log', 'weights.pth']


def test_json_has_no_numbers_that_are_none():
    found = records.finite(dict(a=[float('nan'), 1.5], b=(float('inf'), 'x')))
    assert found == dict(a=[None, 1.5], b=[None, 'x'])
