"""The tools of evaluation, as a user calls them."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mot_samples import corrupt, random_truth, write_rows, write_sequence

from ipmot_mm.evaluation import format_score_table, score_folder

ROOT = Path(__file__).resolve().parents[2]


def call(tool, *args):
    """Run a tool; returns exit code, standard output and error."""
    done = subprocess.run(
        [sys.executable, ROOT / 'tools' / 'analysis_tools' / tool, *args],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    """Two sequences with tracks."""
    rng = np.random.default_rng(0)
    for name in ('a', 'b'):
        truth = random_truth(rng, 6, 9)
        write_sequence(tmp_path / 'gt', name, truth, 6)
        write_rows(tmp_path / 'tracks' / f'{name}.txt', corrupt(rng, truth))
    return tmp_path


def test_score_then_plot(folder):
    code, out, err = call('eval_results.py', folder / 'tracks', folder / 'gt',
                          '--benchmark', 'MOT20', '--out', folder / 's.json')
    scores = score_folder(
        folder / 'tracks', folder / 'gt', benchmark='MOT20')
    assert (code, out) == (0, format_score_table(scores) + '\n'), err
    assert json.loads((folder / 's.json').read_text()) == scores

    vis = folder / 'work' / '20240101_000000' / 'vis_data'
    vis.mkdir(parents=True)
    vis.joinpath('scalars.json').write_text(
        '{"loss": 2.0, "loss_cls": 1.5, "iter": 10, "step": 10}\n'
        '{"loss": 1.0, "loss_cls": 0.5, "iter": 20, "step": 20}\n'
        '{"motchallenge-metric/HOTA": 0.5, "step": 1}\n{"lo')
    code, out, err = call('plot_results.py', '--scores', folder / 's.json',
                          '--work-dir', folder / 'work', '--out-dir',
                          folder / 'plots')
    assert code == 0, err
    for name in ('hota_alpha.png', 'losses.png', 'scores.png'):
        assert name in out
        head = (folder / 'plots' / name).read_bytes()[:8]
        assert head == b'\x89PNG\r\n\x1a\n'


def test_bad_input_is_one_line(folder):
    (folder / 'tracks' / 'b.txt').unlink()
    code, out, err = call('eval_results.py', folder / 'tracks', folder / 'gt')
    assert (code, out) == (2, '')
    assert err.startswith('error: sequence b: results ')
    assert err.count('\n') == 1


def test_scores_of_classes_and_of_a_seqmap(folder):
    (folder / 'map.txt').write_text('name\na\n')
    for path in (folder / 'tracks').iterdir():
        rows = np.loadtxt(path, delimiter=',')
        write_rows(path, np.c_[rows, np.where(rows[:, 1] % 2, 1, 3)])
    code, out, err = call('eval_results.py', folder / 'tracks', folder / 'gt',
                          '--seqmap', folder / 'map.txt', '--sequences',
                          '?', '--benchmark',
                          'custom', '--class-ids', '1', '3', '--class-names',
                          'pedestrian', 'car', '--num-workers', '1')
    assert code == 0, err
    assert [line.split(' ')[0] for line in out.splitlines()
            if line[0] != '-'] == [
                'sequence', 'a', 'COMBINED', 'pedestrian', 'car']


@pytest.fixture(scope='module')
def plot_results():
    """The tool as a module."""
    import importlib.util
    spec = importlib.util.spec_from_file_location(
        'plot_results', ROOT / 'tools' / 'analysis_tools' / 'plot_results.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_messages_of_plots(plot_results, tmp_path, capsys):
    scores, empty = tmp_path / 's.json', tmp_path / 'run' / 'vis_data'
    empty.mkdir(parents=True)
    (empty / 'scalars.json').write_text('')
    out = ['--out-dir', str(tmp_path / 'out')]
    two = ['--work-dir', str(tmp_path / 'run'), str(tmp_path)]
    for args, message in (
            (['--scores', str(scores)], 'eval_results.py --out'),
            (['--work-dir', str(tmp_path / 'no')], 'no vis_data/scalars.json'),
            (two[:2], 'holds neither losses nor scores'),
            ([*two, '--names', 'a', 'a'], 'as many different names')):
        assert plot_results.main(args + out) == 2
        assert message in capsys.readouterr().err
    for text in ('{"COMBINED": {"MOTA": 1}}', '{"COMBINED": 1}', '[]', '{"C'):
        scores.write_text(text)
        assert plot_results.main(['--scores', str(scores)] + out) == 2
        assert 'HOTA among the metrics' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_names_are_where_the_paths_differ(plot_results, tmp_path):
    def name(*paths):
        return plot_results.name_all([str(tmp_path / p) for p in paths], None,
                                     '--scores')

    assert name('a/x/s.json', 'b/x/s.json') == ['a', 'b']
    assert name('a/x/s.json', 'a/y/t.json') == ['x/s.json', 'y/t.json']
    assert name('a') == ['']


def test_chosen_scalars_of_two_runs(plot_results, tmp_path):
    for run in 'ab':
        vis = tmp_path / run / 'vis_data'
        vis.mkdir(parents=True)
        vis.joinpath('scalars.json').write_text(
            '{"loss": 2.0, "d0.loss_cls": 1, "iter": 10, "step": 10}\n'
            '{"motchallenge-metric/HOTA": 0.5, "step": 1}\n')
    args = ['--work-dir', str(tmp_path / 'a'), str(tmp_path / 'b'),
            '--out-dir', str(tmp_path / 'out'), '--smooth', '0.5']
    assert plot_results.main([*args, '--keys', 'loss', 'HOTA']) == 0
    assert [p.name for p in (tmp_path / 'out').iterdir()] == ['curves.png']
    assert plot_results.main([*args, '--keys', 'loss_t2i']) == 2
    assert plot_results.main(args) == 0
    assert {p.name for p in (tmp_path / 'out').iterdir()} == {
        'curves.png', 'losses.png', 'scores.png'}


def test_matplotlib_is_not_loaded_with_the_tool(plot_results):
    code = ('import runpy, sys; sys.modules["matplotlib"] = None; '
            f'runpy.run_path({str(plot_results.__file__)!r})')
    assert subprocess.run([sys.executable, '-c', code],
                          env=dict(os.environ, PYTHONPATH=str(ROOT)),
                          capture_output=True).returncode == 0
