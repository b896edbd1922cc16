"""Number by number what TrackEval alone makes of the same files.

TrackEval reads its own layout of folders, which is built here without our
code: only the text of ground truth and results is common to both.
"""
import configparser
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from mot_samples import plain_trackeval, write_rows

from ipmot_mm.benchmark.random_tracks import corrupt_tracks
from ipmot_mm.evaluation import SCORERS, ScoredSequence, score_sequences
from ipmot_mm.evaluation.mot_scoring import raw_scores

pytestmark = pytest.mark.parity
FAMILIES = ('HOTA', 'CLEAR', 'Identity')
REPORTED = dict(
    HOTA=('HOTA', 'DetA', 'AssA', 'LocA'),
    CLEAR=('MOTA', 'MOTP', 'IDSW', 'Frag', 'MT', 'PT', 'ML'),
    Identity=('IDF1', 'IDP', 'IDR', 'IDTP', 'IDFP', 'IDFN'))


def add(folder, benchmark, source, *, name=None, truth=None, tracks=()):
    """One sequence where TrackEval looks for it; rows of ground truth and
    tracks stand in for the file of ``source`` and for its results."""
    name = name or source.name
    target = folder / 'gt' / f'{benchmark}-train' / name
    (target / 'gt').mkdir(parents=True)
    shutil.copy(source / 'seqinfo.ini', target)
    if truth is None:
        shutil.copy(source / 'gt' / 'gt.txt', target / 'gt')
    else:
        write_rows(target / 'gt' / 'gt.txt', np.reshape(truth, (-1, 9)))
    write_rows(
        folder / 'trackers' / f'{benchmark}-train' / 'ours' / 'data' /
        f'{name}.txt', np.reshape(tracks, (-1, 7)))


def sequences_of(folder, benchmark):
    """The same sequences for us."""
    scored = []
    for path in sorted((folder / 'gt' / f'{benchmark}-train').iterdir()):
        info = configparser.ConfigParser()
        info.read(path / 'seqinfo.ini')
        scored.append(
            ScoredSequence(path.name, str(path / 'gt' / 'gt.txt'),
                           info.getint('Sequence', 'seqLength')))
    return scored


def assert_equal_to_trackeval(folder, benchmark, **kwargs):
    """Every field of every family, and all that we report of it."""
    want = plain_trackeval(folder, benchmark)
    want['COMBINED'] = want.pop('COMBINED_SEQ')
    results = folder / 'trackers' / f'{benchmark}-train' / 'ours' / 'data'
    sequences = sequences_of(folder, benchmark)
    for scorer in SCORERS:
        common = dict(benchmark=benchmark, metrics=FAMILIES, scorer=scorer,
                      **kwargs)
        raw, = raw_scores(results, sequences, [(1, )], **common)
        reported = score_sequences(results, sequences, **common)
        assert raw.keys() == want.keys() == reported.keys()
        for name in want:
            where = f'{scorer} {benchmark} {name}'
            assert_equal(want[name], raw[name], reported[name], where)
    return reported


def assert_equal(want, raw, reported, where):
    """Of one sequence, or of all."""
    for family in FAMILIES:
        assert raw[family].keys() == want[family].keys()
        for field, value in want[family].items():
            np.testing.assert_allclose(
                raw[family][field], value, rtol=0, atol=1e-12,
                err_msg=f'{where} {family} {field}')
        for field in REPORTED[family]:
            value = want[family][field]
            assert reported[field] == pytest.approx(
                np.mean(value), rel=0, abs=1e-12)
            if family == 'HOTA':
                np.testing.assert_allclose(
                    reported['curves'][field], value, rtol=0, atol=1e-12)
    for field in ('TP', 'FP', 'FN'):
        assert reported[field] == want['CLEAR'][f'CLR_{field}']


def read(folder):
    """Rows of the real ground truth."""
    return np.loadtxt(folder / 'gt' / 'gt.txt', delimiter=',')


def test_oracle(shared_data, tmp_path):
    root = shared_data / 'oracles' / 'TUD-CEM'
    for source in sorted((root / 'gt').iterdir()):
        rows = np.loadtxt(
            root / 'trackers' / 'CEM' / f'{source.name}.txt', delimiter=',')
        add(tmp_path, 'MOT15', source, tracks=rows[:, :7])
    got = assert_equal_to_trackeval(tmp_path, 'MOT15')
    expected = json.loads((root / 'expected.json').read_text())
    for name, want in expected['matlab_devkit'].items():
        if name == 'source':
            continue
        for ours, theirs in (('FP', 'FP'), ('FN', 'FN'), ('IDSW', 'IDs'),
                             ('MT', 'MT'), ('PT', 'PT'), ('ML', 'ML')):
            assert got[name][ours] == want[theirs]
        for key in ('IDF1', 'IDP', 'IDR', 'MOTA'):
            assert 100 * got[name][key] == pytest.approx(want[key], abs=0.051)
        assert got[name]['HOTA'] == pytest.approx(
            expected['pymotmetrics_tests']['hota'][name]['hota'], abs=1e-12)


@pytest.mark.parametrize('benchmark, seed', [
    ('MOT17', 0), ('MOT20', 1), ('DanceTrack', 2), ('MOT16', 3),
    ('MOT15', 4)])
def test_corrupted_ground_truth(benchmark, seed, shared_data, tmp_path):
    rng = np.random.default_rng(seed)
    folders = sorted((shared_data / 'MOT17-mini' / 'train').iterdir())
    folders.append(shared_data / 'PETS09' / 'val' / 'PETS09-S2L1-B')
    if benchmark in ('MOT17', 'MOT20'):
        folders.append(shared_data / 'PETS09' / 'train' / 'PETS09-S2L1-A')
        folders.append(shared_data / 'MOT20-mini' / 'train' / 'MOT20-01')
    for source in folders:
        add(tmp_path, benchmark, source,
            tracks=corrupt_tracks(rng, read(source)))
    got = assert_equal_to_trackeval(
        tmp_path, benchmark, num_workers=1 + seed % 2)
    for key in ('FP', 'FN', 'IDSW', 'Frag', 'IDFP'):
        assert got['COMBINED'][key] > 0
    assert 0.2 < got['COMBINED']['HOTA'] < 0.9


@pytest.mark.parametrize('benchmark',
                         ['MOT17', 'MOT20', 'DanceTrack', 'MOT15'])
def test_emptiness_of_all_kinds(benchmark, shared_data, tmp_path):
    rng = np.random.default_rng(5)
    source = shared_data / 'MOT17-mini' / 'train' / 'MOT17-04-FRCNN'
    truth = read(source)
    tracks = corrupt_tracks(rng, truth)
    ignored = truth.copy()
    ignored[:, 6] = 0
    cases = dict(
        no_tracks=dict(truth=truth),
        no_truth=dict(truth=[], tracks=tracks),
        nothing_at_all=dict(truth=[]),
        nothing_counts=dict(truth=ignored, tracks=tracks),
        nothing_counts_no_tracks=dict(truth=ignored),
        frames_without_truth=dict(
            truth=truth[~np.isin(truth[:, 0], (1, 4, 8))], tracks=tracks),
        frames_without_tracks=dict(
            truth=truth, tracks=tracks[~np.isin(tracks[:, 0], (1, 3, 8))]),
        disjoint_frames=dict(
            truth=truth[truth[:, 0] > 4], tracks=tracks[tracks[:, 0] <= 4]),
        only_distractors=dict(truth=truth[truth[:, 7] != 1], tracks=tracks))
    for name, rows in cases.items():
        add(tmp_path, benchmark, source, name=name, **rows)
    got = assert_equal_to_trackeval(tmp_path, benchmark)
    assert got['no_truth']['FP'] == len(tracks)
    assert got['nothing_at_all']['HOTA'] == got['no_tracks']['HOTA'] == 0


def test_rows_in_any_order_and_ties(shared_data, tmp_path):
    rng = np.random.default_rng(6)
    source = shared_data / 'MOT17-mini' / 'train' / 'MOT17-11-FRCNN'
    truth = read(source)
    twin = truth.copy()
    twin[:, 1] += 1000  # the same boxes again: assignments are ambiguous
    truth = rng.permutation(np.concatenate([truth, twin]))
    tracks = rng.permutation(corrupt_tracks(rng, truth, jitter=0))
    add(tmp_path, 'MOT17', source, truth=truth, tracks=tracks)
    assert_equal_to_trackeval(tmp_path, 'MOT17')


def test_confidences_are_cut_to_whole_numbers(shared_data, tmp_path):
    rng = np.random.default_rng(7)
    source = shared_data / 'MOT17-mini' / 'train' / 'MOT17-09-FRCNN'
    truth = read(source)
    truth[:, 6] = rng.choice([-1, 0, 0.4, 1, 1.7, 2], len(truth))
    add(tmp_path, 'MOT17', source, truth=truth,
        tracks=corrupt_tracks(rng, truth))
    assert_equal_to_trackeval(tmp_path, 'MOT17')


def test_layout_is_independent_of_us(tmp_path, shared_data):
    """The folder that TrackEval reads holds the original bytes."""
    source = shared_data / 'MOT17-mini' / 'train' / 'MOT17-02-FRCNN'
    add(tmp_path, 'MOT17', source)
    copy = Path(tmp_path, 'gt', 'MOT17-train', source.name, 'gt', 'gt.txt')
    assert copy.read_bytes() == (source / 'gt' / 'gt.txt').read_bytes()
