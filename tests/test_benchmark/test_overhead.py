"""What the framework adds is measured beside a bare loop."""
import argparse
import json

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark import overhead
from ipmot_mm.benchmark.commands import COMMANDS
from ipmot_mm.testing import config_root

CONFIG = config_root() / '_base_/default_runtime.py'


@pytest.fixture(scope='module')
def cfg():
    cfg = Config.fromfile(CONFIG)
    cfg.train_cfg = dict(type='ResumableTrainLoop', max_epochs=9)
    return cfg


@pytest.fixture(scope='module')
def result(cfg):
    return overhead.measure_overhead(cfg, num_iters=50, num_rounds=1)


def test_logging_of_this_package_waits_once_in_an_interval(result) -> None:
    """18 losses, their sum and the norm of the gradients, or one transfer."""
    assert result['bare']['syncs'] == 0
    assert result['mmengine']['syncs'] == 20
    assert result['ours']['syncs'] == 1 / 50


def test_added_time_is_that_beyond_the_bare_loop(result) -> None:
    assert result['bare']['overhead_ms'] == 0
    for found in result.values():
        assert found['ms'] > 0
        assert found['overhead_ms'] == found['ms'] - result['bare']['ms']


def test_medians_of_the_rounds_without_the_counted_one(monkeypatch, cfg):
    seconds = iter((9, 9, 9, 1, 20, 30, 2, 10, 20, 3, 30, 10))

    def fill(clock, *args):
        clock.seconds = next(seconds) / 1000

    monkeypatch.setattr(overhead, 'run_bare', fill)
    monkeypatch.setattr(overhead, 'run_framework', fill)
    result = overhead.measure_overhead(cfg, num_iters=10, num_rounds=3)
    assert {name: round(found['ms'], 6) for name, found in result.items()
            } == dict(bare=.2, mmengine=2, ours=2)
    assert round(result['ours']['overhead_ms'], 6) == 1.8


def test_histories_are_filled_as_of_a_long_training(monkeypatch, cfg):
    hubs = []
    monkeypatch.setattr(
        overhead.EpochClock, 'after_train_epoch',
        lambda self, runner: hubs.append(runner.message_hub))
    overhead.run_framework(overhead.EpochClock(iters_before=7), 3, cfg)
    for key in overhead.LOGGED:
        assert len(hubs[0].get_scalar(f'train/{key}').data[0]) == 10, key
    trained = {key for key in hubs[0].log_scalars if key.startswith('train/')}
    assert trained - {f'train/{key}' for key in overhead.LOGGED} <= {
        'train/base_lr'}


def test_both_train_the_same(cfg, monkeypatch) -> None:
    weights = []
    monkeypatch.setattr(overhead, 'LEARNING_RATE', 0.1)
    monkeypatch.setattr(
        overhead.EpochClock, 'after_train_epoch',
        lambda self, runner: weights.append(runner.model.weight.item()))
    for mine in (None, cfg):
        torch.manual_seed(0)
        overhead.run_framework(overhead.EpochClock(), 5, mine)
    assert weights[0] == weights[1] != 1


def test_command_prints_a_table(capsys) -> None:
    parser = argparse.ArgumentParser()
    command = COMMANDS['overhead']
    command.add_arguments(parser)
    config = 'synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'
    result = command.run(
        parser.parse_args([
            str(config_root() / config), '--num-iters', '10', '--num-rounds',
            '1', '--iters-before', '5'
        ]))
    assert json.loads(json.dumps(result)) == result
    assert result['overhead']['ours']['syncs'] == 1 / 10  # one line
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("mmengine's loop and hooks")
    assert lines[-2].endswith(' 20.00') and lines[-1].endswith(' 0.10')


def test_no_history_is_shorter_than_none(capsys):
    parser = argparse.ArgumentParser()
    COMMANDS['overhead'].add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(['config.py', '--iters-before', '-1'])
    assert 'expected 0 or more, got -1' in capsys.readouterr().err
