"""What stands beside a number is what the number was measured on."""
import json
import subprocess
import sys

import torch

from ipmot_mm.benchmark import machine
from ipmot_mm.benchmark.commands import COMMANDS


def test_description_is_json_with_all_a_number_depends_on():
    found = json.loads(json.dumps(machine.describe_machine()))
    assert found['device'] == 'cpu' or found['cuda']['runtime']
    assert (found['cuda'] is None) == (not torch.cuda.is_available())
    assert found['tf32']['matmul'] in (True, False)
    assert found['versions']['torch'] == torch.__version__
    assert 'triton' in found['versions']


def test_the_commit_is_of_the_checkout_alone(tmp_path, monkeypatch):
    outside = tmp_path / 'site-packages/ipmot_mm/benchmark/machine.py'
    monkeypatch.setattr(machine, '__file__', str(outside))
    assert machine.git_commit() is None
    checkout = tmp_path / 'site-packages'
    checkout.mkdir()

    def git(*args):
        subprocess.run(['git', '-C', str(checkout), '-c', 'user.name=a', '-c',
                        'user.email=a@b', *args], check=True,
                       capture_output=True)

    git('init')
    (checkout / 'file').write_text('1')
    git('add', '.')
    git('commit', '-m', 'first')
    commit = machine.git_commit()
    assert len(commit) >= 7 and 'dirty' not in commit
    (checkout / 'file').write_text('2')
    assert machine.git_commit() == f'{commit}-dirty'


def test_a_missing_or_failing_program_says_nothing():
    assert machine._first_line('no_such_program_here') is None
    assert machine._first_line(sys.executable, '-c', 'raise SystemExit(1)'
                               ) is None
    assert machine._first_line(sys.executable, '-c', 'print("a\\nb")') == 'a'


def test_every_command_has_the_three_parts():
    for name, module in COMMANDS.items():
        assert module.__name__.endswith(name.replace('-', '_'))
        assert module.HELP and callable(module.run)
        assert callable(module.add_arguments)
