"""Choice of families, and data that are left to TrackEval."""
import subprocess
import sys

import numpy as np
import pytest
from mot_samples import score, write_rows
from random_boxes import random_boxes, sequence_of

from ipmot_mm.evaluation import SCORERS, TrackEvalMetric
from ipmot_mm.evaluation.numpy_scorer import combine_scores, score_boxes


def test_only_what_is_asked_for():
    num_frames, boxes = random_boxes(0)
    kwargs = dict(benchmark='MOT17', metrics=('Identity', 'CLEAR'))
    got = score_boxes(sequence_of(num_frames), boxes, **kwargs)
    assert set(got) == {'Identity', 'CLEAR'}
    both = combine_scores(dict(a=got, b=got), ('CLEAR', ))
    assert set(both) == {'CLEAR'}
    assert both['CLEAR']['CLR_TP'] == 2 * got['CLEAR']['CLR_TP']


def test_unknown_class_that_trackeval_takes(sequence):
    """It looks at classes only where there are tracks to match."""
    path = sequence / 'gt/a/gt/gt.txt'
    truth = np.loadtxt(path, delimiter=',')
    truth[truth[:, 0] == 2, 7] = 99
    write_rows(path, truth)
    with pytest.raises(ValueError, match='TrackEval cannot score sequence a '
                       'as MOT17: .*timestep 1: 99'):
        score(sequence)
    tracks = np.loadtxt(sequence / 'tracks/a.txt', delimiter=',')
    write_rows(sequence / 'tracks/a.txt', tracks[tracks[:, 0] != 2])
    assert score(sequence) == score(sequence, scorer='trackeval')


def test_scorers_report_the_same(sequence):
    got, want = (score(sequence, scorer=name) for name in SCORERS)
    assert list(got) == list(want)
    for name, scores in want.items():
        assert list(got[name]) == list(scores)
        curves = scores.pop('curves'), got[name].pop('curves')
        assert got[name] == pytest.approx(scores, rel=0, abs=1e-12)
        assert {k: type(v) for k, v in got[name].items()
                } == {k: type(v) for k, v in scores.items()}
        for key, curve in curves[0].items():
            np.testing.assert_allclose(curves[1][key], curve, atol=1e-12)


def test_trackeval_is_not_imported(sequence):
    code = ('import sys; from ipmot_mm.evaluation import score_folder; '
            'score_folder(*sys.argv[1:]); print("trackeval" in sys.modules)')
    found = subprocess.run(
        [sys.executable, '-c', code, sequence / 'tracks', sequence / 'gt'],
        capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == 'False'


@pytest.mark.parametrize('call', [
    lambda folder: TrackEvalMetric(scorer='matlab'),
    lambda folder: score(folder, scorer='matlab')])
def test_unknown_scorer(call, sequence):
    with pytest.raises(ValueError, match='scorer must be one of numpy, '
                       "trackeval, but got 'matlab'"):
        call(sequence)
