"""Folders of sequences, and halves of them."""
import numpy as np
import pytest
from mot_samples import score, write_rows, write_sequence

from ipmot_mm.evaluation import folder_scoring, score_folder


def test_split_of_a_folder(sequence):
    path = sequence / 'tracks' / 'a.txt'
    rows = np.loadtxt(path, delimiter=',')
    rows = rows[rows[:, 0] > 5]
    rows[:, 0] -= 5
    write_rows(path, rows)
    truth = np.loadtxt(sequence / 'gt/a/gt/gt.txt', delimiter=',')
    counted = ((truth[:, 0] > 5) & (truth[:, 6] == 1) & (truth[:, 7] == 1))
    got = score(sequence, split='val-half')['COMBINED']
    assert got['TP'] + got['FN'] == counted.sum() > 0


def test_named_sequences_only(sequence):
    write_sequence(sequence / 'gt', 'b', np.ones((1, 9)), 1)
    assert list(score(sequence, sequences=['a'])) == ['a', 'COMBINED']
    with pytest.raises(FileNotFoundError, match=r'sequence b: results .*b\.txt'
                       '.* not found; write an empty file'):
        score(sequence)


def test_patterns_choose_among_the_sequences(sequence, tmp_path):
    truth = np.loadtxt(sequence / 'gt/a/gt/gt.txt', delimiter=',')
    for name in ('a-DPM', 'a-SDP', 'b-SDP'):
        write_sequence(sequence / 'gt', name, truth, 8)
        write_rows(sequence / 'tracks' / f'{name}.txt', truth[:, :7])
    got = score(sequence, sequences=['b*', '*-SDP', 'a'])
    assert list(got) == ['a', 'a-SDP', 'b-SDP', 'COMBINED']
    seqmap = tmp_path / 'map.txt'
    seqmap.write_text('name\na-SDP\na-DPM\n')
    for patterns, want in ((None, ['a-DPM', 'a-SDP']),
                           (['*-SDP'], ['a-SDP'])):
        got = score(sequence, sequences=patterns, seqmap=str(seqmap))
        assert list(got) == [*want, 'COMBINED']
    with pytest.raises(FileNotFoundError, match=r"matches sequences=\['c'\]"):
        score(sequence, sequences=['a', 'c'])


def test_sequence_without_a_frame_in_the_split(sequence, monkeypatch):
    logged = []
    monkeypatch.setattr(folder_scoring, 'print_log',
                        lambda text, **kwargs: logged.append(text))
    write_sequence(sequence / 'gt', 'short', np.ones((1, 9)), 1)
    write_rows(sequence / 'tracks' / 'a.txt', np.zeros((0, 7)))
    assert list(score(sequence, split='val-half')) == ['a', 'COMBINED']
    assert logged == ['Sequence "short" has no frame in split=\'val-half\': '
                      'it is left out.']
    with pytest.raises(ValueError, match='no sequence to score in .*tracks'):
        score(sequence, split='val-half', sequences=['short'])


def test_frame_outside_of_the_split(sequence):
    with pytest.raises(ValueError, match=r'a\.txt", line \d+ \(and \d+ more'
                       r'\): expected a frame in 1\.\.3, got .* Frames '
                       'count from 1'):
        score(sequence, split='val-half')


def test_bad_folders(sequence):
    with pytest.raises(FileNotFoundError, match='no <sequence>/gt/gt.txt'):
        score_folder(sequence / 'tracks', sequence / 'tracks')
    with pytest.raises(ValueError, match='split must be one of all,.*odd'):
        score(sequence, split='odd')
    info = sequence / 'gt/a/seqinfo.ini'
    info.write_text('[Sequence]\nseqLength=many\n')
    with pytest.raises(ValueError, match='positive seqLength'):
        score(sequence)
    info.unlink()
    with pytest.raises(FileNotFoundError):
        score(sequence)


def test_frames_stand_in_for_seqinfo(sequence):
    want = score(sequence)
    (sequence / 'gt/a/seqinfo.ini').unlink()
    (sequence / 'gt/a/img1').mkdir()
    for number in range(1, 9):
        (sequence / f'gt/a/img1/{number:06d}.jpg').touch()
    assert score(sequence) == want
