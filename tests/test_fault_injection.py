"""Every fault of ``fault_injection.py`` is recovered or reported."""
import os

import fault_injection
import pytest
import torch
from faults.bench import Bench
from faults.cases import FAULTS
from faults.commands import Run, Unexpected
from faults.evidence import require_same_training

pytestmark = pytest.mark.skipif(
    not hasattr(os, 'mkfifo'), reason='needs pipes and limits of POSIX')


@pytest.fixture(scope='module')
def bench(tmp_path_factory):
    """The undisturbed training is done once, for all faults."""
    bench = Bench(
        tmp_path_factory.mktemp('faults'),
        warm=True,
        seed=int(os.environ.get('IPMOT_FAULT_SEED', 0)))
    yield bench
    bench.close()


SLOW = [
    pytest.mark.slow,
    pytest.mark.skipif(
        'IPMOT_ALL_FAULTS' not in os.environ,
        reason='minutes; python tests/fault_injection.py tries it, or set '
        'IPMOT_ALL_FAULTS')
]


@pytest.mark.parametrize('name', [
    pytest.param(fault.name, marks=SLOW if fault.slow else [])
    for fault in FAULTS.values()
])
def test_fault_is_recovered_or_reported(bench, name):
    outcome = FAULTS[name].try_on(bench)
    assert outcome.kind in ('recovered', 'reported')
    assert outcome.lost


def test_faults_are_listed(capsys):
    assert fault_injection.main(['--list']) == 0
    assert capsys.readouterr().out.count('\n') == len(FAULTS) > 20


def test_unknown_fault_is_refused(capsys):
    with pytest.raises(SystemExit):
        fault_injection.main(['earthquake'])
    assert 'unknown: earthquake; --list' in capsys.readouterr().err


def spoil_weights(checkpoint):
    tokens = checkpoint['state_dict']['track_book.tokens']
    first = tokens.view(-1)[:1]
    first.copy_(torch.nextafter(first, torch.full((1, ), 9.0)))


def spoil_rates(checkpoint):
    group = checkpoint['optimizer']['tracker']['param_groups'][0]
    group['lr'] *= 1 + 1e-15


@pytest.mark.parametrize('spoil, named', [
    (spoil_weights, r'epoch_2.pth.state_dict.track_book.tokens'),
    (spoil_rates, r'epoch_2.pth.optimizer.tracker.param_groups\[0\].lr')
], ids=['weights', 'rates'])
def test_one_other_bit_is_seen(bench, tmp_path, spoil, named):
    folder = bench.copy_of(bench.straight, tmp_path / 'spoilt')
    assert require_same_training(bench.straight, folder) == 0
    checkpoint = torch.load(folder / 'epoch_2.pth', weights_only=False)
    spoil(checkpoint)
    torch.save(checkpoint, folder / 'epoch_2.pth')
    with pytest.raises(Unexpected, match=named):
        require_same_training(bench.straight, folder)


@pytest.mark.parametrize('old, new, message', [
    ('"step": 7', '"step": 70', 'iterations .* were logged instead'),
    ('"step": 7', '"step": 6', 'repeated step 6'),
    ('"loss": ', '"loss": 1', 'step 1.loss')
])
def test_other_lines_of_the_log_are_seen(bench, tmp_path, old, new, message):
    folder = bench.copy_of(bench.straight, tmp_path / 'spoilt')
    file, = folder.glob('*/vis_data/scalars.json')
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(Unexpected, match=message):
        require_same_training(bench.straight, folder)


def test_more_than_one_line_is_no_report():
    noisy = Run(1, 'Traceback (most recent call last):\nerror: a', 0.0, 0.0)
    with pytest.raises(Unexpected, match='a traceback, not one line'):
        noisy.error_line('a')
    with pytest.raises(Unexpected, match='2 lines match'):
        Run(1, 'error: a\nerror: b', 0.0, 0.0).error_line('')
    assert Run(1, 'x\nerror: a', 0.0, 0.0).error_line('a') == 'error: a'
