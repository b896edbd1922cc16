"""COCO-VID json becomes sequences; mmdet reads the same out of it."""
import copy
import json

import pytest
from converter_samples import (grey_values, gt_lines, read_clip, run_tool,
                               write_images)
from mmdet.datasets import MOTChallengeDataset

BOX = [1.5, 2, 30, 40.25]


def make_data():
    """Two videos; the images of the first one are listed backwards."""
    return dict(
        videos=[dict(id=4, name='park/one', fps=10),
                dict(id=9, name='two')],
        images=[
            dict(id=2, video_id=4, frame_id=1, file_name='b.png', width=64,
                 height=48),
            dict(id=1, video_id=4, frame_id=0, file_name='a.png', width=64,
                 height=48),
            dict(id=3, video_id=9, frame_id=0, file_name='c.png', width=64,
                 height=48)
        ],
        categories=[dict(id=1, name='dog'), dict(id=5, name='person')],
        annotations=[
            dict(id=1, image_id=2, category_id=5, instance_id=7, bbox=BOX,
                 area=1207.5, visibility=0.25),
            dict(id=2, image_id=2, category_id=1, instance_id=0,
                 bbox=[0, 0, 5, 6], area=30),
            dict(id=3, image_id=1, category_id=5, instance_id=7,
                 bbox=[1, 2, 3, 4], area=12, iscrowd=1),
            dict(id=4, image_id=1, category_id=5, instance_id=8,
                 bbox=[3, 2, 0, 4], area=0),
            dict(id=5, image_id=3, category_id=5, instance_id=3,
                 bbox=[3, 2, 5, 4], area=20, mot_conf=0.0),
        ])  # yapf: disable


@pytest.fixture
def convert(tmp_path):
    write_images(tmp_path / 'img', ['a.png', 'b.png', 'c.png'])

    def run(data, *argv):
        path = tmp_path / 'ann.json'
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return run_tool('coco_to_mot', path, tmp_path / 'img',
                        tmp_path / 'out', *argv)

    return run


def test_videos_become_sequences(convert, tmp_path):
    assert convert(make_data()) == 0
    first, second = tmp_path / 'out' / 'park-one', tmp_path / 'out' / 'two'
    assert grey_values(first) == [1, 2] and grey_values(second) == [3]
    assert gt_lines(first) == [
        '1,7,1,2,3,4,0,1,1',  # crowd
        '1,8,3,2,0,4,0,1,1',  # no area
        '2,0,0,0,5,6,1,14,1',
        '2,7,1.5,2,30,40.25,1,1,0.25'
    ]
    assert gt_lines(second) == ['1,3,3,2,5,4,0,1,1']
    assert 'frameRate=10' in (first / 'seqinfo.ini').read_text()
    assert 'frameRate=25' in (second / 'seqinfo.ini').read_text()
    assert json.loads((tmp_path / 'out' / 'classes.json').read_text()) == {
        'dog': 14, 'person': 1
    }  # yapf: disable
    assert read_clip(tmp_path / 'out') == ([[], [7]],
                                           [[], [[1.5, 2, 31.5, 42.25]]])


def test_a_frame_rate_that_nobody_told(convert, capsys):
    text = 'two: frame rate unknown, 25 is written; --frame-rate sets it'
    assert convert(make_data()) == 0
    out = capsys.readouterr().out
    assert text in out and out.count('rate unknown') == 1
    assert convert(make_data(), '--overwrite', '--frame-rate', '9') == 0
    assert 'rate unknown' not in capsys.readouterr().out


def test_mmdet_reads_the_same_boxes(convert, tmp_path):
    data = make_data()
    for annotation in data['annotations']:
        annotation.setdefault('visibility', 1)
        annotation.setdefault('mot_conf', 1)
        annotation.setdefault('instance_id', 99)
    assert convert(data) == 0
    dataset = MOTChallengeDataset(
        ann_file=str(tmp_path / 'ann.json'),
        data_prefix=dict(img_path=str(tmp_path / 'img')),
        metainfo=dict(classes=('person', )),
        test_mode=True)
    expected = {}
    for video in (dataset.get_data_info(i) for i in range(len(dataset))):
        for image in video['images']:
            expected[image['video_id'], image['frame_id']] = [
                (item['instance_id'], item['bbox'])
                for item in image['instances']
                if not item['ignore_flag'] and item['mot_conf']
            ]
    ids, boxes = read_clip(tmp_path / 'out', sequences=['park-one'])
    found = {(4, frame): list(zip(*pair))
             for frame, pair in enumerate(zip(ids, boxes))}
    assert {**found, (9, 0): []} == expected


def test_ids_of_mot2coco_are_taken_and_boxes_keep_their_digits(
        convert, tmp_path):
    data = make_data()
    for annotation in data['annotations']:
        annotation['mot_instance_id'] = annotation.pop('instance_id') + 100
        annotation['track_id'] = 5
    data['annotations'][0]['bbox'] = [1234.56, 0.1, 59.08, 0.123456]
    assert convert(data) == 0
    assert gt_lines(tmp_path / 'out' / 'park-one')[-1] == (
        '2,107,1234.56,0.1,59.08,0.123456,1,1,0.25')


def test_frames_are_numbered_without_holes(convert, tmp_path, capsys):
    data = make_data()
    data['images'][0]['frame_id'] = 9
    data['images'][1].update(frame_id=6, mot_frame_id=7)
    data['videos'].append(dict(id=11, name='empty'))
    assert convert(data) == 0
    assert gt_lines(tmp_path / 'out' / 'park-one')[2].startswith('2,0,')
    assert grey_values(tmp_path / 'out' / 'park-one') == [1, 2]
    shown = capsys.readouterr().out
    assert 'park/one: 2 numbers between frame_id 6 and 9 have' in shown
    assert '1 videos without images are left out' in shown


@pytest.mark.parametrize('nameless', [None, -1])
def test_crowds_without_identity_have_no_row(nameless, convert, tmp_path,
                                             capsys):
    data = change('annotations', 2, instance_id=nameless)  # a crowd
    data['annotations'].insert(0, data['annotations'].pop(2))
    assert convert(data) == 0
    assert '1 objects without identity are left' in capsys.readouterr().out
    assert gt_lines(tmp_path / 'out' / 'park-one') == [
        '1,8,3,2,0,4,0,1,1',
        '2,0,0,0,5,6,1,14,1',
        '2,7,1.5,2,30,40.25,1,1,0.25'
    ]


def test_no_annotations_make_no_ground_truth(convert, tmp_path, capsys):
    data = change('images', 0, width=None, height=None)
    assert convert({**data, 'annotations': []}) == 0
    assert not (tmp_path / 'out' / 'two' / 'gt').exists()
    assert 'warning' not in capsys.readouterr().out


def test_class_numbers(convert, tmp_path, capsys):
    assert convert(make_data(), '--class-numbers', 'dog=2') == 0
    assert gt_lines(tmp_path / 'out' / 'park-one')[2].endswith(',2,1')
    # known now: the next run need not say it again, and must not change it
    assert convert(make_data(), '--overwrite') == 0
    assert gt_lines(tmp_path / 'out' / 'park-one')[2].endswith(',2,1')
    capsys.readouterr()
    for flag, message in (('dog=3', 'dog=3: it is 2 in'),
                          ('cat=1', 'have the same number 1'),
                          ('dog', 'expected NAME=NUMBER')):
        assert convert(make_data(), '--overwrite', '--class-numbers',
                       flag) == 2
        assert message in capsys.readouterr().err


def change(part, place, **values):
    data = copy.deepcopy(make_data())
    item = data[part][place]
    item.update(values)
    for key in [key for key, value in item.items() if value is None]:
        del item[key]
    return data


def without_ids(data):
    for annotation in data['annotations']:
        del annotation['instance_id']
    return data


@pytest.mark.parametrize('data, message', [
    ('{"videos": [1,}', 'ann.json" is not a complete json file'),
    ({'images': []}, 'ann.json" has no list "videos", but images'),
    (change('videos', 0, id=None), 'videos[0]: "id" is missing'),
    ({**make_data(), 'images': []}, 'got 0 videos'),
    ({key: value for key, value in make_data().items()
      if key != 'annotations'}, 'has no list "annotations"'),
    (change('images', 1, video_id=None), 'images[1]: "video_id" is missing'),
    (change('images', 0, frame_id=None), 'images[0]: "frame_id" is missing'),
    (change('images', 0, video_id=5), 'images[0]: no entry of "videos"'),
    (change('images', 0, frame_id=0), 'images[1]: "frame_id" is that of'),
    (change('images', 0, width=65), 'images[0]: "width" and "height" are'),
    (change('images', 0, file_name='z.png'), 'z.png" is missing'),
    (change('annotations', 0, image_id=8), 'annotations[0]: no entry of "im'),
    (change('annotations', 0, category_id=2), '[0]: no entry of "categories"'),
    (change('annotations', 0, instance_id=None), '"instance_id" is missing'),
    (change('annotations', 0, instance_id=-1), '"instance_id" must be at'),
    (without_ids(make_data()), 'an object of a video needs'),
    (change('annotations', 0, instance_id='a'), '"instance_id" must be a wh'),
    (change('annotations', 0, bbox=[1, 2, 3]), 'annotations[0]: "bbox" must'),
    (change('annotations', 0, bbox=[1, 2, -3, 4]), '[0]: "bbox" has a negat'),
    (change('annotations', 0, bbox=[1, 2, 3, float('nan')]), '"bbox" must be'),
    (change('annotations', 1, instance_id=7), 'annotations[1]: this identity'),
    (change('videos', 1, name='park-one'), "more than once: ['park-one'"),
])
def test_bad_json_is_one_line(data, message, convert, tmp_path, capsys):
    assert convert(data) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    out = tmp_path / 'out'
    assert not (out / 'park-one').exists()
    assert not out.exists() or not list(out.glob('.*'))


def test_sequences_that_are_there_are_kept(convert, tmp_path, capsys):
    (tmp_path / 'out' / 'two').mkdir(parents=True)
    assert convert(make_data()) == 2
    assert "of these names already: ['two']" in capsys.readouterr().err
    assert not (tmp_path / 'out' / 'park-one').exists()
