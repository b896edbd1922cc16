"""The bar counts every iteration once and is closed at the end."""
import logging
import sys
from types import SimpleNamespace

import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.logging import MessageHub

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.engine.deferred_scalars import defer_scalars
from ipmot_mm.engine.hooks import ProgressBarHook, progress_bar_hook

CLIPS = dict(inputs=[torch.zeros(3, 3, 1, 1), torch.zeros(2, 3, 1, 1)])
NUMBER = iter(range(10**6))


@pytest.fixture
def seconds(monkeypatch):
    """A clock that stands still unless the test moves it."""
    now = SimpleNamespace(value=0.0)
    monkeypatch.setattr(progress_bar_hook.time, 'perf_counter',
                        lambda: now.value)
    return now


def make_runner(**changes):
    number = next(NUMBER)
    logger = logging.Logger(f'bar-{number}')
    logger.addHandler(logging.StreamHandler(sys.stderr))
    settings = dict(
        rank=0, iter=0, max_iters=4, epoch=0, max_epochs=2, logger=logger,
        val_dataloader=range(2), test_dataloader=range(3),
        message_hub=MessageHub.get_instance(f'bar-{number}'))
    return SimpleNamespace(**{**settings, **changes})


def results(*num_frames):
    return [
        TrackDataSample(video_data_samples=[DetDataSample()] * count)
        for count in num_frames
    ]


def test_counts_iterations_and_frames(capsys, seconds) -> None:
    hook, runner = ProgressBarHook(desc='street'), make_runner()
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    for index in range(4):
        seconds.value += 2.0
        hook.after_train_iter(runner, index, CLIPS)
    assert hook.bars[0].n == hook.bars[0].total == 4
    hook.after_train(runner)
    assert hook.bars == []
    shown = capsys.readouterr().err
    assert 'street train: 100%' in shown
    assert '2.5 frames/s, epoch=1/2]' in shown  # no loss was logged


def test_speed_is_that_of_all_ranks_without_the_pauses(monkeypatch, seconds):
    monkeypatch.setattr(progress_bar_hook, 'get_world_size', lambda: 4)
    hook, runner = ProgressBarHook(), make_runner()
    hook.before_train(runner)
    seconds.value += 100  # a validation
    hook.before_train_epoch(runner)
    seconds.value += 1
    hook.after_train_iter(runner, 0, dict(inputs=torch.zeros(2, 3, 3, 1, 1)))
    assert hook.bars[0].postfix.startswith('24.0 frames/s')
    hook.after_train(runner)


def test_old_iterations_do_not_count(seconds) -> None:
    speed = progress_bar_hook.FrameSpeed()
    assert speed.value() == 0
    for step in [100.] * 10 + [1.] * progress_bar_hook.WINDOW:
        seconds.value += step
        speed.add(7)
    assert speed.value() == 7


def test_the_loss_is_the_one_that_was_fetched_last() -> None:
    hook, runner = ProgressBarHook(), make_runner()
    hook.before_train(runner)
    shown = []
    for index in range(4):
        defer_scalars(runner.message_hub,
                      {'train/loss': torch.tensor(float(index))})
        if index == 2:  # as LoggerHook does
            runner.message_hub.get_scalar('train/loss').current()
        with OpCounter() as counter:
            hook.after_train_iter(runner, index, CLIPS)
        assert counter.syncs == 0
        shown.append(hook.bars[0].postfix.partition('loss=')[2])
    assert shown == ['', '', '1.00', '1.00']
    hook.after_train(runner)


def test_resumed_run_begins_where_it_stopped() -> None:
    hook = ProgressBarHook()
    hook.before_train(make_runner(iter=3))
    assert hook.bars[0].n == 3
    hook.after_train(make_runner())


def test_a_test_counts_frames_that_come_together(capsys, seconds) -> None:
    hook, runner = ProgressBarHook(), make_runner()
    hook.before_test_epoch(runner)
    for index, count in enumerate((1, 4, 4)):
        seconds.value += 1
        hook.after_test_iter(runner, index, outputs=results(count))
    assert hook.bars[0].postfix == '3.0 frames/s, state=scoring'
    hook.after_test_epoch(runner)
    shown = capsys.readouterr().err
    assert 'track: 100%' in shown and '3/3' in shown


def test_a_validation_has_a_bar_of_its_own() -> None:
    hook, runner = ProgressBarHook(), make_runner()
    hook.before_train(runner)
    hook.after_train_iter(runner, 0, CLIPS)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, outputs=results(1))
    assert [bar.n for bar in hook.bars] == [1, 1]
    assert hook.bars[1].total == 2 and not hook.bars[1].leave
    hook.after_val_epoch(runner)
    hook.after_train_iter(runner, 1, CLIPS)
    assert [bar.n for bar in hook.bars] == [2]
    hook.after_train(runner)


def test_lines_of_the_log_stand_above_the_bar(capsys) -> None:
    hook, runner = ProgressBarHook(), make_runner()
    handler = runner.logger.handlers[0]
    stream = handler.stream
    hook.before_train(runner)
    runner.logger.info('a line of the log')
    assert handler.stream is not stream
    hook.after_train(runner)
    assert handler.stream is stream
    shown = capsys.readouterr().err
    before = shown[:shown.index('a line of the log\n')]
    assert before.rstrip(' ').endswith('\r')  # nothing is left of the bar


@pytest.mark.parametrize('hook, rank', [
    (ProgressBarHook(), 1), (ProgressBarHook(only_in_terminal=True), 0)])
def test_others_stay_silent(hook, rank, capsys) -> None:
    runner = make_runner(rank=rank)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0, CLIPS)
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, outputs=results(1))
    hook.after_val_epoch(runner)
    hook.after_train(runner)
    assert capsys.readouterr().err == ''


def test_a_terminal_shows_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    hook, runner = ProgressBarHook(only_in_terminal=True), make_runner()
    hook.before_train(runner)
    hook.after_train(runner)
    assert 'train:   0%' in capsys.readouterr().err
