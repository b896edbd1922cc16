"""Which frame a row means."""
import pytest

from ipmot_mm.datasets.conversion import place_frames, read_rows


@pytest.fixture
def place(tmp_path):

    def find(frames, stems, numbering='auto'):
        path = tmp_path / 'gt.txt'
        path.write_text(''.join(f'{frame},1,0,0,5,5\n' for frame in frames))
        return place_frames(read_rows(path)[0], 3, stems, numbering).tolist()

    return find


@pytest.mark.parametrize('frames, stems, expected', [
    ([3, 1], None, [3, 1]),
    ([9, 7], ['7', '8', '9'], [3, 1]),
    ([2, 4], ['2', '3', '4'], [1, 3]),  # 4 is no position
    ([1, 3], ['1', '2', '4'], [1, 3]),  # 3 is no name
    ([1, 2], ['1', '2', '4'], [1, 2]),
    ([2], ['1', '02', 'x'], [2]),
    ([2], ['01', '1', '2'], [2]),  # two are called 1
])
def test_the_numbering_that_fits_is_taken(frames, stems, expected, place):
    assert place(frames, stems) == expected


def test_one_row_that_differs_is_ambiguous(place):
    stems = ['1', '3', '4']
    with pytest.raises(ValueError, match='frame 1 can be the image 1 or the'):
        place([1, 3], stems)
    assert place([1, 3], stems, 'name') == [1, 2]
    assert place([1, 3], stems, 'position') == [1, 3]


@pytest.mark.parametrize('frames, numbering, message', [
    ([1, 4], 'position', 'line 2: the frame is none of the 3 frames'),
    ([7, 1], 'name', 'line 2: the frame is none of the 3 frames'),
    ([1, 7], 'auto', 'line 2: the frame is none of the 3 frames'),
])
def test_rows_without_a_frame_are_named(frames, numbering, message, place):
    with pytest.raises(ValueError, match=message):
        place(frames, ['7', '8', '9'], numbering)


@pytest.mark.parametrize('stems', [None, ['1', '2', 'x'], ['1', '01', '2']])
def test_names_must_be_different_numbers(stems, place):
    with pytest.raises(ValueError, match='images whose names are different'):
        place([1], stems, 'name')


def test_a_score_at_the_threshold_counts(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('1,1,0,0,5,5,0.5\n1,2,0,0,5,5,0.4999\n')
    assert read_rows(path, 0.5)[1][:, 6:].tolist() == [[1, 1, 1], [0, 1, 1]]
