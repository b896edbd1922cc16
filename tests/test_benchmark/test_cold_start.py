"""A tracker starts without what only a training or a score needs."""
import argparse
import json

import pytest

from ipmot_mm.benchmark import cold_start
from ipmot_mm.benchmark.commands import COMMANDS
from ipmot_mm.testing import config_root

CONFIG = str(config_root() /
             'synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py')
UNUSED = (
    'open_clip', 'timm', 'transformers', 'triton', 'torch._inductor',
    'torch.utils.tensorboard', 'ipmot_mm.benchmark', 'ipmot_mm.checks',
    'ipmot_mm.engine', 'ipmot_mm.evaluation', 'ipmot_mm.testing',
    'ipmot_mm.visualization')


def test_first_frame_imports_only_what_it_needs(
        hidden_transformers) -> None:
    marks, modules = cold_start._run_once(CONFIG, (64, 48))
    assert len(marks) == len(cold_start.PHASES) + 1
    for clock in zip(*marks):
        assert list(clock) == sorted(clock)
    assert 'ipmot_mm.apis' in modules
    found = [
        name for name in modules
        for unused in UNUSED if f'{name}.'.startswith(f'{unused}.')
    ]
    assert found == []


def test_medians_without_the_first_process(monkeypatch) -> None:
    lengths = iter((50, 1, 3, 2))

    def run_once(config, size):
        length = next(lengths)
        return [(length * mark, length * mark / 2) for mark in range(9)], ['a']

    monkeypatch.setattr(cold_start, '_run_once', run_once)
    result, modules = cold_start.measure_cold_start('x.py', (8, 8), 3)
    assert modules == ['a']
    assert list(result) == [*cold_start.PHASES, 'total']
    assert result['build'] == dict(wall=2, cpu=1)
    assert result['total'] == dict(wall=14, cpu=7)  # without the second frame


def test_a_process_that_fails_says_why(tmp_path) -> None:
    with pytest.raises(RuntimeError, match='that tracks a frame failed: '
                       'FileNotFoundError: config .* does not exist'):
        cold_start._run_once(str(tmp_path / 'gone.py'), (8, 8))


def test_command_prints_the_phases(monkeypatch, capsys) -> None:
    command = COMMANDS['cold-start']
    seconds = dict(build=dict(wall=1.5, cpu=.25), total=dict(wall=3., cpu=2.))
    monkeypatch.setattr(command, 'measure_cold_start',
                        lambda *args: (seconds, ['a', 'b']))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    result = command.run(parser.parse_args([CONFIG, '--num-runs', '4']))
    assert json.loads(json.dumps(result)) == dict(
        cold_start=seconds, num_modules=2, size=[224, 128], num_runs=4)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[-2:] == [['build', '1.50', '0.25'], ['total', '3.00', '2.00']]
