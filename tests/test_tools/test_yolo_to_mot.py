"""Track labels of ultralytics become a sequence; images are 64 x 48."""
import json

import pytest
from converter_samples import (gt_lines, read_clip, run_tool, write_images,
                               write_video)

LABELS = {
    'street_1.txt': '0 0.5 0.5 0.25 0.5 7\n2 0.125 0.25 0.25 0.5 8\n',
    'street_3.txt': '0 0.75 0.5 0.5 1 7\n'
}
# cx 0.5 of 64 is 32, w 0.25 is 16, so x is 24; cy 24, h 24, so y is 12
EXPECTED = [
    '1,7,24,12,16,24,1,{person},1', '1,8,0,0,16,24,1,{car},1',
    '3,7,32,0,32,48,1,{person},1'
]


def expect(**numbers):
    return [line.format(**numbers) for line in EXPECTED]


def write_labels(folder, labels):
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, text in labels.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / 'street.mp4', 3)


@pytest.fixture
def convert(tmp_path):
    return lambda labels, source, *argv: run_tool(
        'yolo_to_mot', write_labels(tmp_path / 'labels', labels), source,
        tmp_path / 'out', *argv)


def test_labels_of_a_video(convert, video, tmp_path):
    folder = tmp_path / 'out' / 'street'
    assert convert(LABELS, video) == 0
    assert gt_lines(folder) == expect(person=1, car=3)
    ids, boxes = read_clip(tmp_path / 'out')
    assert ids == [[7], [], [7]]
    assert boxes[2] == [[32, 0, 64, 48]]
    assert not (tmp_path / 'out' / 'classes.json').exists()
    (tmp_path / 'data.yaml').write_text('names: {0: person, 1: dog, 2: bus}')
    assert convert(LABELS, video, '--overwrite', '--names',
                   tmp_path / 'data.yaml') == 0
    assert gt_lines(folder) == expect(person=1, car=14)
    assert json.loads((tmp_path / 'out' / 'classes.json').read_text()) == {
        'person': 1, 'bus': 14
    }  # yapf: disable


def test_labels_of_images(convert, tmp_path, capsys):
    images = write_images(tmp_path / 'cam', ['x.png', 'y.png', 'z.png'])
    labels = {'x.txt': LABELS['street_1.txt'], 'z.txt': LABELS['street_3.txt']}
    assert convert(labels, images, '--names', 'person', 'bus', 'car') == 0
    assert 'cam: frame rate unknown, 25 is' in capsys.readouterr().out
    assert gt_lines(tmp_path / 'out' / 'cam') == expect(person=1, car=3)
    assert convert({**labels, 'w.txt': ''}, images, '--overwrite') == 2


def test_scores(convert, video, tmp_path):
    labels = {'street_2.txt': '0 .5 .5 .5 .5 0.5 0\n0 .5 .5 .5 .5 0.49 2\n'}
    assert convert(labels, video, '--score-thr', '0.5') == 0
    assert gt_lines(tmp_path / 'out' / 'street') == [
        '2,0,16,12,32,24,1,1,1', '2,2,16,12,32,24,0,1,1'
    ]


def test_rows_without_id(convert, video, tmp_path, capsys):
    labels = {
        'street_1.txt': '0 .5 .5 .5 .5 0.9\n',  # no track was confirmed
        'street_2.txt': '0 .5 .5 .5 .5 0.9 4\n'
    }
    assert convert(labels, video) == 2
    error = capsys.readouterr().err
    assert 'street_1.txt", line 1: the row has no id' in error
    assert convert(labels, video, '--drop-untracked') == 0
    assert gt_lines(tmp_path / 'out' / 'street') == ['2,4,16,12,32,24,1,1,1']
    assert '1 rows without an id are left out' in capsys.readouterr().out


def test_box_without_area_is_ignored(convert, video, tmp_path, capsys):
    labels = {'street_1.txt': '0 1 .5 0 .5 3\n0 1 .5 0.5 .5 4\n'}
    assert convert(labels, video) == 0
    assert gt_lines(tmp_path / 'out' / 'street') == [
        '1,3,64,12,0,24,0,1,1', '1,4,48,12,32,24,1,1,1'
    ]
    assert '1 boxes have no area' in capsys.readouterr().out


@pytest.mark.parametrize('labels, message', [
    ({'street_1.txt': '0 .5 .5 .5 .5\n'}, 'line 1: the row has no id'),
    ({'street_1.txt': '\n0 .5 .5 .5 .5 0.9\n'},
     'line 2: the last column must be an id, got 0.9'),
    ({'street_1.txt': '0 .5 .5 .5\n'}, 'line 1: got "0 .5 .5 .5", expected'),
    ({'street_1.txt': '0 .5 .5 .5 1.2 1\n'}, 'a box in [0, 1]'),
    ({'street_1.txt': '0 .5 nan .5 1 1\n'}, 'a box in [0, 1]'),
    ({'street_1.txt': '0 -.5 .5 .5 1 1\n'}, 'a box in [0, 1]'),
    ({'street_1.txt': '0.5 .5 .5 .5 1 1\n'}, 'a class from 0'),
    ({'street_1.txt': '0 .5 .5 .5 x 1\n'}, 'street_1.txt", line 1: got'),
    ({'street_4.txt': '0 .5 .5 .5 1 1\n'},
     'street_4.txt", line 1: it is none of the 3 frames'),
    ({'street_0.txt': '0 .5 .5 .5 1 1\n'}, 'it is none of the 3 frames'),
    ({'street_1.txt': '0 .5 .5 .5 1 1\n0 .5 .5 .5 1 1\n'},
     'line 2: the id 1 is in its frame already'),
    ({'road_1.txt': '0 .5 .5 .5 1 1\n'}, 'expected text files named'),
    ({}, 'expected text files named'),
    ({'street_1.txt': ''}, 'no row has an id'),
])
def test_bad_labels_are_one_line(labels, message, convert, video, tmp_path,
                                 capsys):
    assert convert(labels, video) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    assert not (tmp_path / 'out' / 'street').exists()


def test_names_must_cover_the_classes(convert, video, tmp_path, capsys):
    path = tmp_path / 'data.yaml'
    for text in ('names: [person', 'nc: 2', 'person'):
        path.write_text(text)
        assert convert(LABELS, video, '--names', path) == 2
        assert 'data.yaml" has no "names"' in capsys.readouterr().err
    assert convert(LABELS, video, '--names', 'person') == 2
    assert 'class 2 occurs, but only 1 names' in capsys.readouterr().err
    assert convert(LABELS, video, '--class-numbers', 'car=1') == 2
    assert '--class-numbers needs --names' in capsys.readouterr().err


def test_labels_of_other_videos_are_told(convert, video, capsys):
    labels = {**LABELS, 'street_b_1.txt': 'not read'}
    assert convert(labels, video) == 0
    assert '1 files are not called street_<frame>.txt' in (
        capsys.readouterr().out)
