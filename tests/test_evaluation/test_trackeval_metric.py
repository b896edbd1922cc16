"""The metric, frame by frame, against TrackEval on files."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mot_samples import (corrupt, plain_trackeval, random_truth, track_samples,
                         write_rows, write_sequence)

from ipmot_mm.evaluation import (TrackEvalMetric, tracked_frame,
                                 trackeval_metric)
from ipmot_mm.registry import METRICS

PREFIX = 'motchallenge-metric/'


@pytest.fixture
def messages(monkeypatch) -> list:
    """What the metric logs."""
    logged = []
    for module in (trackeval_metric, tracked_frame):
        monkeypatch.setattr(module, 'print_log',
                            lambda text, *args, **kwargs: logged.append(text))
    return logged


def run(metric, samples) -> dict:
    """Through mmengine's evaluator, one frame at a time."""
    evaluator = Evaluator(metric)
    for sample in samples:
        evaluator.process([sample])
    return evaluator.evaluate(len(samples))


def pedestrians(truth):
    """Rows of the ground truth that count, as results."""
    return truth[(truth[:, 6] != 0) & (truth[:, 7] == 1)][:, :7]


def test_oracle_of_the_cem_tracker(shared_data, messages):
    root = shared_data / 'oracles' / 'TUD-CEM'
    expected = json.loads((root / 'expected.json').read_text())['trackeval']
    samples = []
    for name, length in (('TUD-Campus', 71), ('TUD-Stadtmitte', 179)):
        rows = np.loadtxt(
            root / 'trackers' / 'CEM' / f'{name}.txt', delimiter=',')
        gt_path = str(root / 'gt' / name / 'gt' / 'gt.txt')
        samples += track_samples(
            name, rows, length, gt_path, dtype=torch.float32)
    metric = METRICS.build(dict(type='TrackEvalMetric', benchmark='MOT15'))
    result = run(metric, samples)
    for name in ('TUD-Campus', 'TUD-Stadtmitte', 'COMBINED'):
        want = expected.get(name, expected['COMBINED_SEQ'])
        got = metric.sequence_results[name]
        for key in ('HOTA', 'DetA', 'AssA', 'LocA', 'MOTA', 'MOTP', 'IDF1',
                    'IDP', 'IDR'):
            assert got[key] == pytest.approx(want[key], abs=1e-6), (name, key)
        for key in ('IDSW', 'Frag', 'MT', 'PT', 'ML', 'IDTP', 'IDFP', 'IDFN'):
            assert got[key] == want[key], (name, key)
        assert (got['TP'], got['FP'], got['FN']) == (
            want['CLR_TP'], want['CLR_FP'], want['CLR_FN'])
    combined = dict(metric.sequence_results['COMBINED'])
    combined.pop('curves')
    assert result == {PREFIX + key: v for key, v in combined.items()}
    assert 'COMBINED        40.00  39.77  41.24  55.51  62.43   14  58' in (
        messages[-1])


@pytest.mark.parametrize('benchmark',
                         ['MOT15', 'MOT16', 'MOT17', 'MOT20', 'DanceTrack'])
def test_equals_trackeval_on_files(benchmark, tmp_path):
    rng = np.random.default_rng(3)
    samples = []
    gt_root = tmp_path / 'gt' / f'{benchmark}-train'
    tracker = tmp_path / 'trackers' / f'{benchmark}-train' / 'ours' / 'data'
    for name, length in (('a', 13), ('b', 7)):
        truth = random_truth(rng, length, 17)
        rows = corrupt(rng, truth)
        gt_path = write_sequence(gt_root, name, truth, length)
        write_rows(tracker / f'{name}.txt', rows)
        samples += track_samples(name, rows, length, gt_path)
    want = plain_trackeval(tmp_path, benchmark)
    metric = TrackEvalMetric(benchmark=benchmark)
    run(metric, samples)
    for name, got in metric.sequence_results.items():
        raw = want['COMBINED_SEQ' if name == 'COMBINED' else name]
        for curve in ('HOTA', 'DetA', 'AssA', 'LocA'):
            np.testing.assert_allclose(
                got['curves'][curve], raw['HOTA'][curve], atol=1e-6)
        for ours, theirs in (('IDSW', 'IDSW'), ('FP', 'CLR_FP'),
                             ('FN', 'CLR_FN'), ('TP', 'CLR_TP')):
            assert got[ours] == raw['CLEAR'][theirs] > 0
        assert got['IDF1'] == pytest.approx(raw['Identity']['IDF1'])


def test_mot20_forgives_non_motor_vehicles(tmp_path):
    truth = np.array([[1, 1, 0, 0, 40, 80, 1, 1, 1],
                      [1, 2, 200, 0, 40, 80, 0, 6, 1]], dtype=float)
    gt_path = write_sequence(tmp_path, 'a', truth, 1)
    samples = track_samples('a', truth[:, :7], 1, gt_path)
    for benchmark, false_positives in (('MOT17', 1), ('MOT20', 0),
                                       ('custom', 1)):
        metric = TrackEvalMetric(benchmark=benchmark)
        result = run(metric, samples)
        assert result[f'{PREFIX}FP'] == false_positives
        assert result[f'{PREFIX}FN'] == 0


def test_perfect_tracks_of_real_sequences(shared_data):
    samples = []
    for folder in sorted((shared_data / 'MOT17-mini' / 'train').iterdir()):
        gt_path = folder / 'gt' / 'gt.txt'
        truth = np.loadtxt(gt_path, delimiter=',')
        length = len(list((folder / 'img1').iterdir()))
        samples += track_samples(
            folder.name, pedestrians(truth), length, str(gt_path),
            dtype=torch.float32)
    result = run(TrackEvalMetric(benchmark='MOT17'), samples)
    assert result[f'{PREFIX}TP'] == 662
    for key in ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1'):
        assert result[PREFIX + key] == 1
    for key in ('FP', 'FN', 'IDSW'):
        assert result[PREFIX + key] == 0


def test_second_half_is_cut_out_and_renumbered(tmp_path):
    rng = np.random.default_rng(4)
    truth = random_truth(rng, 11, 9)
    second = truth[truth[:, 0] > 6].copy()
    second[:, 0] -= 6
    rows = corrupt(rng, second)
    half = track_samples(
        'a', rows, 5, write_sequence(tmp_path, 'a', truth, 11), first_frame=7)
    alone = track_samples('a', rows, 5,
                          write_sequence(tmp_path, 'alone', second, 5))
    metrics = [TrackEvalMetric(), TrackEvalMetric()]
    assert run(metrics[0], half) == run(metrics[1], alone)
    assert metrics[0].sequence_results['a']['FN'] > 0


def test_sequences_without_tracks(tmp_path):
    truth = random_truth(np.random.default_rng(5), 6, 8)
    count = len(pedestrians(truth))
    nothing = np.zeros((0, 7))
    empty = track_samples('empty', nothing, 6,
                          write_sequence(tmp_path, 'empty', truth, 6))
    good = track_samples('good', pedestrians(truth), 6,
                         write_sequence(tmp_path, 'good', truth, 6))
    metric = TrackEvalMetric()
    result = run(metric, empty + good)
    assert metric.sequence_results['empty']['FN'] == count
    assert metric.sequence_results['empty']['HOTA'] == 0
    assert result[f'{PREFIX}FN'] == count == result[f'{PREFIX}TP']
    assert run(metric, empty)[f'{PREFIX}HOTA'] == 0


def test_several_frames_in_one_sample(tmp_path):
    truth = random_truth(np.random.default_rng(6), 6, 8)
    gt_path = write_sequence(tmp_path, 'a', truth, 6)
    samples = track_samples('a', truth[:, :7], 6, gt_path)
    clip = samples[0]
    clip.video_data_samples = [s.video_data_samples[0] for s in samples]
    metric = TrackEvalMetric()
    assert run(metric, [clip]) == run(
        metric, track_samples('a', truth[:, :7], 6, gt_path))


def test_frame_that_comes_twice_counts_once(tmp_path):
    truth = random_truth(np.random.default_rng(7), 6, 8)
    samples = track_samples('a', truth[:, :7], 6,
                            write_sequence(tmp_path, 'a', truth, 6))
    metric = TrackEvalMetric()
    assert run(metric, samples + samples[:2]) == run(metric, samples)


def test_untracked_frames_are_told_and_missed(tmp_path, messages):
    truth = random_truth(np.random.default_rng(8), 6, 8)
    rows = pedestrians(truth)
    samples = track_samples('a', rows, 6,
                            write_sequence(tmp_path, 'a', truth, 6))
    result = run(TrackEvalMetric(), samples[:4])
    assert result[f'{PREFIX}FN'] == (rows[:, 0] > 4).sum() > 0
    assert messages[0].startswith('Sequence a: only 4 of 6 frames were')


def test_chosen_metrics_and_short_table(tmp_path, messages):
    truth = random_truth(np.random.default_rng(9), 4, 5)
    samples = track_samples('a', truth[:, :7], 4,
                            write_sequence(tmp_path, 'a', truth, 4))
    metric = TrackEvalMetric(
        metrics=('CLEAR', ), per_sequence=False, prefix='val')
    result = run(metric, samples)
    assert 'val/MOTA' in result and 'val/HOTA' not in result
    assert 'HOTA' not in messages[-1] and '\na ' not in messages[-1]


def test_prints_nothing_and_leaves_no_file(tmp_path, capfd, monkeypatch,
                                           messages):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path / 'tmp'))
    Path(tmp_path / 'tmp').mkdir()
    truth = random_truth(np.random.default_rng(10), 4, 5)
    samples = track_samples('a', truth[:, :7], 4,
                            write_sequence(tmp_path, 'a', truth, 4))
    run(TrackEvalMetric(), samples)
    assert capfd.readouterr() == ('', '')
    assert list((tmp_path / 'tmp').iterdir()) == []
