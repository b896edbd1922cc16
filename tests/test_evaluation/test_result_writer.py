"""Writer of result files."""
import os

import numpy as np
import pytest
from file_faults import full_disk

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.evaluation import write_mot_results
from ipmot_mm.user_errors import is_user_message


def test_lines_are_sorted_and_in_the_format_of_motchallenge(tmp_path):
    rows = np.array([[2, 1, 1.5, -2, 3, 4, 0.5], [1, 9, 0, 0, 1, 1, 1],
                     [1, 3, 0, 0, 1, 2, 1]])
    write_mot_results(tmp_path / 'new' / 'a.txt', rows)
    assert (tmp_path / 'new' / 'a.txt').read_text().splitlines() == [
        '1,3,0.000000,0.000000,1.000000,2.000000,1.000000,-1,-1,-1',
        '1,9,0.000000,0.000000,1.000000,1.000000,1.000000,-1,-1,-1',
        '2,1,1.500000,-2.000000,3.000000,4.000000,0.500000,-1,-1,-1']


def test_class_numbers_stay_with_their_rows(tmp_path):
    rows = np.ones((3, 7))
    rows[:, 1] = 9, 4, 7
    write_mot_results(tmp_path / 'a.txt', rows, np.array([3, 1, 2]))
    lines = (tmp_path / 'a.txt').read_text().splitlines()
    assert [line.split(',')[1::6] for line in lines] == [
        ['4', '1'], ['7', '2'], ['9', '3']]
    assert all(line.endswith(',-1,-1') for line in lines)


def test_float32_coordinates_survive(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.uniform(8, 4000, (500, 7)).astype(np.float32)
    values[:, :2] = np.arange(1000).reshape(500, 2)
    write_mot_results(tmp_path / 'a.txt', values)
    back = np.loadtxt(tmp_path / 'a.txt', delimiter=',')[:, :7]
    np.testing.assert_array_equal(back.astype(np.float32), values)


def test_no_row_and_wrong_shape(tmp_path):
    write_mot_results(tmp_path / 'a.txt', np.zeros((0, 7)))
    assert (tmp_path / 'a.txt').read_text() == ''
    with pytest.raises(ValueError, match=r'rows of .*a\.txt must have shape '
                       r'\(num_boxes, 7\).*got shape \(2, 6\)'):
        write_mot_results(tmp_path / 'a.txt', np.zeros((2, 6)))


def test_full_disk_is_one_line_and_keeps_the_old_file(tmp_path):
    path = tmp_path / 'a.txt'
    write_mot_results(path, np.ones((1, 7)))
    old = path.read_text()
    with full_disk(100), pytest.raises(
            NotWrittenError, match=r'a\.txt was not written \(File too large'
    ) as caught:
        write_mot_results(path, np.ones((9, 7)))
    assert is_user_message(caught.value)
    assert path.read_text() == old and os.listdir(tmp_path) == ['a.txt']
