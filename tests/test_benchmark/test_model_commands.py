"""The commands that time the model, at their smallest."""
import importlib.util
import json
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'


@pytest.fixture
def run(tmp_path, capfd):
    """Runs the tool in this process: printed text and numbers."""
    spec = importlib.util.spec_from_file_location(
        'benchmark', ROOT / 'tools/analysis_tools/benchmark.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(command, *args):
        out = tmp_path / 'out.json'
        assert tool.main([command, str(CONFIG), *map(str, args), '--json',
                          str(out)]) == 0
        return capfd.readouterr().out, json.loads(out.read_text())

    return call


def test_frame(run):
    text, found = run('frame', '--size', '64x32', '--tracks', 3, 24,
                      '--num-rounds', 1, '--modes', 'eager', '--amp')
    assert 'cuda' in found['machine']
    found = found['frame']
    for count in (3, 24):
        loop = found['counts'][f'MeMOTR loop, {count} tracks']['whole']
        ours = found['counts'][f'ours, {count} tracks']['whole']
        assert ours['syncs'] < loop['syncs']
        assert found['ratios'][f'eager: {count} tracks / detector'] == (
            found['seconds']['eager detector'] /
            found['seconds'][f'eager ours {count}'])
        assert f'float32 memotr {count}' in found['seconds']
    ratio = found['ratios']['eager: 4 frames together (look-ahead) / one by '
                            'one']
    assert ratio == pytest.approx(4 * found['seconds']['eager ours 3'] /
                                  found['seconds']['eager look-ahead'])
    assert 'eager: 24 tracks / 3 tracks' in text and 'bfloat16' in text


def test_iteration(run):
    text, found = run('iteration', '--size', '64x32', '--num-frames', 2,
                      '--num-objects', 3, '--num-rounds', 1)
    found = found['iteration']
    assert found['ratio'] == (found['seconds']['memotr'] /
                              found['seconds']['ours'])
    assert f'{found["ratio"]:.2f} times as long' in text
    assert set(found['criterion_per_frame']) == {'ours', 'memotr'}


def test_profile(run, tmp_path):
    text, found = run('profile', '--size', '64x32', '--num-tracks', 3,
                      '--num-frames', 2, '--num-rows', 4, '--num-rounds',
                      1, '--trace-dir', tmp_path / 'traces')
    for name in ('frame', 'iteration'):
        rows = found['profile'][name]['operators']
        times = [row['ms'] for row in rows]
        assert times == sorted(times, reverse=True)
        assert rows[0]['name'][:43] in text  # which cuts long names
        trace = json.loads((tmp_path / f'traces/{name}.json').read_text())
        assert trace['traceEvents']
    names = {row['name'] for row in found['profile']['frame']['operators']}
    assert not any('backward' in name.lower() for name in names)


def test_scaling(run, tmp_path):
    plot = tmp_path / 'plot.png'
    text, found = run('scaling', '--sizes', '64x32', '96x64', '--tracks', 3,
                      24, '--chunks', 1, 2, '--num-rounds', 1, '--plot', plot)
    panels = found['scaling']['seconds_per_frame']
    assert list(panels['live tracks']['ours']) == ['3', '24']
    assert found['scaling']['difference'] < 1e-3
    assert list(panels['kilopixels']['ours']) == ['2.048', '6.144']
    assert 'frames encoded together, ours: 1: ' in text
    picture = cv2.imread(str(plot))
    assert picture.shape[1] > 2 * picture.shape[0] and picture.std() > 5
