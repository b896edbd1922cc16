import pytest
from line_runs import NUM_SAMPLES, Values, collate, run
from mmengine.evaluator import BaseMetric, Evaluator
from torch.utils.data import DataLoader, RandomSampler

LENGTH = NUM_SAMPLES // 2


@pytest.fixture
def warnings(monkeypatch):
    """Lines logged by the loop and its hook."""
    lines = []
    for module in ('loops.resumable_train_loop', 'hooks.epoch_position_hook'):
        monkeypatch.setattr(f'ipmot_mm.engine.{module}.print_log',
                            lambda line, **_kwargs: lines.append(line))
    return lines


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    """What a run gives that is never killed."""
    _, rows = run(tmp_path_factory.mktemp('straight'))
    assert sorted(rows) == list(range(3 * LENGTH))
    return rows


@pytest.mark.parametrize('done', range(1, 3 * LENGTH))
def test_any_iteration_can_be_the_last(tmp_path, done, straight, warnings):
    run(tmp_path, kill_after=done)
    runner, rest = run(tmp_path, resume=True)
    assert rest == {i: row for i, row in straight.items() if i >= done}
    # nothing is loaded in vain
    assert len(runner.train_dataloader.dataset.asked) == 2 * len(rest)
    assert runner.iter == runner.max_iters == 3 * LENGTH
    assert not warnings


def test_random_numbers_of_a_step_depend_on_seed_and_iteration(tmp_path):
    losses = [[row[3] for row in run(tmp_path / name, seed=seed)[1].values()]
              for name, seed in (('a', 0), ('b', 0), ('c', 1))]
    assert losses[0] == losses[1] != losses[2]


def test_the_seed_of_the_checkpoint_goes_on(tmp_path):
    """Also the order of clips, whose sampler was built before."""
    _, rows = run(tmp_path / 'a', seed=5)
    run(tmp_path / 'b', kill_after=LENGTH + 2, seed=5)
    _, rest = run(tmp_path / 'b', resume=True, seed=6)
    assert rest == {i: rows[i] for i in rest}


def test_an_order_that_does_not_repeat_starts_the_epoch_again(
        tmp_path, warnings):

    def loader():
        return DataLoader(
            Values(),
            batch_size=2,
            sampler=RandomSampler(Values()),
            collate_fn=collate)

    _, rows = run(tmp_path / 'a', loader=loader())
    run(tmp_path / 'b', kill_after=LENGTH + 3, loader=loader())
    runner, rest = run(tmp_path / 'b', resume=True, loader=loader())
    assert len(warnings) == 1
    assert 'order of train_dataloader cannot be repeated' in warnings[0]
    assert sorted(rest) == list(range(LENGTH, 3 * LENGTH))
    assert runner.iter == runner.max_iters
    for i, row in rest.items():  # rates go back with the epoch
        assert row[4] == pytest.approx(rows[i][4], rel=1e-9)


@pytest.mark.parametrize('before, after', [(2, 4), (2, 1), (3, 4)])
def test_another_batch_size_goes_on_at_the_same_clip(tmp_path, warnings,
                                                     before, after):
    per_epoch = NUM_SAMPLES // before
    run(tmp_path / 'a', kill_after=per_epoch + 3, batch_size=before)
    resumed, rest = run(tmp_path / 'a', resume=True, batch_size=after)
    straight, rows = run(tmp_path / 'b', batch_size=after)
    clips = 3 * before
    first = NUM_SAMPLES // after + clips // after
    assert min(rest) == first
    assert resumed.iter == resumed.max_iters == straight.iter
    assert f'{clips % after} clips are repeated' in warnings[0]
    for i, row in rest.items():
        assert row[:3] == rows[i][:3]  # epoch, index and clips
        assert row[4] == pytest.approx(rows[i][4], rel=1e-9)


def test_another_data_set_starts_the_epoch_again(tmp_path, warnings):
    run(tmp_path, kill_after=LENGTH + 3)
    runner, rest = run(tmp_path, resume=True, dataset=Values(16))
    assert 'not of epochs of 16 clips in 8 iterations' in warnings[0]
    assert sorted(rest) == list(range(8, 24)) and runner.iter == 24


def test_a_position_that_cannot_be_is_corrected(tmp_path, warnings):
    runner, _rows = run(tmp_path, kill_after=1)
    loop = runner.train_loop
    loop._epoch, loop._iter = 1, 2 * LENGTH + 1
    assert loop._iterations_done() == 0 and loop.iter == LENGTH
    assert 'is not in epoch 2 of 6 iterations' in warnings[0]


class Count(BaseMetric):
    """How many batches were validated."""

    def process(self, data_batch, data_samples):
        self.results.append(1)

    def compute_metrics(self, results):
        return dict(batches=len(results))


def test_a_validation_that_was_due_is_run_again(tmp_path):
    validation = dict(
        val_dataloader=DataLoader(Values(4), 2, collate_fn=collate),
        val_cfg=dict(),
        val_evaluator=Evaluator(Count()),
        train_cfg=dict(val_interval=3))
    runner, rows = run(tmp_path, **validation)
    assert len(rows) == 3 * LENGTH
    assert runner.model.calls == 3 * LENGTH + 2
    runner, rest = run(tmp_path, resume=True, **validation)
    assert not rest and runner.model.calls == 2
