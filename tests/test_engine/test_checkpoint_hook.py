"""A training loses no checkpoint to a full disk or a kill."""
import os
import signal
from types import SimpleNamespace

import pytest
import torch
from file_faults import full_disk, in_child, names_in
from line_training import make_cfg, make_runner, on_two_ranks
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook

from ipmot_mm import atomic_files
from ipmot_mm.engine.checkpoint_files import read_pointer
from ipmot_mm.engine.hooks import CheckpointHook, checkpoint_hook
from ipmot_mm.user_errors import CommandError


def do(priority, **stages):
    """A hook that calls a function in some stages."""
    hook = Hook()
    hook.priority = priority
    for stage, call in stages.items():
        setattr(hook, stage, call)
    # mmengine asks the class which stages a hook has
    hook.get_triggered_stages = lambda: list(stages)
    return hook


def full_at(*epochs, until_end=False):
    """Hooks that fill the disk while checkpoints of some epochs, counted from
    1, are saved."""
    limits = []

    def fill(runner):
        if runner.epoch + 1 in epochs:
            limits.append(full_disk())
            limits[-1].__enter__()

    def free(runner):
        while limits:
            limits.pop().__exit__(None, None, None)

    stages = {} if until_end else dict(after_train_epoch=free)
    return [
        do('LOW', after_train_epoch=fill),
        do('LOWEST', after_run=free, **stages)
    ]


def epoch_of(path):
    return torch.load(path, weights_only=False)['meta']['epoch']


def test_it_takes_the_place_of_mmengine_s(tmp_path):
    runner = make_runner(tmp_path)
    assert any(type(hook) is CheckpointHook for hook in runner._hooks)


@pytest.mark.parametrize('name, remedy', [
    ('max_keep_ckpt', r'did you mean "max_keep_ckpts"\?'),
    ('colour', 'remove it')])
def test_a_mistyped_argument_is_refused_before_the_training(name, remedy):
    with pytest.raises(
            TypeError, match=f'CheckpointHook does not take "{name}"; '
            f'{remedy}'):
        CheckpointHook(interval=1, **{name: 1})


def test_only_the_newest_are_kept(tmp_path):
    seen = []
    look = do(
        'LOWEST',
        after_train_epoch=lambda runner: seen.append(names_in(tmp_path)))
    make_runner(tmp_path, 4, [look], max_keep_ckpts=2).train()
    assert seen == [['epoch_1.pth'], ['epoch_1.pth', 'epoch_2.pth'],
                    ['epoch_2.pth', 'epoch_3.pth'],
                    ['epoch_3.pth', 'epoch_4.pth']]
    assert read_pointer(str(tmp_path)) == str(tmp_path / 'epoch_4.pth')


def test_full_disk_in_between_costs_no_checkpoint(tmp_path):
    seen = []
    look = do(
        'LOWEST',
        after_train_epoch=lambda runner: seen.append((names_in(
            tmp_path), os.path.basename(read_pointer(str(tmp_path))))))
    runner = make_runner(tmp_path, 4, [*full_at(2, 3), look], max_keep_ckpts=1)
    runner.train()
    assert seen == [(['epoch_1.pth'], 'epoch_1.pth')] * 3 + [
        (['epoch_4.pth'], 'epoch_4.pth')
    ]
    log = next(tmp_path.glob('*/*.log')).read_text()
    lines = [line for line in log.splitlines() if ' - ERROR - ' in line]
    assert len(lines) == 2 and 'epoch_2.pth was not written' in lines[0]
    assert lines[1].endswith(f'the last good one is {tmp_path}/epoch_1.pth')
    assert list(runner.message_hub.get_info('keep_ckpt_ids')) == [4]
    assert runner.iter == 12


def test_last_checkpoint_is_tried_again_at_the_end(tmp_path):
    make_runner(tmp_path, 2, full_at(2), max_keep_ckpts=1).train()
    assert names_in(tmp_path) == ['epoch_2.pth']
    assert epoch_of(tmp_path / 'epoch_2.pth') == 2


def test_run_without_its_last_checkpoint_fails(tmp_path):
    hooks = full_at(2, until_end=True)
    runner = make_runner(tmp_path, 2, hooks, max_keep_ckpts=1)
    with pytest.raises(
            CommandError,
            match='the training is over, but .*epoch_2.pth was not written '
            r'\(File too large\).*the last good checkpoint is .*epoch_1.pth, '
            'go on from it with --resume'):
        runner.train()
    hooks[1].after_run(runner)
    assert names_in(tmp_path) == ['epoch_1.pth']
    assert runner.message_hub.get_info('last_ckpt').endswith('epoch_1.pth')
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert log.count('goes on and tries again') == 1  # not at the very end


def test_all_ranks_fail_without_it(tmp_path):

    def finish(rank):
        runner = SimpleNamespace(work_dir=str(tmp_path), iter=9)
        hook = CheckpointHook()
        hook._unsaved = None if rank else ('epoch_3.pth was not written', 3,
                                           dict(iter=6))
        with pytest.raises(CommandError, match='epoch_3.pth was not written'):
            hook.after_train(runner)
        hook._unsaved = None
        hook.after_train(runner)

    assert on_two_ranks(tmp_path, finish) == [0, 0]


def test_an_older_failure_is_not_mended_with_later_weights(tmp_path):
    """Without save_last, epoch 3 must not be called epoch 2."""
    runner = make_runner(tmp_path, 3, full_at(2), interval=2, save_last=False)
    with pytest.raises(CommandError, match='epoch_2.pth was not written'):
        runner.train()
    assert names_in(tmp_path) == []


def kill_at(monkeypatch, owner, name, call_number):
    """The process kills itself instead of one of the calls of a function."""
    function, calls = getattr(owner, name), []

    def call(*args, **kwargs):
        calls.append(args)
        if len(calls) == call_number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)


@pytest.mark.parametrize(
    'owner, name, number, left, latest',
    [
        # epoch 2 is written under its temporary name, but not renamed
        (atomic_files.os, 'replace', 3, 2, 'epoch_1.pth'),
        # epoch 2 is there, but last_checkpoint does not name it
        (checkpoint_hook, 'point_to', 2, 2, 'epoch_1.pth'),
        # last_checkpoint names it, but epoch 1 is not removed
        (CheckpointHook, '_remove', 1, 2, 'epoch_2.pth')
    ])
def test_kill_while_saving(tmp_path, monkeypatch, owner, name, number, left,
                           latest):
    with monkeypatch.context() as patch:
        kill_at(patch, owner, name, number)
        runner = make_runner(tmp_path, 2, max_keep_ckpts=1)
        assert in_child(runner.train) == -signal.SIGKILL
    assert len(names_in(tmp_path)) == left
    assert os.path.basename(read_pointer(str(tmp_path))) == latest
    path = tmp_path / latest
    assert epoch_of(path) == int(latest[6])
    make_runner(
        tmp_path,
        3,
        max_keep_ckpts=1,
        extra=dict(resume=True, load_from=str(path))).train()
    assert names_in(tmp_path) == ['epoch_3.pth']


def test_two_runs_in_one_folder(tmp_path):
    """Each file is one of the two, whole."""
    other = make_runner(tmp_path, 2)
    step = do(
        'LOWEST',
        after_train_epoch=lambda runner: other.train()
        if runner.epoch == 0 else None)
    make_runner(tmp_path, 2, [step]).train()
    assert names_in(tmp_path) == ['epoch_1.pth', 'epoch_2.pth']
    assert epoch_of(tmp_path / 'epoch_2.pth') == 2


class Scores(BaseMetric):
    """The next of given scores."""

    def __init__(self, *scores):
        super().__init__()
        self.scores = list(scores)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(acc=self.scores.pop(0))


def validated(tmp_path, epochs, scores, hooks=(), **extra):
    return make_runner(
        tmp_path,
        epochs,
        hooks,
        save_best='acc',
        max_keep_ckpts=1,
        extra=dict(
            extra,
            val_cfg=dict(),
            val_evaluator=[Scores(*scores)],
            val_dataloader=make_cfg(tmp_path)['train_dataloader']))


def test_best_one_goes_after_a_better_one_is_there(tmp_path):
    validated(tmp_path, 3, [0.5, 0.3, 0.7]).train()
    assert names_in(tmp_path) == ['best_acc_epoch_3.pth', 'epoch_3.pth']


def test_best_one_survives_a_full_disk(tmp_path):
    limits = []

    def fill(runner):
        limits.append(full_disk())
        limits[0].__enter__()

    def free(runner, metrics):
        limits.pop().__exit__(None, None, None)

    def at(epoch, call):
        return lambda runner, *args, **kwargs: call(
            runner, *args, **kwargs) if runner.epoch == epoch else None

    hooks = [
        do('LOW', before_val=at(2, fill)),
        do('LOWEST', after_val_epoch=at(2, free))
    ]
    runner = validated(tmp_path, 3, [0.5, 0.9, 0.7], hooks)
    runner.train()
    # 0.7 is better than what is on the disk
    assert names_in(tmp_path) == ['best_acc_epoch_3.pth', 'epoch_3.pth']
    assert runner.message_hub.get_info('best_score') == 0.7


def test_best_one_of_a_copied_folder_is_left_alone(tmp_path):
    old, new = tmp_path / 'old', tmp_path / 'new'
    validated(old, 1, [0.5]).train()
    source = str(old / 'epoch_1.pth')
    validated(new, 2, [0.7], resume=True, load_from=source).train()
    assert names_in(old) == ['best_acc_epoch_1.pth', 'epoch_1.pth']
    assert names_in(new) == ['best_acc_epoch_2.pth', 'epoch_2.pth']


def test_publishing(tmp_path):
    make_runner(tmp_path, 1, published_keys=['state_dict']).train()
    published, = tmp_path.glob('epoch_1-*.pth')
    assert set(torch.load(published)) == {'state_dict'}


def test_publishing_on_a_full_disk_fails(tmp_path):
    fill = full_disk()
    runner = make_runner(
        tmp_path,
        1,
        published_keys=['state_dict'],
        hooks=[
            do('LOWEST', after_train_epoch=lambda runner: fill.__enter__())
        ])
    with pytest.raises(CommandError, match='epoch_1-.*was not written'):
        runner.train()
    fill.__exit__(None, None, None)
    assert names_in(tmp_path) == ['epoch_1.pth']
