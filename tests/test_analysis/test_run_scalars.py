"""Scalars of a run, from what mmengine writes to a picture."""
import json

import numpy as np
import pytest

from ipmot_mm.analysis.run_scalars import (find_scalar, read_scalars, smooth,
                                           sorted_points)
from ipmot_mm.analysis.scalar_plot import draw_scalars


def write(folder, lines, rest=''):
    folder.joinpath('vis_data').mkdir(parents=True)
    folder.joinpath('vis_data/scalars.json').write_text(
        ''.join(json.dumps(line) + '\n' for line in lines) + rest)


def train(iteration, value):
    return dict(loss=value, iter=iteration, step=iteration, epoch=1)


def test_a_resumed_run_goes_on_and_later_values_hold(tmp_path):
    write(tmp_path / '20240101_1', [train(i, 10. + i) for i in (1, 2, 3)])
    write(tmp_path / '20240101_2', [train(i, 20. + i) for i in (3, 4, 5)],
          rest='{"loss": 1')
    curves = read_scalars(tmp_path)
    assert curves['loss'] == {1: 11, 2: 12, 3: 23, 4: 24, 5: 25}
    assert sorted_points(curves['loss']) == ([1, 2, 3, 4, 5],
                                             [11, 12, 23, 24, 25])
    assert 'step' not in curves and 'iter' not in curves


def test_validations_stand_at_their_iteration(tmp_path):
    val = {'motchallenge-metric/HOTA': 0.5, 'time': float('nan'), 'step': 1}
    write(tmp_path, [train(10, 1.), train(20, 1.), val, train(30, 1.),
                     dict(val, **{'motchallenge-metric/HOTA': 0.6}, step=2)])
    curves = read_scalars(tmp_path)
    assert curves['motchallenge-metric/HOTA'] == {20: 0.5, 30: 0.6}
    assert 'time' not in curves  # not a number, a gap in the curve
    assert find_scalar(curves, 'HOTA') == 'motchallenge-metric/HOTA'


def test_what_is_missing_or_ambiguous_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match='LocalVisBackend'):
        read_scalars(tmp_path)
    curves = {'a/HOTA': {}, 'b/HOTA': {}, 'loss': {}}
    with pytest.raises(ValueError, match='2 scalars; choose from a/HOTA, b/'):
        find_scalar(curves, 'HOTA')
    with pytest.raises(ValueError, match='0 scalars.*a/HOTA, b/HOTA, loss'):
        find_scalar(curves, 'MOTA')
    for weight in (-0.1, 1):
        with pytest.raises(ValueError, match=r'must be in \[0, 1\)'):
            draw_scalars({'': curves}, ['loss'], weight)


@pytest.mark.parametrize('weight', [0.0, 0.6, 0.99])
def test_smoothing_by_the_sum(weight):
    values = np.random.default_rng(0).normal(size=9).tolist()
    for n, found in enumerate(smooth(values, weight)):
        shares = np.array([weight**(n - k) for k in range(n + 1)])
        expected = (shares * values[:n + 1]).sum() / shares.sum()
        assert found == pytest.approx(expected)


def test_panels_lines_and_names():
    runs = {'one': {'loss': {2: 4., 1: 8.}, 'm/HOTA': {2: .5}},
            'two': {'loss': {1: 6., 4: 2.}}}
    figure = draw_scalars(runs, ['loss', 'HOTA'])
    loss, hota = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ['loss', 'm/HOTA']
    assert [line.get_xydata().tolist() for line in loss.lines] == [
        [[1, 8], [2, 4]], [[1, 6], [4, 2]]]
    assert len(hota.lines) == 1
    assert loss.get_xlim() == hota.get_xlim() and loss.get_xlim()[1] >= 4
    names = [text.get_text() for text in loss.get_legend().get_texts()]
    assert names == ['one', 'two']
    faint, line = draw_scalars(runs, ['HOTA'], 0.5).axes[0].lines
    assert faint.get_alpha() == 0.3 and line.get_alpha() is None
