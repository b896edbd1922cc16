"""Scores over the dial of a domain."""
import importlib.util
import json
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def tool():
    path = ROOT / 'tools/analysis_tools/plot_similarity.py'
    spec = importlib.util.spec_from_file_location('plot_similarity', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def evidence(tests=('street-1', 'street-0.25', 'dance-0', 'crowd')):
    """Row x has two seeds, row y has one; AssA is made of all three."""
    def run(row, seed):
        return dict(scores={
            test: dict(AssA=(10 * row + seed + len(test)) / 100, IDSW=3)
            for test in tests})

    rows = dict(x=dict(title='X', runs={'0': run(1, 0), '1': run(1, 4)}),
                y=dict(title='Y', runs={'0': run(2, 0)}),
                z=dict(title='not run yet', runs={}))
    return dict(format=1, tests=list(tests), rows=rows)


def test_curves_are_sorted_by_the_dial(tool):
    curves = tool.read_curves(evidence(), 'AssA')
    assert set(curves) == {'street', 'dance'}  # crowd has no dial
    assert set(curves['street']) == {'X', 'Y'}
    dials, seeds = zip(*curves['street']['X'])
    assert dials == (0.25, 1.0)
    assert seeds[0] == pytest.approx((21, 25))
    assert seeds[1] == pytest.approx((18, 22))
    assert [dial for dial, _ in curves['dance']['Y']] == [0.0]


def test_a_picture_is_written(tool, tmp_path):
    (tmp_path / 'a.json').write_text(json.dumps(evidence()))
    out = tmp_path / 'new' / 'plot.png'
    assert tool.main([str(tmp_path / 'a.json'), '--out', str(out)]) == 0
    assert cv2.imread(str(out)).std() > 1


@pytest.mark.parametrize('tests, score', [(['street'], 'AssA'),
                                          (['street-1'], 'HOTA')])
def test_nothing_to_plot(tool, tests, score, tmp_path, capsys):
    (tmp_path / 'a.json').write_text(json.dumps(evidence(tests)))
    assert tool.main([str(tmp_path / 'a.json'), '--out',
                      str(tmp_path / 'p.png'), '--score', score]) == 2
    error = capsys.readouterr().err
    assert f'with a score {score}; got {tests[0]}' in error


def test_the_study_names_its_tests_by_domain_and_dial(tool, monkeypatch):
    from ipmot_mm.study.definition import read_study
    monkeypatch.setenv('IPMOT_SYNTHMOT', '/some/data')
    study = read_study(str(ROOT / 'configs/studies/similarity.py'))
    dials = {}
    for name, options in study.tests.items():
        domain, dial = tool.TEST_NAME.fullmatch(name).groups()
        dials.setdefault(domain, []).append(float(dial))
        path, = options.values()
        default = dict(street='0', dance='1')[domain]
        folder = domain if dial == default else f'{domain}-uniform-{dial}'
        assert path == f'/some/data/{folder}/val'
    assert dials == dict(street=[0, .25, .5, .75, 1], dance=[0, .5, 1])
    made = {each.creates: each.command for each in study.prerequisites}
    derived = [path for options in study.tests.values()
               for path in options.values() if 'uniform' in path]
    assert len(derived) == 6
    for path in derived:
        domain, dial = path.split('/')[-2].split('-uniform-')
        assert made[path].endswith(
            f'/some/data --num-train 1 --num-val 8 --num-frames 40 '
            f'--domains {domain} --dial uniform={dial}')


def test_a_picture_of_no_format_is_one_line(tool, tmp_path, capsys):
    (tmp_path / 'a.json').write_text(json.dumps(evidence()))
    assert tool.main([str(tmp_path / 'a.json'), '--out', 'a.xyz']) == 2
    assert 'a.xyz cannot be written as a plot' in capsys.readouterr().err
