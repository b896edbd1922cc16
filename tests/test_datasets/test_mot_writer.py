"""Rows, seqinfo.ini and whole sequences; the reader takes them back."""
import os
import shutil

import numpy as np
import pytest

from ipmot_mm.datasets import mot_writer, read_ground_truth
from ipmot_mm.datasets.mot_writer import (write_ground_truth, write_seqinfo,
                                          write_sequence)
from ipmot_mm.datasets.sequence import read_sequence
from ipmot_mm.datasets.sequence_frames import EncodedFrames, WrittenFrames

ROW = (1, 3, 10, 20, 30, 40, 1, 1, 1)


def frames(count):
    return EncodedFrames(np.full((count, 8, 16, 3), 90, np.uint8))


def test_rows_come_back_as_float32_boxes(tmp_path):
    random = np.random.default_rng(0)
    rows = np.ones((60, 9))
    rows[:, 0] = np.repeat(np.arange(1, 13), 5)
    rows[:, 1] = np.tile(np.arange(5), 12)
    rows[:, 2:6] = random.uniform(1, 2000, (60, 4))
    rows[:, 6:] = np.stack([
        rows[:, 1] % 2, rows[:, 1] + 1,
        random.uniform(size=60).round(6)
    ], 1)
    path = tmp_path / 'gt.txt'
    write_ground_truth(path, random.permutation(rows), num_frames=12)
    found = read_ground_truth(str(path), 12)
    assert found.frame_numbers.tolist() == rows[:, 0].tolist()
    assert found.instance_ids.tolist() == rows[:, 1].tolist()
    x, y, w, h = rows[:, 2:6].T
    expected = np.stack([x, y, x + w, y + h], 1)
    np.testing.assert_allclose(found.bboxes, expected, rtol=2e-7, atol=2e-6)
    assert found.confidences.tolist() == rows[:, 6].tolist()
    assert found.class_ids.tolist() == rows[:, 7].tolist()
    np.testing.assert_array_equal(found.visibilities,
                                  rows[:, 8].astype(np.float32))


def test_text_is_compact_and_sorted_by_frame(tmp_path):
    path = tmp_path / 'gt.txt'
    rows = [(12, 3, -1e-9, 1.5, 59.08000000000004, 100, 0, 11, 1 / 3),
            (2, 9, *ROW[2:]), (2, 1, *ROW[2:])]
    write_ground_truth(path, rows)
    assert path.read_text() == ('2,9,10,20,30,40,1,1,1\n'
                                '2,1,10,20,30,40,1,1,1\n'
                                '12,3,0,1.5,59.08,100,0,11,0.333333\n')
    write_ground_truth(path, [ROW], decimals=(2, 4))
    assert path.read_text() == '1,3,10.00,20.00,30.00,40.00,1,1,1.0000\n'


@pytest.mark.parametrize('column, value, message', [
    (0, 0, r'the frame must be in \[1, 5\], got "0,3,'),
    (0, 6, r'the frame must be in \[1, 5\], got "6,3,'),
    (0, 1.5, 'must be whole numbers'),
    (1, -1, r'the id must be in \[0, 2\*\*53\)'),
    (1, 2.0**53, r'the id must be in \[0, 2\*\*53\)'),
    (2, 2.0**24, 'must be below 16777216'),
    (1, 4, 'the id occurs twice in its frame'),
    (3, np.nan, 'a value is not finite'),
    (4, 0, 'a box that counts must have an area'),
    (5, 1e-7, 'a box that counts must have an area'),
    (7, 1.5, 'must be whole numbers'),
])
def test_what_the_reader_refuses_is_not_written(tmp_path, column, value,
                                                message):
    rows = np.array([ROW, ROW], dtype=float)
    rows[0, 1] = 4
    rows[1, column] = value
    with pytest.raises(ValueError, match=message):
        write_ground_truth(tmp_path / 'gt.txt', rows, num_frames=5)
    assert not (tmp_path / 'gt.txt').exists()


def test_ignored_boxes_may_be_flat(tmp_path):
    write_ground_truth(tmp_path / 'gt.txt', [(1, 3, 1, 1, 0, 0, 0, 1, 1)])
    assert len(read_ground_truth(str(tmp_path / 'gt.txt'))) == 1
    write_ground_truth(tmp_path / 'gt.txt', [(1, 3, 1, 1, 0, 0, .5, 1, 1)])
    assert not read_ground_truth(str(tmp_path / 'gt.txt')).counts.any()


@pytest.mark.parametrize('rate, text', [(25, 25), (29.97, 30), (0.2, 1)])
def test_frame_rate_is_a_whole_number(tmp_path, rate, text, capsys):
    write_seqinfo(
        tmp_path, 'A', WrittenFrames(2, (16, 8), '.png'), frame_rate=rate)
    assert (tmp_path / 'seqinfo.ini').read_text() == (
        f'[Sequence]\nname=A\nimDir=img1\nframeRate={text}\nseqLength=2\n'
        'imWidth=16\nimHeight=8\nimExt=.png\n')
    assert ('is written as' in capsys.readouterr().out) == (rate != text)


@pytest.mark.parametrize('rate', [0, -1, float('nan'), '25'])
def test_frame_rate_must_be_positive(tmp_path, rate):
    with pytest.raises(ValueError, match='must be a positive number, got'):
        write_sequence(tmp_path / 'A', frames(1), frame_rate=rate)


def test_sequence_is_read_back(tmp_path):
    written = write_sequence(
        tmp_path / 'A', frames(3), annotate=lambda w: [ROW])
    assert (written.num_frames, written.size) == (3, (16, 8))
    sequence = read_sequence(str(tmp_path / 'A'), with_gt=True)
    assert len(sequence) == 3 and sequence.gt_path
    write_sequence(tmp_path / 'B', frames(1))
    assert read_sequence(str(tmp_path / 'B'), with_gt=False).gt_path == ''
    assert sorted(path.name for path in tmp_path.iterdir()) == ['A', 'B']


def test_sequence_is_replaced_on_request_only(tmp_path):
    write_sequence(tmp_path / 'A', frames(3), annotate=lambda w: [ROW])
    with pytest.raises(FileExistsError, match='--overwrite to replace'):
        write_sequence(tmp_path / 'A', frames(1))
    write_sequence(tmp_path / 'A', frames(1), overwrite=True)
    assert len(list((tmp_path / 'A' / 'img1').iterdir())) == 1
    assert not (tmp_path / 'A' / 'gt').exists()


def test_stopped_run_leaves_what_was_there(tmp_path, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    write_sequence(tmp_path / 'A', frames(3))
    monkeypatch.setattr(mot_writer, 'write_seqinfo', stop)
    for name in ('A', 'B'):
        with pytest.raises(KeyboardInterrupt):
            write_sequence(tmp_path / name, frames(1), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ['A']
    assert len(list((tmp_path / 'A' / 'img1').iterdir())) == 3


def test_only_a_sequence_is_replaced(tmp_path):
    write_sequence(tmp_path / 'MOT17' / 'A', frames(3))
    notes = tmp_path / 'MOT17' / 'A' / 'notes.txt'
    notes.touch()
    (tmp_path / 'file').touch()
    for name, reason in (('MOT17', 'holds A, so'), ('MOT17/A', 'holds notes'),
                         ('MOT17/A/img1', 'holds 000001.jpg, 000002.jpg, '),
                         ('file', 'has neither img1 nor seqinfo.ini')):
        with pytest.raises(ValueError, match=f'"{tmp_path}/{name}" {reason}'):
            write_sequence(tmp_path / name, frames(1), overwrite=True)
    assert notes.is_file() and (tmp_path / 'file').is_file()
    notes.unlink()
    write_sequence(tmp_path / 'MOT17' / 'A', frames(1), overwrite=True)
    assert len(list(tmp_path.rglob('*.jpg'))) == 1


@pytest.mark.parametrize('broken', [shutil, os], ids=['rmtree', 'replace'])
def test_replacing_that_fails_keeps_one_of_the_two(tmp_path, monkeypatch,
                                                   broken):
    write_sequence(tmp_path / 'A', frames(3))
    real = dict(rmtree=shutil.rmtree, replace=os.replace)

    def rmtree(path, ignore_errors=False):
        if str(path).endswith('.old') and not ignore_errors:
            (path / 'seqinfo.ini').unlink()
            raise PermissionError('half of it is gone')
        real['rmtree'](path, ignore_errors)

    def replace(source, target):
        if str(source).endswith('.draft'):
            raise PermissionError('it does not move')
        real['replace'](source, target)

    with monkeypatch.context() as patch:
        name = 'rmtree' if broken is shutil else 'replace'
        patch.setattr(broken, name, dict(rmtree=rmtree, replace=replace)[name])
        with pytest.raises(PermissionError):
            write_sequence(tmp_path / 'A', frames(1), overwrite=True)
    kept = read_sequence(str(tmp_path / 'A'), with_gt=False)
    assert len(kept) == (1 if broken is shutil else 3)
    write_sequence(tmp_path / 'A', frames(2), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ['A']


def test_draft_of_a_killed_run_is_no_sequence_and_goes_away(tmp_path):
    draft = tmp_path / '.A.draft' / 'img1'
    draft.mkdir(parents=True)
    (draft / '000009.jpg').touch()
    write_sequence(tmp_path / 'A', frames(1))
    assert [path.name for path in tmp_path.rglob('*.jpg')] == ['000001.jpg']
