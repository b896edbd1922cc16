"""HOTA against its definition, one true positive at a time."""
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from random_boxes import make_pairs

from ipmot_mm.evaluation.numpy_scorer import hota
from ipmot_mm.evaluation.numpy_scorer.hota import (ALPHAS, combine_hota,
                                                   score_hota)

NUM_FRAMES = 5


def small_sequence(seed):
    """Three objects and four tracks that wander over one another."""
    rng = np.random.default_rng(seed)
    rows = [[[frame, i, *rng.uniform(0, 12, 2), 20, 20]
             for frame in range(NUM_FRAMES) for i in range(number)
             if rng.random() < 0.8] for number in (3, 4)]
    return make_pairs(*rows, NUM_FRAMES)


def frame_matrices(pairs):
    """Identities of both sides and similarities, frame by frame."""
    for frame in range(NUM_FRAMES):
        ids = [side.ids[side.frames == frame]
               for side in (pairs.truth, pairs.tracks)]
        matrix = np.zeros(tuple(map(len, ids)))
        here = pairs.frames == frame
        matrix.ravel()[pairs.cells[here]] = pairs.ious[here]
        yield (*ids, matrix)


def naive_matches(pairs):
    """Pairs of identities and similarities, best in A * S in each frame."""
    common = Counter()
    for truth_ids, track_ids, s in frame_matrices(pairs):
        for i, truth_id in enumerate(truth_ids):
            for j, track_id in enumerate(track_ids):
                common[truth_id, track_id] += s[i, j] / (
                    s[i].sum() + s[:, j].sum() - s[i, j])
    sizes = pairs.truth.id_sizes, pairs.tracks.id_sizes
    matches = []
    for truth_ids, track_ids, s in frame_matrices(pairs):
        if not s.size:
            continue
        a = np.array([[common[i, j] / (sizes[0][i] + sizes[1][j] -
                                       common[i, j]) for j in track_ids]
                      for i in truth_ids])
        num = min(s.shape)
        best = max((list(zip(rows, columns))
                    for rows in permutations(range(len(truth_ids)), num)
                    for columns in permutations(range(len(track_ids)), num)),
                   key=lambda cells: sum(a[c] * s[c] for c in cells))
        matches += [(truth_ids[i], track_ids[j], s[i, j]) for i, j in best]
    return matches


@pytest.mark.parametrize('seed', range(6))
def test_definition(seed):
    pairs = small_sequence(seed)
    got = score_hota(pairs)
    matches = naive_matches(pairs)
    for k, alpha in enumerate(ALPHAS):
        true = [(i, j) for i, j, s in matches if s >= alpha]
        num_fn, num_fp = (len(side) - len(true)
                          for side in (pairs.truth, pairs.tracks))
        scores = []
        for i, j in true:
            tpa = true.count((i, j))
            fna = (pairs.truth.ids == i).sum() - tpa
            fpa = (pairs.tracks.ids == j).sum() - tpa
            scores.append([tpa / (tpa + fna + fpa), tpa / (tpa + fna),
                           tpa / (tpa + fpa)])
        total = len(true) + num_fn + num_fp
        assert (got['HOTA_TP'][k], got['HOTA_FN'][k],
                got['HOTA_FP'][k]) == (len(true), num_fn, num_fp)
        assert got['HOTA'][k] == pytest.approx(
            np.sqrt(sum(score[0] for score in scores) / total))
        means = np.mean(scores, 0) if scores else np.zeros(3)
        assert [got[name][k] for name in ('AssA', 'AssRe', 'AssPr')
                ] == pytest.approx(means.tolist())
        if true:
            assert got['LocA'][k] == pytest.approx(
                np.mean([s for _, _, s in matches if s >= alpha]))


def test_scores_of_pairs_are_equal_to_the_last_bit(monkeypatch):
    """To what NumPy gives frame by frame: a bit can decide between tracks."""
    rng = np.random.default_rng(0)
    sides = [[[frame, i, *rng.uniform(0, 12, 2), 20, 20]
              for frame in range(NUM_FRAMES) for i in rng.permutation(30)]
             for _side in range(2)]
    pairs = make_pairs(*sides, NUM_FRAMES)
    common, want = np.zeros((30, 30)), []
    for truth_ids, track_ids, s in frame_matrices(pairs):
        around = s.sum(0)[None] + s.sum(1)[:, None] - s
        common[np.ix_(truth_ids, track_ids)] += s / around
    for truth_ids, track_ids, s in frame_matrices(pairs):
        a = (common / (2 * NUM_FRAMES - common))[np.ix_(truth_ids, track_ids)]
        want.append((a * s).ravel()[s.ravel() > 0])
    seen = []
    monkeypatch.setattr(
        hota, 'assign', lambda pairs, scores, frames: seen.append(scores) or
        np.ones(len(pairs), dtype=bool))
    score_hota(pairs)
    np.testing.assert_array_equal(seen[0], np.concatenate(want))


def test_a_similarity_on_the_threshold_counts():
    pairs = make_pairs([[0, 1, 0, 0, 10, 10]], [[0, 1, 0, 0, 10, 3]], 1)
    assert pairs.ious.tolist() == [0.3]
    assert score_hota(pairs)['HOTA_TP'].tolist() == [1] * 6 + [0] * 13


@pytest.mark.parametrize('num_truth, num_tracks', [(0, 0), (0, 2), (2, 0)])
def test_one_side_is_empty(num_truth, num_tracks):
    rows = [[[0, i, 0, 0, 9, 9] for i in range(number)]
            for number in (num_truth, num_tracks)]
    got = score_hota(make_pairs(*rows, 1))
    assert (got['HOTA_FN'] == num_truth).all()
    assert (got['HOTA_FP'] == num_tracks).all()
    assert not got['HOTA'].any() and (got['LocA'] == 1).all()


def test_combination_is_over_all_true_positives():
    parts = [score_hota(small_sequence(seed)) for seed in (0, 1)]
    got = combine_hota(parts)
    num_true = [part['HOTA_TP'] for part in parts]
    for name in ('AssA', 'LocA'):
        want = sum(n * part[name] for n, part in zip(num_true, parts))
        seen = sum(num_true) > 0
        np.testing.assert_allclose(
            got[name][seen], want[seen] / sum(num_true)[seen])
    np.testing.assert_allclose(got['HOTA']**2, got['DetA'] * got['AssA'])
    assert combine_hota(parts[:1])['HOTA(0)'] == parts[0]['HOTA(0)']
