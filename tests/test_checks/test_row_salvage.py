"""Bad rows are listed, all of them, and the good ones are read."""
import numpy as np
import pytest

from ipmot_mm.checks.problems import ProblemLog
from ipmot_mm.checks.row_salvage import annotations_of, read_rows
from ipmot_mm.datasets import read_ground_truth

GOOD = ['2,5,1,2,3,4,1,1,0.5', '1,7,10,20,30,40,1,1,1', '1,5,0,0,9,9,0,8,0']


def read(path, lines, num_frames=3):
    path.write_text('\n'.join(lines))
    log = ProblemLog('a')
    rows = read_rows(str(path), num_frames, log)
    return rows, [(problem.kind, problem.message) for problem in log.kept]


def test_good_files_are_read_as_always(tmp_path):
    rows, found = read(tmp_path / 'gt.txt', GOOD)
    expected = read_ground_truth(str(tmp_path / 'gt.txt'), 3)
    assert found == []
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(getattr(rows, name), array)


@pytest.mark.parametrize('bad, why', [
    ('1,8,x,2,3,4,1,1,1', 'not a number'),
    ('1,8,1,2,3,4,1', '7 columns, but 9'),
    ('1,8,1', '3 columns'),
    ('1,8,nan,2,3,4,1,1,1', 'not finite'),
    ('1.5,8,1,2,3,4,1,1,1', 'whole'),
    ('4,8,1,2,3,4,1,1,1', r'in [1, 3]'),
    ('0,8,1,2,3,4,1,1,1', r'in [1, 3]'),
    ('1,-8,1,2,3,4,1,1,1', 'the id must be'),
    ('1,8,1e9,2,3,4,1,1,1', 'not below'),
    ('1,8,1,2,0,4,1,1,1', 'no area'),
    ('1,8,1,2,3,4,1,1.5,1', 'class'),
])
def test_a_bad_row_is_named_and_left_out(tmp_path, bad, why):
    rows, found = read(tmp_path / 'gt.txt', GOOD[:1] + [bad] + GOOD[1:])
    (kind, text), = found
    assert kind == 'bad rows' and 'line 2' in text and why in text
    assert rows.instance_ids.tolist() == [5, 7, 5]
    assert rows.frame_numbers.tolist() == [1, 1, 2]
    with pytest.raises(ValueError):  # training refuses it, too
        read_ground_truth(str(tmp_path / 'gt.txt'), 3)


def test_all_problems_not_only_the_first(tmp_path):
    lines = GOOD + ['x', '1,7,1,1,5,5,1,1,1', '9,1,1,1,5,5,1,1,1', GOOD[0]]
    rows, found = read(tmp_path / 'gt.txt', lines)
    assert [kind for kind, _ in found] == [
        'bad rows', 'bad rows', 'id clashes', 'id clashes'
    ]
    assert 'lines 2 and 5: id 7 twice in frame 1' in found[2][1]
    assert 'lines 1 and 7: id 5 twice in frame 2' in found[3][1]
    assert len(rows) == 3


def test_ignored_rows_may_have_no_area(tmp_path):
    rows, found = read(
        tmp_path / 'gt.txt', [*GOOD, 'x', '3,1,5,5,0,0,0.9,1,1'])
    assert [text[:14] for _kind, text in found] == ['gt.txt, line 4']
    assert rows.frame_numbers.tolist() == [1, 1, 2, 3]


def test_refusals_that_are_not_listed_are_still_reported(tmp_path):
    rows, found = read(tmp_path / 'gt.txt', [])
    (kind, text), = found
    assert kind == 'bad rows' and 'empty' in text and len(rows) == 0
    log = ProblemLog('a')
    assert len(read_rows(str(tmp_path / 'none.txt'), 3, log)) == 0
    assert log.kept[0].kind == 'missing annotations'


def test_missing_columns_are_one_and_mot15_has_no_class():
    rows = annotations_of([[2, 1, 5, 6, 7, 8], [1, 3, 1, 2, 3, 4]])
    assert rows.bboxes.tolist() == [[1, 2, 4, 6], [5, 6, 12, 14]]
    assert rows.confidences.tolist() == rows.class_ids.tolist() == [1, 1]
    mot15 = annotations_of([[1, 3, 1, 2, 3, 4, 0, 71., 8., 9.]])
    assert (mot15.confidences[0], mot15.class_ids[0],
            mot15.visibilities[0]) == (0, 1, 1)
