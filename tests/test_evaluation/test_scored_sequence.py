"""Files of a sequence as arrays."""
import numpy as np
import pytest
from mot_samples import write_rows, write_sequence

from ipmot_mm.evaluation import ScoredSequence
from ipmot_mm.evaluation.scored_sequence import (SequenceBoxes, check_files,
                                                 read_boxes)

TRUTH = np.array([[7, 2, 1, 2, 3, 4, 1, 1, 0.5], [3, 5, 1, 2, 3, 4, 0, 8, 1],
                  [4, 2, 1, 2, 3, 4, 0.5, 3, 1], [9, 1, 1, 2, 3, 4, 1, 1, 1]])


def read(root, truth, tracks, *, benchmark='MOT17', class_ids=(1, ),
         **kwargs):
    """Frames 4 to 7 of a sequence."""
    path = write_sequence(root / 'gt', 'a', truth, 9)
    write_rows(root / 'a.txt', np.reshape(tracks, (-1, 7)))
    sequence = ScoredSequence('a', path, 4, 4, **kwargs)
    return read_boxes(sequence, root, benchmark=benchmark,
                      class_ids=class_ids)


def test_split_is_renumbered_and_nothing_else_is_left_out(tmp_path):
    boxes = read(tmp_path, TRUTH, [[4, 1, 5, 6, 7, 8, 0.25]])
    np.testing.assert_array_equal(boxes.truth, [
        [4, 2, 1, 2, 3, 4, 1, 1], [1, 2, 1, 2, 3, 4, 0.5, 3]])
    np.testing.assert_array_equal(boxes.results,
                                  [[4, 1, 5, 6, 7, 8, 0.25, 1]])


@pytest.mark.parametrize('benchmark, number', [('MOT15', -1), ('custom', 1)])
def test_ten_columns_have_no_class(benchmark, number, tmp_path):
    truth = np.c_[TRUTH[:, :7], -np.ones((4, 3))]
    boxes = read(tmp_path, truth, [], benchmark=benchmark)
    assert (boxes.truth[:, 7] == number).all() and len(boxes.truth) == 2
    assert boxes.results.shape == (0, 8)


def test_length_of_the_sequence(tmp_path):
    read(tmp_path, TRUTH, [], total_frames=9)
    with pytest.raises(ValueError, match=r'gt\.txt", line 4: the sequence has '
                       '8 frames'):
        read(tmp_path, TRUTH, [], total_frames=8)


def test_chosen_classes_become_pedestrians():
    table = np.arange(24.0).reshape(3, 8)
    table[:, 7] = 1, 3, 5
    before = table.copy()
    boxes = SequenceBoxes(truth=table, results=table[:2]).of_classes((3, 5))
    np.testing.assert_array_equal(boxes.truth[:, :7], table[1:, :7])
    assert (boxes.truth[:, 7] == 1).all() and len(boxes.results) == 1
    np.testing.assert_array_equal(table, before)


def test_missing_files(tmp_path):
    sequence = ScoredSequence('a', str(tmp_path / 'gt.txt'), 3)
    with pytest.raises(FileNotFoundError, match='sequence a: ground truth'):
        check_files([sequence], tmp_path)
    (tmp_path / 'gt.txt').touch()
    with pytest.raises(FileNotFoundError, match='sequence a: results'):
        check_files([sequence], tmp_path)
    (tmp_path / 'a.txt').touch()
    check_files([sequence], tmp_path)
