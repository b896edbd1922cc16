"""What a user reads at the end of a command that cannot be run."""
import argparse
import errno
import json

import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.registry import HOOKS
from ipmot_mm.user_errors import (FAILURE, USER_ERROR, CommandError,
                                  message_of_setting, message_of_worker,
                                  positive, report_known, run_tool, some)


@pytest.mark.parametrize('error, line', [
    (CommandError('two inputs; give one'), 'error: two inputs; give one'),
    (FileNotFoundError(2, 'No such file', 'a.txt'),
     "error: [Errno 2] No such file: 'a.txt'"),
    (ValueError('a slip of the tool'), None),
])
def test_tools_end_with_one_line_unless_it_is_a_slip(error, line, capsys):

    def work(text):
        raise error

    if line is None:
        with pytest.raises(ValueError, match='a slip'):
            run_tool(work, 'text')
    else:
        assert run_tool(work, 'text') == USER_ERROR
        assert capsys.readouterr().err == f'{line}\n'
    assert run_tool(len, '') == 0 and run_tool(len, 'a') == 1


def test_numbers_become_runs():
    assert some([3]) == '3'
    assert some([1, 2, 3, 5, 7, 8]) == '1-3, 5, 7-8'
    assert some([1, 3, 5, 6, 9], 2) == '1, 3 and 3 more'
    assert some(['b', 'c']) == 'b, c'
    assert some([]) == ''
    assert some(iter([2, 4, 5]), 2, 10**40) == f'2, 4-5 and {10**40 - 3} more'


def test_positive_numbers_of_a_command(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--num-clips', type=positive)
    assert parser.parse_args(['--num-clips', '3']).num_clips == 3
    for text, message in (('0', 'expected 1 or more, got 0'),
                          ('-1', 'expected 1 or more, got -1'),
                          ('x', "invalid positive value: 'x'")):
        with pytest.raises(SystemExit):
            parser.parse_args(['--num-clips', text])
        assert f'--num-clips: {message}' in capsys.readouterr().err


def test_a_failure_from_outside_is_one_line(capsys):
    error = OSError(errno.ENOSPC, 'No space left on device', 'a.log')
    assert report_known(error) == FAILURE
    said = capsys.readouterr().err
    assert said.startswith('error: the disk is full; make room')
    assert str(error) in said and said.count('\n') == 1


def test_a_lost_peer_speaks_last(capsys, monkeypatch):
    waits = []
    monkeypatch.setattr('time.sleep', waits.append)
    error = torch.distributed.DistBackendError(
        'NCCL error: remote process exited or there was a network error')
    assert report_known(error) == FAILURE and len(waits) == 1
    assert capsys.readouterr().err.startswith(
        'error: another process of the group has failed; its message tells')


def test_where_a_failure_happened_is_in_the_log(tmp_path, capsys):
    file = tmp_path / 'run.log'
    MMLogger.get_instance(f'ipmot_{tmp_path.name}', log_file=str(file))
    try:
        raise MemoryError('too many clips')
    except MemoryError as error:
        assert report_known(error) == FAILURE
    assert file.read_text().endswith('MemoryError: too many clips\n')
    assert 'in test_where_a_failure_happened' in file.read_text()
    assert capsys.readouterr().err.count('\n') == 1


def test_bugs_are_left_alone(capsys):
    assert report_known(KeyError('a')) is None
    assert capsys.readouterr() == ('', '')


class BrokenClips(torch.utils.data.Dataset):
    """Clip 0 meets a message of the package, clip 1 one of a library."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index == 0:
            RowwiseAdamW([], lr=-1)
        return int('no number')


@pytest.mark.parametrize('clip, message', [
    (0, 'lr, eps and weight_decay must not be negative, got -1, 1e-08 and '
     '0.0001.'), (1, None)])
def test_message_of_a_worker(clip, message, capsys):
    batches = iter(DataLoader(BrokenClips(), sampler=[clip], num_workers=1))
    with pytest.raises(ValueError) as caught:
        next(batches)
    batches._shutdown_workers()  # the garbage collector takes 5 s
    assert 'Original Traceback' in str(caught.value)
    assert message_of_worker(caught.value) == message
    assert report_known(caught.value) == (USER_ERROR if message else None)
    assert capsys.readouterr().err == (f'error: {message}\n' if message else
                                       '')


class SlippingHook:
    """Its own code gives a wrong argument."""

    def __init__(self, *, interval=1):
        BrokenClips(intervall=interval)


class HandingOnHook(SlippingHook):
    """Its base knows the arguments."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)


@pytest.mark.parametrize('config, line', [
    (dict(type='RecoveryCheckpointHook', intervall=1),
     'RecoveryCheckpointHook does not take "intervall", which the config '
     'gives it; did you mean "interval"?'),
    (dict(type='TrackVideoHook', qqq=1),
     'TrackVideoHook does not take "qqq", which the config gives it; correct '
     'or remove it'),
    (dict(type=HandingOnHook, intervall=2), 'did you mean "interval"?'),
    (dict(type=SlippingHook, interval=2), None),
])
def test_a_slip_in_the_config_is_one_line(config, line, capsys):
    with pytest.raises(TypeError) as caught:
        HOOKS.build(config)
    message = message_of_setting(caught.value)
    assert message is None if line is None else line in message
    assert report_known(caught.value) == (USER_ERROR if line else None)
    assert capsys.readouterr().err == (f'error: {message}\n' if line else '')


def test_a_slip_in_the_config_of_a_tool_is_one_line(capsys):
    assert run_tool(HOOKS.build, dict(type='TrackVideoHok')) == USER_ERROR
    assert run_tool(HOOKS.build, dict(type='TrackVideoHook', q=1)) == (
        USER_ERROR)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith('error: the config names the class "TrackVideoHok')
    assert second.startswith('error: TrackVideoHook does not take "q"')
    with pytest.raises(KeyError):
        run_tool({}.__getitem__, 'a')


def test_the_traceback_can_be_had(monkeypatch):
    monkeypatch.setenv('IPMOT_TRACEBACK', '1')
    assert report_known(CommandError('no config')) is None


def test_torchrun_hears_the_line(tmp_path, monkeypatch, capsys):
    """Its summary reads the file by ProcessFailure."""
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure
    file = tmp_path / 'error.json'
    monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(file))
    monkeypatch.setenv('RANK', '3')
    report_known(CommandError('no config'))
    assert capsys.readouterr().err == 'error on rank 3: no config\n'
    failure = ProcessFailure(
        local_rank=0, pid=1, exitcode=2, error_file=str(file))
    assert failure.message['message'] == 'no config'
    assert json.loads(file.read_text())['message']['message'] == 'no config'
