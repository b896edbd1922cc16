"""Random ground truth and results: as legal and as large as promised."""
import numpy as np
import pytest

from ipmot_mm.benchmark.random_tracks import (MOT17_TRAIN_LENGTHS,
                                              corrupt_tracks,
                                              random_ground_truth,
                                              write_random_tracks)
from ipmot_mm.datasets import read_ground_truth
from ipmot_mm.evaluation import score_folder


def test_size_is_that_of_mot17_train():
    assert sum(MOT17_TRAIN_LENGTHS) == 5316
    truth = random_ground_truth(np.random.default_rng(0), 750, 20)
    assert truth.shape == (750 * 20, 9)
    frames, counts = np.unique(truth[:, 0], return_counts=True)
    assert frames.tolist() == list(range(1, 751)) and (counts == 20).all()
    assert 0.8 < ((truth[:, 6] == 1) & (truth[:, 7] == 1)).mean() < 0.97
    assert set(truth[truth[:, 6] == 0, 7]) <= {7, 8, 12}


def test_errors_are_those_asked_for():
    rng = np.random.default_rng(1)
    truth = random_ground_truth(rng, 300, 10)
    same = corrupt_tracks(
        rng, truth, drop=0, jitter=0, num_swaps=0, false_positives=0)
    np.testing.assert_array_equal(same[:, :6], truth[:, :6])
    dropped = corrupt_tracks(
        rng, truth, drop=0.3, num_swaps=0, false_positives=0)
    assert len(dropped) == pytest.approx(0.7 * len(truth), rel=0.1)
    swapped = corrupt_tracks(
        rng, truth, drop=0, jitter=0, num_swaps=5, false_positives=0)
    changed = swapped[:, 1] != truth[:, 1]
    assert 0 < changed.mean() < 0.9
    np.testing.assert_array_equal(swapped[:, 2:6], truth[:, 2:6])
    false = corrupt_tracks(rng, truth, drop=1, false_positives=0.2)
    assert len(false) == pytest.approx(0.2 * len(truth), rel=0.2)
    assert not np.isin(false[:, 1], truth[:, 1]).any()
    for rows in (dropped, swapped, false, corrupt_tracks(rng, truth)):
        assert len(np.unique(rows[:, :2], axis=0)) == len(rows)


def test_no_truth_makes_no_results():
    rng = np.random.default_rng(2)
    assert corrupt_tracks(rng, np.zeros((0, 9))).shape == (0, 7)


def test_files_are_legal_and_repeat(tmp_path):
    for name in ('one', 'two'):
        gt_root, tracks = write_random_tracks(
            tmp_path / name, num_frames=(20, 9), num_objects=5, seed=3)
    files = sorted(
        path.relative_to(tmp_path / 'two')
        for path in (tmp_path / 'two').rglob('*.*'))
    assert len(files) == 6
    for file in files:
        assert (tmp_path / 'one' / file).read_bytes() == (tmp_path / 'two' /
                                                          file).read_bytes()
    path = gt_root / 'RANDOM-02' / 'gt' / 'gt.txt'
    assert len(read_ground_truth(str(path), 9)) == 45
    score = score_folder(tracks, gt_root)['COMBINED']
    assert 0.3 < score['HOTA'] < 0.9 and score['FP'] > 0
