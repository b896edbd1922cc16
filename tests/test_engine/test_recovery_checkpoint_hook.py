import pytest
import torch
from line_runs import NUM_SAMPLES, run

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.engine.checkpoint_files import point_to, read_pointer
from ipmot_mm.engine.hooks import RecoveryCheckpointHook

LENGTH = NUM_SAMPLES // 2


def recovery(interval):
    return dict(recovery=dict(type='RecoveryCheckpointHook',
                              interval=interval))


def meta_of(work_dir):
    return torch.load(work_dir / 'recovery.pth', weights_only=False)['meta']


def latest(work_dir):
    return read_pointer(str(work_dir)).rsplit('/', 1)[-1]


@pytest.mark.parametrize('interval', [0, -2])
def test_no_interval_is_refused(interval):
    message = f'at least 1 iteration, or -1 for never, got {interval}'
    with pytest.raises(ValueError, match=message):
        RecoveryCheckpointHook(interval=interval)


def test_never(tmp_path):
    run(tmp_path, kill_after=LENGTH + 3, hooks=recovery(-1))
    assert not (tmp_path / 'recovery.pth').exists()
    assert latest(tmp_path) == 'epoch_1.pth'


@pytest.mark.parametrize('killed, saved', [(4, 4), (5, 4), (8, 8), (11, 8)])
def test_the_last_multiple_is_kept(tmp_path, killed, saved):
    run(tmp_path, kill_after=killed, hooks=recovery(4))
    assert meta_of(tmp_path)['iter'] == saved
    assert meta_of(tmp_path)['epoch'] == saved // LENGTH
    assert latest(tmp_path) == 'recovery.pth'


def test_the_end_of_an_epoch_replaces_it(tmp_path):
    run(tmp_path, kill_after=LENGTH + 1, hooks=recovery(4))
    assert not (tmp_path / 'recovery.pth').exists()
    assert latest(tmp_path) == 'epoch_1.pth'


def test_it_outlives_an_epoch_without_checkpoint(tmp_path):
    every_second = dict(type='CheckpointHook', interval=2)
    hooks = dict(recovery(4), checkpoint=every_second)
    run(tmp_path, kill_after=LENGTH + 1, hooks=hooks)
    assert latest(tmp_path) == 'recovery.pth'
    _, rest = run(tmp_path, resume=True, hooks=hooks)
    assert min(rest) == 4
    assert not (tmp_path / 'recovery.pth').exists()


def test_a_folder_may_be_moved(tmp_path):
    """The note names the old place, the file is as good as before."""
    run(tmp_path / 'a', kill_after=4)
    (tmp_path / 'a').rename(tmp_path / 'b')
    hook = RecoveryCheckpointHook()
    runner, _ = run(tmp_path / 'c', kill_after=1)
    runner._work_dir = str(tmp_path / 'b')
    hook.after_train_epoch(runner)
    assert (tmp_path / 'b' / 'recovery.pth').exists()
    point_to(runner.work_dir, str(tmp_path / 'a' / 'epoch_1.pth'))
    hook.after_train_epoch(runner)
    assert not (tmp_path / 'b' / 'recovery.pth').exists()


def test_a_full_disk_leaves_the_last_one(tmp_path, monkeypatch):
    run(tmp_path, kill_after=2)

    def refuse(*args):
        raise NotWrittenError('disk full')

    monkeypatch.setattr('ipmot_mm.compat.checkpoint_writer.save_to_disk',
                        refuse)
    _, rest = run(tmp_path, kill_after=5, resume=True)
    assert sorted(rest) == [2, 3, 4]  # went on
    assert meta_of(tmp_path)['iter'] == 2
    assert latest(tmp_path) == 'recovery.pth'
