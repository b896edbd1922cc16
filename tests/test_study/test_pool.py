"""Processes of runs: order, failures, interruptions."""
import os
import time

import pytest
from study_samples import STUDY, plan_of, pretend, read_log

from ipmot_mm.study.pool import DONE, ELSEWHERE, FAILED, Pool
from ipmot_mm.study.records import LOG, is_complete, read_failure
from ipmot_mm.study.run_lock import RunLock


def run_all(runs, work=pretend, jobs=1):
    outcomes, parts = [], []
    Pool(work, jobs=jobs).run_all(runs, outcomes.append, parts.append)
    return outcomes, parts


def test_runs_in_order(tmp_path):
    runs = plan_of(tmp_path).runs
    outcomes, _ = run_all(runs)
    assert [each.run for each in outcomes] == runs
    assert {each.status for each in outcomes} == {DONE}
    assert all(is_complete(run) for run in runs)
    trained = [line for line in read_log(tmp_path) if 'trained' in line]
    assert trained == [f'{run.label} trained' for run in runs]


def test_two_at_a_time(tmp_path):
    def wait(run, progress):
        progress(0.25)
        others = [other for other in runs if other is not run]
        (tmp_path / run.label).touch()
        while not any((tmp_path / each.label).exists() for each in others):
            time.sleep(0.01)
        time.sleep(0.5)
        pretend(run, progress)

    runs = plan_of(tmp_path, seeds=[0]).runs
    outcomes, parts = run_all(runs, wait, jobs=2)
    assert [each.status for each in outcomes] == [DONE, DONE]
    assert {'base seed 0': 0.25, 'deep seed 0': 0.25} in parts


def test_a_failure_does_not_stop_the_others(tmp_path):
    def fail(run, progress):
        if run.name == 'base':
            raise ValueError('too deep')
        if run.seed == 1:
            os._exit(7)
        pretend(run, progress)

    runs = plan_of(tmp_path).runs
    outcomes, _ = run_all(runs, fail)
    assert [each.status for each in outcomes] == [FAILED, DONE] + [FAILED] * 2
    assert outcomes[0].message == 'ValueError: too deep'
    assert outcomes[3].message == 'its process ended with code 7'
    assert read_failure(runs[0]) == 'ValueError: too deep'
    assert read_failure(runs[3]) is None  # it may go on
    assert 'Traceback' in (runs[0].folder / LOG).read_text()


def test_a_failed_run_begins_anew(tmp_path):
    def fail(run, progress):
        (run.folder / 'epoch_1.pth').touch()
        raise FloatingPointError('nan')

    def look(run, progress):
        assert not (run.folder / 'epoch_1.pth').exists()
        pretend(run, progress)

    runs = plan_of(tmp_path).runs[:1]
    run_all(runs, fail)
    assert (runs[0].folder / 'epoch_1.pth').exists()
    outcomes, _ = run_all(runs, look)
    assert outcomes[0].status == DONE and read_failure(runs[0]) is None


def test_tests_wait_for_the_training_of_their_weights(tmp_path):
    text = STUDY + "rows['sort'] = dict(checkpoint_of='deep')\n"
    runs = plan_of(tmp_path, text, rows=['sort'], seeds=[0]).runs
    outcomes, _ = run_all(runs, jobs=2)
    assert [each.status for each in outcomes] == [DONE, DONE]
    assert 'sort seed 0 tested crowd of deep seed 0' in read_log(tmp_path)


def test_tests_without_weights_fail_with_them(tmp_path):
    def fail(run, progress):
        raise ValueError('no')

    text = STUDY + "rows['sort'] = dict(checkpoint_of='deep')\n"
    runs = plan_of(tmp_path, text, rows=['sort'], seeds=[0]).runs
    outcomes, _ = run_all(runs, fail)
    assert [each.status for each in outcomes] == [FAILED, FAILED]
    assert outcomes[1].message == 'it needs the weights of deep seed 0'


def test_a_run_of_another_process_is_left_to_it(tmp_path):
    runs = plan_of(tmp_path, rows=['base'], seeds=[0]).runs
    with RunLock(runs[0].folder) as lock:
        assert lock.taken
        outcomes, _ = run_all(runs)
    assert [each.status for each in outcomes] == [ELSEWHERE]
    assert run_all(runs)[0][0].status == DONE


def test_interruption_ends_the_processes(tmp_path):
    def sleep(run, progress):
        (tmp_path / 'pid').write_text(str(os.getpid()))
        progress(0.5)
        time.sleep(60)

    def interrupt(parts):
        if 0.5 in parts.values():
            raise KeyboardInterrupt

    runs = plan_of(tmp_path).runs
    with pytest.raises(KeyboardInterrupt):
        Pool(sleep).run_all(runs, print, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / 'pid').read_text()), 0)
    assert read_failure(runs[0]) is None
