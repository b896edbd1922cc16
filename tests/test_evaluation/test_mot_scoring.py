"""Files against files: independent numbers, protocols, bad input."""
import json
from pathlib import Path

import numpy as np
import pytest
import trackeval
from mot_samples import score, write_rows, write_sequence

from ipmot_mm.benchmark import measure_evaluation
from ipmot_mm.evaluation import ScoredSequence, score_folder, score_sequences


def test_independent_implementations(shared_data):
    """MATLAB devkit (one decimal) and py-motmetrics (six)."""
    root = shared_data / 'oracles' / 'TUD-CEM'
    expected = json.loads((root / 'expected.json').read_text())
    scores = score_folder(
        root / 'trackers' / 'CEM', root / 'gt', benchmark='MOT15')
    columns = expected['pymotmetrics_tests']['columns']
    for name in ('TUD-Campus', 'TUD-Stadtmitte'):
        got, matlab = scores[name], expected['matlab_devkit'][name]
        assert (got['FP'], got['FN'], got['IDSW']) == (
            matlab['FP'], matlab['FN'], matlab['IDs'])
        for key in ('MOTA', 'IDF1'):
            assert 100 * got[key] == pytest.approx(matlab[key], abs=0.051)
        row = dict(zip(columns, expected['pymotmetrics_tests'][name]))
        assert got['MOTA'] == pytest.approx(row['mota'], abs=1e-6)
        assert got['IDF1'] == pytest.approx(row['idf1'], abs=1e-6)
        hota = expected['pymotmetrics_tests']['hota'][name]
        for key in ('HOTA', 'DetA', 'AssA'):
            assert got[key] == pytest.approx(hota[key.lower()], abs=1e-12)


def test_curves_average_to_the_scores(sequence):
    for values in score(sequence).values():
        curves = values['curves']
        np.testing.assert_allclose(curves['alpha'], np.arange(1, 20) / 20)
        for key in ('HOTA', 'DetA', 'AssA', 'LocA'):
            assert np.mean(curves[key]) == pytest.approx(values[key])
        np.testing.assert_allclose(
            np.square(curves['HOTA']),
            np.multiply(curves['DetA'], curves['AssA']))


def test_nothing_is_printed_or_written(sequence, capfd):
    before = sorted(sequence.rglob('*'))
    score(sequence)
    assert capfd.readouterr() == ('', '')
    assert sorted(sequence.rglob('*')) == before


@pytest.mark.parametrize('columns', [6, 7, 9, 10])
def test_custom_reads_absent_columns_as_one(columns, tmp_path):
    marks = [1, 1, 0.5] if columns < 10 else [1, -1, -1, -1]
    truth = np.array([[1, 3, 10, 20, 30, 40, *marks],
                      [2, 3, 12, 20, 30, 40, *marks]])[:, :columns]
    write_sequence(tmp_path / 'gt', 'a', truth, 2)
    write_rows(tmp_path / 'tracks' / 'a.txt',
               np.c_[truth[:, :6], [0.5, 0.5]])
    got = score(tmp_path, benchmark='custom')['COMBINED']
    assert (got['TP'], got['FN'], got['FP']) == (2, 0, 0)


def test_custom_counts_pedestrians_that_are_not_ignored(tmp_path):
    truth = np.array([[1, 1, 0, 0, 30, 40, 1, 1, 1],
                      [1, 2, 100, 0, 30, 40, 0, 1, 1],
                      [1, 3, 200, 0, 30, 40, 1, 5, 1]], dtype=float)
    write_sequence(tmp_path / 'gt', 'a', truth, 1)
    write_rows(tmp_path / 'tracks' / 'a.txt', truth[:, :7])
    got = score(tmp_path, benchmark='custom')['COMBINED']
    assert (got['TP'], got['FN'], got['FP']) == (1, 0, 2)


def test_class_that_trackeval_refuses(sequence, capfd):
    log = Path(trackeval.utils.get_code_path(), 'error_log.txt')
    assert not log.exists()
    path = sequence / 'gt/a/gt/gt.txt'
    truth = np.loadtxt(path, delimiter=',')
    truth[:, 7] = 99
    write_rows(path, truth)
    with pytest.raises(ValueError, match='TrackEval cannot score sequence '
                       'a as MOT17: Attempting to evaluate using invalid gt'):
        score(sequence)
    assert capfd.readouterr() == ('', '')
    assert not log.exists()


def test_short_ground_truth_names_its_line(sequence):
    path = sequence / 'gt/a/gt/gt.txt'
    path.write_text('1,1,2,3,4,5,1\n')
    with pytest.raises(ValueError, match=r'gt\.txt", line 1: .*of 7 columns, '
                       'expected at least 8'):
        score_sequences(sequence / 'tracks',
                        [ScoredSequence('a', str(path), 8)])


def test_no_sequence(tmp_path):
    with pytest.raises(ValueError, match='no sequence to score'):
        score_sequences(tmp_path, [])


def test_zero_workers(sequence):
    with pytest.raises(ValueError, match='num_workers must be at least 1'):
        score(sequence, num_workers=0)


def test_ground_truth_beyond_the_sequence(sequence):
    info = sequence / 'gt/a/seqinfo.ini'
    info.write_text('[Sequence]\nseqLength=7\n')
    with pytest.raises(ValueError, match=r'gt\.txt", line \d+ \(and \d+ more'
                       r'\): the sequence has 7 frames, no more'):
        score(sequence)


def test_huge_ids_need_no_memory(sequence):
    want = score(sequence)
    for path in (sequence / 'gt/a/gt/gt.txt', sequence / 'tracks/a.txt'):
        rows = np.loadtxt(path, delimiter=',')
        rows[:, 1] += 2**52
        write_rows(path, rows)
    assert score(sequence) == want


@pytest.mark.parity
def test_four_times_as_fast_as_trackeval():
    """At 300 frames; the ratio grows with the file."""
    for _attempt in range(3):
        found = measure_evaluation((300, ), 20, 3)
        assert found['largest_difference'] < 1e-12
        if found['trackeval_cpu'] > 4 * found['one_process_cpu']:
            return
    pytest.fail(f'not four times as fast as TrackEval: {found}')
