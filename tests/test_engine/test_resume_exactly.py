"""A training goes on after any iteration as if it had never stopped."""
import pytest
from interrupted_runs import (EPOCHS, LENGTH, Recorder, all_state, assert_same,
                              make_cfg, resume, train, write_videos)


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    """Config, snapshots after every iteration, rows and final state."""
    folder = tmp_path_factory.mktemp('resume')
    cfg = make_cfg(write_videos(folder / 'videos'), folder)
    recorder = Recorder(folder / 'snapshots')
    state = all_state(train(cfg, 'straight', recorder))
    return cfg, recorder, state


# In the first epoch; after its last iteration; before a validation; two
# workers load ahead.
@pytest.mark.parametrize('name, done, num_workers',
                         [('1', 1, 0), ('4', 4, 0), ('epoch_2', 8, 0),
                          ('6', 6, 2)])
def test_everything_goes_on_bit_for_bit(straight, name, done, num_workers):
    cfg, recorder, state = straight
    cfg.train_dataloader.num_workers = num_workers
    cfg.train_dataloader.persistent_workers = num_workers > 0
    runner, resumed = resume(cfg, f'resumed-{name}',
                             recorder.snapshots / name)
    rest = {i: row for i, row in recorder.rows.items() if i >= done}
    assert len(rest) == EPOCHS * LENGTH - done
    assert_same(resumed.rows, rest)
    assert_same(all_state(runner), state)


def test_only_the_latest_file_is_left(straight):
    _cfg, recorder, state = straight
    assert state['files'] == [
        'best_motchallenge-metric_MOTA_epoch_2.pth', 'config.py',
        'epoch_3.pth', 'last_checkpoint'
    ]
    files = {path.name for path in (recorder.snapshots / '6').glob('*.pth')}
    assert files == {'epoch_1.pth', 'recovery.pth'}
    assert not list(recorder.snapshots.glob('epoch_*/recovery.pth'))


def test_dropout_differs_from_iteration_to_iteration(straight):
    """Else the comparison would say little about random numbers."""
    rows = straight[1].rows.values()
    assert len({row['outputs']['loss'] for row in rows}) == len(rows)
