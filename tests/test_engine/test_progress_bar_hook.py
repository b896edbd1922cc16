"""The bar counts every iteration once and is closed at the end."""
from types import SimpleNamespace

import torch

from ipmot_mm.engine.hooks import ProgressBarHook


def make_runner(**changes):
    settings = dict(rank=0, iter=0, max_iters=4, epoch=0, max_epochs=2)
    return SimpleNamespace(**{**settings, **changes})


def test_counts_iterations_and_shows_the_loss(capsys) -> None:
    hook = ProgressBarHook(interval=2, desc='street')
    runner = make_runner()
    hook.before_train(runner)
    for iteration in range(4):
        runner.iter = iteration
        hook.after_train_iter(runner, iteration,
                              outputs=dict(loss=torch.tensor(7.25)))
    assert hook.bar.n == hook.bar.total == 4
    hook.after_train(runner)
    assert hook.bar is None
    shown = capsys.readouterr().err
    assert 'street train: 100%' in shown and 'loss=7.25' in shown


def test_a_skipped_iteration_counts_and_has_no_loss(capsys) -> None:
    hook, runner = ProgressBarHook(interval=1), make_runner()
    hook.before_train(runner)
    hook.after_train_iter(
        runner, 0, outputs=dict(num_skipped=torch.tensor(1)))
    assert hook.bar.n == 1
    hook.after_train(runner)
    assert 'loss' not in capsys.readouterr().err


def test_resumed_run_begins_where_it_stopped() -> None:
    hook = ProgressBarHook()
    hook.before_train(make_runner(iter=3))
    assert hook.bar.n == 3
    hook.after_train(make_runner())


def test_other_ranks_stay_silent(capsys) -> None:
    hook, runner = ProgressBarHook(), make_runner(rank=1)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0, outputs=dict(loss=torch.tensor(1.0)))
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0)
    hook.after_test_epoch(runner)
    assert capsys.readouterr().err == ''
