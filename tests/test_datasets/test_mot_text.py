import numpy as np
import pytest

from ipmot_mm.datasets import read_ground_truth

GOOD = '1,1,10,20,30,40,1,1,0.5\n'


def write(tmp_path, text, **kwargs):
    path = tmp_path / 'gt.txt'
    path.write_bytes(text.encode(**kwargs))
    return str(path)


def test_reads_what_a_naive_parser_reads(tmp_path):
    random = np.random.default_rng(0)
    rows = [(frame, instance, *random.uniform(-9, 99, 2).round(2),
             *random.uniform(1, 50, 2).round(2), instance % 2, instance,
             round(random.uniform(), 3)) for frame in range(1, 8)
            for instance in random.permutation(5) + 1]
    lines = [','.join(map(str, row)) for row in random.permutation(rows)]
    found = read_ground_truth(write(tmp_path, '\n'.join(lines)), 7)
    expected = sorted(rows)
    for k, (frame, instance, x, y, w, h, conf, cls,
            vis) in enumerate(expected):
        assert found.frame_numbers[k] == frame
        assert found.instance_ids[k] == instance
        np.testing.assert_allclose(
            found.bboxes[k], [x, y, x + w, y + h], rtol=1e-6)
        assert found.confidences[k] == conf
        assert found.class_ids[k] == cls
        assert found.visibilities[k] == pytest.approx(vis)
    assert len(found) == len(rows)
    assert found.instance_ids.dtype == np.int64


def test_windows_file_with_byte_order_mark_spaces_and_blank_lines(tmp_path):
    text = '2, 1, 1, 2, 3, 4, 1, 1, 1\r\n\r\n1, 1,1,2,3,4,1,1,1 \r\n'
    found = read_ground_truth(write(tmp_path, text, encoding='utf-8-sig'))
    assert found.frame_numbers.tolist() == [1, 2]
    assert found.bboxes.tolist() == [[1, 2, 4, 6]] * 2


@pytest.mark.parametrize('row, conf, cls, vis', [
    ('1,1,1,2,3,4', 1, 1, 1),
    ('1,1,1,2,3,4,0', 0, 1, 1),
    ('1,1,1,2,3,4,1,7', 1, 7, 1),
    ('1,1,1,2,3,4,1,7,.25', 1, 7, .25),
    ('1,1,1,2,3,4,1,4.4852,5.5016,0', 1, 1, 1),
])
def test_fewer_columns_and_mot15(tmp_path, row, conf, cls, vis):
    found = read_ground_truth(write(tmp_path, row))
    assert found.confidences == [conf]
    assert found.class_ids == [cls]
    assert found.visibilities == [vis]


@pytest.mark.parametrize('text, message', [
    ('', 'is empty, expected one row "frame,id'),
    (' \n\n', 'is empty'),
    (GOOD + '\n2,1,10,20,30\n', 'line 3: got "2,1,10,20,30", expected 6 to 9'),
    ('1,1,2,3,4\n', 'line 1: got "1,1,2,3,4", expected 6 to 9'),
    (GOOD + '2,1,a,20,30,40,1,1,1', 'line 2: got "2,1,a'),
    (GOOD + '2,1,,20,30,40,1,1,1', 'line 2: got "2,1,,'),
    (GOOD + '2,1,nan,20,30,40,1,1,1', 'line 2: a value is not finite'),
    (GOOD + '2,1,1,20,30,inf,1,1,1', 'line 2: a value is not finite'),
    (GOOD + '1.5,1,1,20,30,40,1,1,1', 'line 2: frame and id must be whole'),
    (GOOD + '\n' + GOOD, 'line 3: the id occurs twice in its frame'),
    ('3,1,1,1,9,9,1,1,1\n' + GOOD + '2,1,5,5,0,9,1,1,1',
     'line 3: the box has zero or negative width or height, got "2,1,5,5,0'),
    (GOOD + '2,1,5,5,9,-1,1,1,1', 'line 2: the box has zero or negative'),
    (GOOD + '0,1,5,5,9,9,1,1,1', r'line 2: the frame must be in \[1, 7\]'),
    (GOOD + '8,1,5,5,9,9,1,1,1', r'line 2: the frame must be in \[1, 7\]'),
])
def test_bad_files_are_refused(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=message) as error:
        read_ground_truth(path, 7)
    assert path in str(error.value)


def test_binary_file_is_refused(tmp_path):
    path = tmp_path / 'gt.txt'
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(ValueError, match='line 1: got'):
        read_ground_truth(str(path))


def test_ignored_box_may_be_empty(tmp_path):
    found = read_ground_truth(write(tmp_path, '1,1,5,5,0,0,0,1,1'))
    assert len(found) == 1


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='gt.txt" is missing'):
        read_ground_truth(str(tmp_path / 'gt.txt'))
