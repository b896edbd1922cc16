"""HOTA over alpha: what is drawn is what TrackEval computes."""
import numpy as np
import pytest

from ipmot_mm.evaluation import ScoredSequence, score_sequences
from ipmot_mm.evaluation.mot_scoring import raw_scores
from ipmot_mm.visualization.alpha_curves import CURVE_NAMES, draw_alpha_curves


@pytest.fixture(scope='module')
def scored(tmp_path_factory):
    """Noisy tracks of two sequences: our scores, and TrackEval's arrays."""
    root, rng, sequences = tmp_path_factory.mktemp('s'), np.random, []
    rng = np.random.default_rng(3)
    for name in 'ab':
        truth = [(f, i, 40 * i + f, 5 * i, 20, 40) for f in range(1, 9)
                 for i in (1, 2, 3)]
        tracks = [(f, i + 4 * (f > 5 and i == 1),
                   *(np.array(box) + rng.normal(0, 3, 4)))
                  for f, i, *box in truth if rng.random() > 0.2]
        (root / name).write_text(''.join(
            f'{f},{i},{x},{y},{w},{h},1,1,1\n' for f, i, x, y, w, h in truth))
        (root / f'{name}.txt').write_text(''.join(
            f'{f},{i},{x},{y},{w},{h},1\n' for f, i, x, y, w, h in tracks))
        sequences.append(ScoredSequence(name, str(root / name), 8))
    options = dict(benchmark='MOT17', num_workers=1)
    raw = raw_scores(root, sequences, [(1, )], metrics=('HOTA', ),
                     scorer='trackeval', **options)[0]
    return score_sequences(root, sequences, **options), raw


def test_lines_are_the_arrays_of_trackeval(scored):
    scores, raw = scored
    figure = draw_alpha_curves({'ours': scores})
    assert [axes.get_title() for axes in figure.axes] == list(CURVE_NAMES)
    for name, axes in zip(CURVE_NAMES, figure.axes):
        lines = {line.get_label(): line for line in axes.lines}
        arrays = [raw[key]['HOTA'][name] for key in ('a', 'b', 'COMBINED')]
        is_matched = [raw[key]['HOTA']['DetA'] > 0
                      for key in ('a', 'b', 'COMBINED')]
        for line, array, seen in zip(axes.lines, arrays, is_matched):
            kept = seen if name == 'LocA' else np.ones(19, bool)
            x, y = line.get_data()
            np.testing.assert_allclose(y, 100 * array[kept], atol=1e-4)
            np.testing.assert_allclose(x, np.arange(0.05, 0.99, 0.05)[kept])
        assert f'ours {100 * arrays[-1].mean():.1f}' in lines
    assert raw['COMBINED']['HOTA']['HOTA'].std() > 0.05


def test_several_trackers_have_a_line_each(scored):
    scores, _ = scored
    figure = draw_alpha_curves({'one': scores, 'two': scores})
    for axes in figure.axes:
        names = [text.get_text().split()[0]
                 for text in axes.get_legend().get_texts()]
        assert names == ['one', 'two'] and len(axes.lines) == 2


def test_what_has_no_curves_is_refused():
    with pytest.raises(ValueError, match=r"of \['x'\]: score with HOTA"):
        draw_alpha_curves({'x': {'COMBINED': {'MOTA': 1}}})
    with pytest.raises(ValueError, match='any tracker'):
        draw_alpha_curves({})
