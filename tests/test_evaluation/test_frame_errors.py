"""Errors of frames are those that MOTA counts."""
import numpy as np
import pytest
from mot_samples import corrupt, random_truth, write_rows, write_sequence

from ipmot_mm.evaluation import (ERRORS, find_errors, score_folder,
                                 sequences_to_score, worst_frames)

BOX = [10, 20, 30, 40]


def write(folder, truth, results, num_frames):
    """One sequence; rows are frame (from 1 on), id and box."""
    truth = [[*row, 1, 1, 1] for row in truth]
    write_sequence(folder / 'gt', 'a', np.array(truth), num_frames)
    rows = np.array([[*row, 0.9] for row in results]).reshape(-1, 7)
    write_rows(folder / 'tracks' / 'a.txt', rows)


def find(folder, **kwargs):
    sequence, = sequences_to_score(folder / 'gt')
    return find_errors(sequence, folder / 'tracks', **kwargs)


@pytest.mark.parametrize('scorer', ['numpy', 'trackeval'])
@pytest.mark.parametrize('benchmark', ['MOT17', 'MOT20', 'MOT15', 'custom'])
def test_sums_are_those_of_the_scores(benchmark, scorer, tmp_path):
    rng = np.random.default_rng(5)
    truth = random_truth(rng, 14, 15)
    write_sequence(tmp_path / 'gt', 'a', truth, 14)
    write_rows(tmp_path / 'tracks' / 'a.txt', corrupt(rng, truth))
    counts = find(tmp_path, benchmark=benchmark).counts
    scores = score_folder(
        tmp_path / 'tracks', tmp_path / 'gt', benchmark=benchmark,
        metrics=['CLEAR'], scorer=scorer)['a']
    for name in ('TP', *ERRORS):
        assert len(counts[name]) == 14
        assert counts[name].sum() == scores[name] > 0
    # where they are: every box of the truth is matched or missed
    if benchmark == 'MOT15':
        counted = truth[truth[:, 6] == 1]
        assert (counts['TP'] + counts['FN']).tolist() == np.bincount(
            counted[:, 0].astype(int) - 1, minlength=14).tolist()


def test_a_switch_names_frame_object_and_both_tracks(tmp_path):
    other = [200, 20, 30, 40]
    truth = [[f, 7, *BOX] for f in range(1, 6)]
    truth += [[f, 8, *other] for f in range(1, 6)]
    results = [[1, 3, *BOX], [2, 3, *BOX], [4, 5, *BOX], [5, 3, *BOX],
               [3, 9, 90, 90, 30, 40], [5, 4, *other]]
    write(tmp_path, truth, results, 5)
    errors = find(tmp_path)
    assert errors.switches.tolist() == [[3, 5, *BOX, 7, 3], [4, 3, *BOX, 7, 5]]
    assert errors.false_positives.tolist() == [[2, 9, 90, 90, 30, 40]]
    assert sorted(errors.misses[:, :2].tolist()) == [
        [0, 8], [1, 8], [2, 7], [2, 8], [3, 8]]
    assert errors.matches[:, :2].tolist() == [[0, 3], [1, 3], [3, 5], [4, 3],
                                              [4, 4]]
    here = errors.frame(4)
    assert len(here.switches) == 1 and len(here.matches) == 2
    assert len(here.misses) == len(here.false_positives) == 0


@pytest.mark.parametrize('has_truth', [True, False])
def test_one_side_alone(has_truth, tmp_path):
    truth = [[f, 1, *BOX] for f in (1, 2)]
    write(tmp_path, truth[:1 + has_truth], [] if has_truth else truth, 2)
    counts = find(tmp_path).counts
    if has_truth:
        assert counts['FN'].tolist() == [1, 1] and not counts['FP'].any()
    else:
        assert counts['FP'].tolist() == [0, 1]
        assert counts['TP'].tolist() == [1, 0]


def test_what_trackeval_refuses(tmp_path):
    write(tmp_path, [[1, 1, *BOX]], [[1, 1, *BOX]], 1)
    path = tmp_path / 'gt' / 'a' / 'gt' / 'gt.txt'
    path.write_text('1,1,10,20,30,40,1,14,1\n')
    with pytest.raises(ValueError, match='sequence a: MOT17 cannot be scored '
                       "with class numbers outside .* benchmark 'custom'"):
        find(tmp_path)


def test_worst_frames_keep_their_distance():
    errors = dict(
        a=np.array([0, 3, 5, 4, 0, 2]), b=np.array([9, 0, 5, 0, 0, 0]))
    assert worst_frames(errors, 9, 2) == [('b', 0), ('a', 2), ('b', 2),
                                          ('a', 5)]
    assert worst_frames(errors, 2, 1) == [('b', 0), ('a', 2)]
    assert worst_frames(errors, 9, 100) == [('b', 0), ('a', 2)]
    assert worst_frames(dict(a=np.zeros(3, int)), 9, 1) == []
