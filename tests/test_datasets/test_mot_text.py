import numpy as np
import pytest

from ipmot_mm.datasets import read_ground_truth, read_mot_table

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
    (GOOD + '\n2,1,10,20,30\n', "line 3: got '2,1,10,20,30' of 5 columns, "
     'expected 6 to 10 numbers .* as many as in the first row, which has 9'),
    ('1,1,2,3,4\n', "line 1: got '1,1,2,3,4' of 5 columns"),
    (GOOD + '2,1,a,20,30,40,1,1,1', "line 2: got '2,1,a"),
    (GOOD + '2,1,,20,30,40,1,1,1', "line 2: got '2,1,,"),
    (GOOD + '2,1,nan,20,30,40,1,1,1', 'line 2: a value is not finite'),
    (GOOD + '2,1,1,20,30,inf,1,1,1', 'line 2: a value is not finite'),
    (GOOD + '1.5,1,1,20,30,40,1,1,1', 'line 2: frame and id must be whole'),
    (GOOD + '\n' + GOOD,
     r'line 3: the id occurs twice in its frame \(first in line 1\), got'),
    ('3,1,1,1,9,9,1,1,1\n' + GOOD + '2,1,5,5,0,9,1,1,1',
     "line 3: the box has zero or negative width or height, got '2,1,5,5,0"),
    (GOOD + '2,1,5,5,9,-1,1,1,1', 'line 2: the box has zero or negative'),
    (GOOD + '0,1,5,5,9,9,1,1,1', 'line 2: the frame must be at least 1'),
    (GOOD + '2,-1,5,5,9,9,1,1,1', 'line 2: the id must be at least 0'),
    (GOOD + '2,9007199254740993,5,5,9,9,1,1,1', r'numbers below 2\*\*53'),
    (GOOD + '1e300,1,5,5,9,9,1,1,1', r'whole numbers below 2\*\*53'),
    (GOOD + '2,1,5,5,9,9,1,1.5,1', 'line 2: the class must be a whole number'),
    (GOOD + '2,1,1e9,5,9,9,1,1,1', 'line 2: .* below 16777216'),
    (GOOD + '2,1,1,5,9,16777216,1,1,1', 'line 2: .* below 16777216'),
    (GOOD + '2,1,1,5,9,9,1e99,1,1', 'line 2: .* below 16777216'),
    (GOOD + '2,1,90000,5,1e-9,9,1,1,1', 'line 2: the box has zero or neg'),
    (GOOD + '2,1,1_0,5,9,9,1,1,1', "line 2: got '2,1,1_0"),
    (GOOD + '2,1,\u0663,5,9,9,1,1,1', 'line 2: got'),
    (GOOD + '2 1 5 5 9 9 1 1 1', "line 2: got '2 1 5 5 9 9 1 1 1' of 1 col"),
    (GOOD + ',\n', "line 2: got ',' of 2 columns"),
    ('1,1,1,1,9,9,1,1,1,1,1', 'line 1: got .* of 11 columns, expected 6 to'),
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


def test_table_keeps_order_and_every_bit(tmp_path):
    random = np.random.default_rng(1)
    cells = [[
        str(frame),
        str(frame + 5),
        *map(repr,
             random.normal(0, 10.0**random.integers(-20, 20), 6).tolist())
    ] for frame in random.permutation(50) + 1]
    for separator in (',', ', ', ' ', '\t'):
        lines = [separator.join(row) for row in cells]
        table = read_mot_table(write(tmp_path, '\n\n'.join(lines)))
        expected = [[float(cell) for cell in row] for row in cells]
        assert table.values.tolist() == expected
        assert table.line_numbers.tolist() == list(range(1, 100, 2))


def test_comma_at_the_end_of_a_row(tmp_path):
    table = read_mot_table(write(tmp_path, '1,1,2,3,4,5,\n2,1,2,3,4,5\n'))
    assert table.values.tolist() == [[1, 1, 2, 3, 4, 5], [2, 1, 2, 3, 4, 5]]


def test_column_limits_of_a_table(tmp_path):
    path = write(tmp_path, '1,1,2,3,4,5,1')
    assert read_mot_table(path, min_columns=7, max_columns=7).values.size == 7
    with pytest.raises(ValueError, match='of 7 columns, expected at least 8'):
        read_mot_table(path, min_columns=8)
    with pytest.raises(ValueError, match='of 7 columns, expected 6 to 6 num'):
        read_mot_table(path, max_columns=6)


def test_empty_table(tmp_path):
    path = write(tmp_path, '\ufeff\r\n \n')
    table = read_mot_table(path, min_columns=7, allow_empty=True)
    assert table.values.shape == (0, 7) and len(table) == 0
    assert table.line_numbers.shape == (0, )
    table.refuse(np.zeros(0, dtype=bool), 'nothing', 'Do nothing.')
    with pytest.raises(ValueError, match='is empty, expected one row'):
        read_mot_table(path)


def test_refuse_names_the_first_of_the_wrong_rows(tmp_path):
    path = write(tmp_path, '\n1,1,2,3,4,5\n\n2,1,2,3,4,5\n3,1,2,3,4,5')
    table = read_mot_table(path)
    table.refuse(table.values[:, 0] > 3, 'it is late', 'Hurry.')
    with pytest.raises(ValueError) as error:
        table.refuse(table.values[:, 0] > 1, 'it is late', 'Hurry.')
    assert str(error.value) == (f'"{path}", line 4 (and 1 more): it is late, '
                                "got '2,1,2,3,4,5'. Hurry.")


def test_long_binary_row_is_quoted_short(tmp_path):
    with pytest.raises(ValueError) as error:
        read_mot_table(write(tmp_path, '\x1b[2J' * 500))
    assert "\\x1b[2J" in str(error.value) and '...' in str(error.value)
    assert len(str(error.value)) < 600 and '\x1b' not in str(error.value)


def test_weird_confidences_of_mot15(tmp_path):
    found = read_ground_truth(
        write(
            tmp_path, '1, 1, 212, 204, 20, 57, 0, -3.1784, 16.34, 0.45739\n'
            '1, 2, 223, 181, 36,104, 0.5, -1.407, 9.0212, 0.68774\n'))
    assert found.confidences.tolist() == [0, .5]
    assert found.class_ids.tolist() == [1, 1]


def test_blanks_can_be_refused(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('1 7 1 2 3 4\n2 7 1 2 3 4\n')
    assert len(read_mot_table(path)) == 2
    with pytest.raises(ValueError, match='line 1: .* separated by commas[.]'):
        read_mot_table(path, allow_blanks=False)


def test_rows_count_as_trackeval_cuts_their_confidence(tmp_path):
    confs = ['0', '1', '0.9', '-0.5', '1.5', '-1']
    path = tmp_path / 'gt.txt'
    path.write_text(''.join(f'1,{i},1,2,3,4,{conf},1,1\n'
                            for i, conf in enumerate(confs)))
    found = read_ground_truth(path).counts.tolist()
    assert found == [int(float(conf)) != 0 for conf in confs]
    # a box that does not count needs no area
    path.write_text('1,7,1,2,0,4,0.9,1,1\n')
    assert len(read_ground_truth(path)) == 1


def test_first_row_is_not_compared_with_itself(tmp_path):
    path = tmp_path / 'a.txt'
    for text, said in (('1,2\n1,2,3,4,5,6\n', False),
                       ('1,2,3,4,5,6\n1,2\n', True)):
        path.write_text(text)
        with pytest.raises(ValueError, match='expected at least 6') as error:
            read_mot_table(path)
        assert ('as in the first row' in str(error.value)) == said
