"""A study is done once, and goes on where it was left."""
import os
import signal

import pytest
from study_samples import STUDY, plan_of, pretend, read_log, write_study

from ipmot_mm.study.definition import Prerequisite, read_study
from ipmot_mm.study.execution import execute, prepare
from ipmot_mm.study.progress import describe_plan
from ipmot_mm.user_errors import CommandError


def do(folder, text=STUDY, work=pretend, **options):
    """Exit code of a study, and what was done for it."""
    study = read_study(str(write_study(folder, text)))
    code = execute(study, plan_of(folder, text, **options), work=work)
    return code, read_log(folder)


def test_what_is_done_is_not_done_again(tmp_path):
    code, lines = do(tmp_path, seeds=[0])
    assert code == 0 and len(lines) == 2 * 3  # a training and two tests
    assert do(tmp_path, seeds=[0]) == (0, [])
    _, lines = do(tmp_path)
    assert {line.split()[2] for line in lines} == {'1'}


def test_a_new_test_needs_no_training(tmp_path):
    do(tmp_path, seeds=[0])
    text = STUDY + "tests['dance'] = 'data/dance'\n"
    code, lines = do(tmp_path, text, seeds=[0])
    assert code == 0 and lines == [
        'base seed 0 tested dance of base seed 0',
        'deep seed 0 tested dance of deep seed 0'
    ]


def test_a_failure_is_told_with_its_log(tmp_path, capsys):
    def fail(run, progress):
        if run.name == 'deep':
            raise ValueError('too deep')
        pretend(run, progress)

    code, lines = do(tmp_path, work=fail, seeds=[0])
    assert code == 1 and len(lines) == 3
    error = capsys.readouterr().err
    assert 'base seed 0: HOTA street 50.0 crowd 30.0' in error
    assert 'failed: deep seed 0: ValueError: too deep; log: ' in error
    code, lines = do(tmp_path, seeds=[0])
    assert code == 0 and len(lines) == 3


def test_an_interrupted_study_goes_on(tmp_path, capsys):
    parent = os.getpid()

    def stop(run, progress):
        if run.name == 'deep':
            os.kill(parent, signal.SIGTERM)
            signal.pause()
        pretend(run, progress)

    before = signal.getsignal(signal.SIGTERM)
    code, lines = do(tmp_path, work=stop, seeds=[0])
    assert code == 130 and len(lines) == 3
    assert 'the same command goes on' in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before
    assert len(do(tmp_path, seeds=[0])[1]) == 3


def test_outlook(tmp_path):
    study = read_study(str(write_study(tmp_path)))
    assert describe_plan(study, plan_of(tmp_path)).endswith(
        '4 of 4 runs to do')
    do(tmp_path, rows=['base'], seeds=[0])
    lines = describe_plan(study, plan_of(tmp_path)).splitlines()
    assert lines[0].startswith('base seed 0: done (')
    # 60 s of training and two tests of 1.5 s, as the one that is done
    assert lines[1].startswith('deep seed 0: to be trained, about 63 s (')
    assert lines[-1] == '3 of 4 runs to do, about 3 min in one job'


def test_prerequisites(tmp_path, capfd):
    file = tmp_path / 'made.pth'
    needed = Prerequisite('detector', f'echo a > {file}', str(file))
    with pytest.raises(CommandError, match='made.pth is missing, which the '
                       'study starts from; add --prepare, or run: echo a'):
        prepare([needed], make=False)
    prepare([needed], make=True)
    assert file.read_text() == 'a\n'
    file.write_text('b')
    prepare([needed], make=True)  # nothing to do
    assert file.read_text() == 'b'
    useless = Prerequisite('other', 'exit 3', str(tmp_path / 'no.pth'))
    with pytest.raises(CommandError, match='no.pth was not made, its command '
                       'ended with code 3: exit 3'):
        prepare([useless], make=True)
