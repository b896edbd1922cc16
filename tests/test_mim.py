"""mim, and the same without it, on a wheel in a folder of its own."""
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from wheel_build import ROOT, build_wheel

from ipmot_mm import cli
from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.testing.synthetic import tiny_domain

TINY = 'ipmot_dab-tiny_2xb4-8e_synthmot-street'
SMALL = 'ipmot_dab-small_2xb2-4e_synthmot-street'
SHORT = ['--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=9',
         'log_level=WARNING']

pytestmark = [
    pytest.mark.skipif(
        not (ROOT / 'setup.py').is_file(), reason='not a source tree'),
    pytest.mark.skipif(find_spec('pip') is None, reason='there is no pip'),
]
needs_mim = pytest.mark.skipif(
    not all(map(find_spec, ('mim', 'pkg_resources', 'modelindex'))),
    reason='openmim cannot run here: see docs/mim.md')


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Folder that holds the installed wheel and nothing else."""
    folder = tmp_path_factory.mktemp('wheel')
    site = folder / 'site'
    subprocess.run(
        [sys.executable, '-m', 'pip', 'install', '-q', '--no-deps',
         '--no-compile', '--target', site, build_wheel(folder)],
        check=True, capture_output=True, timeout=120)
    return site


@pytest.fixture(scope='module')
def here(tmp_path_factory):
    """A folder without a checkout, with SynthMOT as the configs expect it."""
    here = tmp_path_factory.mktemp('here')
    domain = replace(tiny_domain(2), camera_height=1.0, feet_range=(0.85, 1.0))
    for i, split in enumerate(['train', 'val']):
        write_sequence(
            render_sequence(domain, i + 1, 4, (96, 64)),
            here / 'data' / 'synthmot' / 'street' / split / 'Tiny-01')
    return here


@pytest.fixture
def run(site, here):
    """``run('mim', 'train', ...)``: a module's output; fails with it."""

    def run(module, *args):
        env = dict(os.environ, PYTHONPATH=str(site), OMP_NUM_THREADS='1',
                   PYTHONWARNINGS='ignore')
        env.pop('IPMOT_SYNTHMOT', None)
        done = subprocess.run(
            [sys.executable, '-m', module, *map(str, args)],
            cwd=here, env=env, text=True, timeout=180,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@needs_mim
def test_mim_trains_and_tests_by_name(run, site, here):
    out = run('mim', 'train', 'ipmot_mm', f'{TINY}.py', '--work-dir', 'W',
              *SHORT)
    assert f'{site}/ipmot_mm/.mim/tools/train.py' in out
    out = run('mim', 'test', 'ipmot_mm', f'{TINY}.py', '--checkpoint',
              'W/epoch_1.pth', '--cfg-options',
              'test_evaluator.outfile_prefix=T')
    assert f'{site}/ipmot_mm/.mim/tools/test.py' in out
    assert (here / 'T' / 'Tiny-01.txt').is_file()


@needs_mim
def test_mim_searches_over_learning_rates(run, here):
    # its own config, which mim alone would not read, made whole
    (here / 'mine.py').write_text(
        f"_base_ = 'ipmot_mm::synthmot/{TINY}.py'\n"
        'model = dict(tracker=dict(miss_tolerance=60))\n')
    run('mim', 'run', 'ipmot_mm', 'print_config', 'mine.py', '--out',
        'whole.py')
    run('mim', 'gridsearch', 'ipmot_mm', 'whole.py', '--work-dir', 'G',
        '--search-args', '--optim_wrapper.tracker.optimizer.lr 1e-4 2e-4',
        *SHORT)
    found = sorted(here.glob('G_search_*/epoch_1.pth'))
    assert [path.parent.name.rsplit('_', 1)[1] for path in found] == [
        '0.0001', '0.0002']


@needs_mim
def test_mim_finds_the_models(run):
    out = run('mim', 'search', 'ipmot_mm', '--config', SMALL, '--field',
              'config', 'weight')
    assert f'configs/synthmot/{SMALL}.py' in out
    assert 'checkpoints/ipmot_small_street.pth' in out


def test_without_mim_from_any_folder(run, site, here):
    """A config by name, its checkpoint from the wheel."""
    (here / 'mim.py').write_text('raise ImportError("there is no mim")\n')
    try:
        out = run(
            'ipmot_mm.cli', 'test', SMALL,
            'checkpoints/ipmot_small_street.pth', '--cfg-options',
            'test_dataloader.dataset.data_root=data/synthmot/street/val')
    finally:
        (here / 'mim.py').unlink()
    assert f'{site}/ipmot_mm/.mim/checkpoints/ipmot_small_street.pth' in out
    assert re.search(r'^COMBINED ', out, re.MULTILINE)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def parse(*argv):
    return cli.build_train_parser().parse_args(argv)


def test_training_starts_from_a_shipped_checkpoint(elsewhere):
    cfg = cli.load_config(parse(SMALL))
    assert Path(cfg.load_from).is_absolute()
    assert Path(cfg.load_from).samefile(
        ROOT / 'checkpoints' / 'dab_small_world.pth')
    assert cfg.work_dir == os.path.join('work_dirs', SMALL)
    cfg = cli.load_config(parse(SMALL, '--cfg-options', 'load_from=own.pth'))
    assert cfg.load_from == 'own.pth'


def test_a_name_gives_the_work_dir_of_its_file(elsewhere):
    for name in (TINY, f'{TINY}.py', f'ipmot_mm::synthmot/{TINY}.py'):
        assert cli.load_config(parse(name)).work_dir == os.path.join(
            'work_dirs', TINY)


def test_a_study_is_no_config_of_a_model(elsewhere, capsys):
    assert cli.run('train', ['table4.py']) == 2
    assert 'error: table4.py has no key model; give a leaf of configs/, ' \
        'and a study to run_study.py' in capsys.readouterr().err
