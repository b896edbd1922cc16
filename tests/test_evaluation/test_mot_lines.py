"""Reader of MOTChallenge lines."""
import pytest

from ipmot_mm.evaluation import read_mot_lines


def test_numbers_stay_as_written(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('\ufeff2,7,1.50,-3,4,5,1,1,0.25\r\n\r\n1 7  2e1 3 4 5 1\n',
                    encoding='utf-8')
    assert read_mot_lines(path, min_columns=7) == [
        (2, 1, ['2', '7', '1.50', '-3', '4', '5', '1', '1', '0.25']),
        (1, 3, ['1', '7', '2e1', '3', '4', '5', '1']),
    ]


def test_empty_file(tmp_path):
    (tmp_path / 'a.txt').write_text('')
    assert read_mot_lines(tmp_path / 'a.txt', min_columns=7) == []


@pytest.mark.parametrize('line, text', [
    ('1,2,3,4,5,6', r"at least 7 columns.*got 6: '1,2,3,4,5,6'; write"),
    ('1,2,3,four,5,6,7', r"finite numbers, but got '1,2,3,four,5,6,7'"),
    ('1,2,3,inf,5,6,7', r"finite numbers, but got '1,2,3,inf,5,6,7'"),
    ('1,-1,3,4,5,6,7', 'an id of at least 0, but got -1; detections without'),
    ('9,9,3,4,5,6,7', r'id 9 appears a second time in frame 9 \(first in line '
     r'1\)'),
])
def test_bad_line_is_named(line, text, tmp_path):
    (tmp_path / 'a.txt').write_text(f'9,9,1,1,1,1,1\n\n{line}\n')
    with pytest.raises(ValueError, match=rf'a\.txt, line 3: .*{text}'):
        read_mot_lines(tmp_path / 'a.txt', min_columns=7)
