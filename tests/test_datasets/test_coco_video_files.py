"""COCO-VID files by hand: what is forgiven and what is refused."""
import json
import math

import numpy as np
import pytest
from coco_samples import entry, make, small

from ipmot_mm.datasets import CocoVideoClipDataset
from ipmot_mm.registry import DATASETS


def test_frames_are_put_in_order_and_objects_selected(tmp_path):
    dataset = make(tmp_path, small())
    assert dataset.video_offsets.tolist() == [0, 3, 4, 5]
    clip = dataset.get_data_info((0, 3, 1))
    assert clip['frame_id'] == [0, 1, 2] and clip['mot_frame_id'] == [2, 3, 4]
    assert [path[-8:] for path in clip['img_path']
            ] == ['0002.jpg', '0003.jpg', '0004.jpg']
    assert [ids.tolist() for ids in clip['gt_instances_ids']] == [[], [0],
                                                                  [0, 3]]
    assert clip['gt_bboxes'][2].tolist() == [[-1, 6, 6, 14], [5, 6, 12, 14.5]]
    assert clip['gt_visibilities'][2].tolist() == [1, .25]
    assert dataset.identity_map.keys == (('toy', 'A', 0), ('toy', 'A', 3),
                                         ('toy', 'still', 9))
    assert dataset.get_data_info(4)['video_name'] == ['still']
    assert make(
        tmp_path, small(),
        sequences=['B', 'st*']).video_offsets.tolist() == [0, 1, 2]


def test_ground_truth_is_found_if_frames_have_numbers(tmp_path):
    for video in 'AB':
        (tmp_path / 'data' / video / 'gt').mkdir(parents=True)
        (tmp_path / 'data' / video / 'gt' / 'gt.txt').touch()
    info = make(tmp_path, small()).get_data_info(0)
    assert info['gt_path'] == [str(tmp_path / 'data/A/gt/gt.txt')]
    data = small()
    for image in data['images']:
        image['file_name'] = image['file_name'].replace('00', '00x')
    info = make(tmp_path, data).get_data_info(0)
    assert info['gt_path'] == [''] and info['mot_frame_id'] == [1]
    for number, image in zip((6, 1, 5, 7), data['images']):
        image['mot_frame_id'] = number
    info = make(tmp_path, data).get_data_info(2)
    assert info['mot_frame_id'] == [7]
    assert info['gt_path'] == [str(tmp_path / 'data/A/gt/gt.txt')]
    data['images'][3]['mot_frame_id'] = 8
    with pytest.raises(ValueError, match=r'images\[3\]: "mot_frame_id" must'):
        make(tmp_path, data)


def test_names_of_other_tools(tmp_path):
    data = small()
    for video in data['videos']:
        video['file_name'] = video.pop('name')
    for annotation in data['annotations']:
        annotation['track_id'] = annotation.pop('instance_id') + 1
        annotation['conf'] = annotation.pop('mot_conf', 1)
    dataset = make(tmp_path, data)
    assert dataset.identity_map.keys[:2] == (('toy', 'A', 1), ('toy', 'A', 4))


def test_stills_of_equal_name_and_frames_of_many_folders(tmp_path):
    data = small()
    data['images'][4:] = [
        dict(id=6, file_name='p/1.jpg'),
        dict(id=7, file_name='q/1.jpg')
    ]
    data['images'][0]['file_name'] = 'A/other/000003.jpg'
    del data['annotations'][6:]
    dataset = make(tmp_path, data)
    assert dataset.get_data_info(5)['video_name'] == ['q/1']
    paths = [
        info[len(str(tmp_path)):]
        for info in dataset.get_data_info((0, 2, 1))['img_path']
    ]
    assert paths == ['/data/A/img1/000002.jpg', '/data/A/other/000003.jpg']


BAD = {
    r'annotations\[1\]: no entry of "images"': entry(
        'annotations', 1, image_id=99),
    r'annotations\[2\]: no entry of "categories"': entry(
        'annotations', 2, category_id=2),
    r'annotations\[0\]: "category_id" is missing': entry(
        'annotations', 0, category_id=None),
    r'annotations\[0\]: "image_id" must be a number': entry(
        'annotations', 0, image_id=[1]),
    r'annotations\[1\]: "instance_id" is missing': entry(
        'annotations', 1, instance_id=None),
    r'annotations\[1\]: "instance_id" must be at least 0': entry(
        'annotations', 1, instance_id=-1),
    r'annotations\[1\]: "instance_id" must be a whole': entry(
        'annotations', 1, instance_id=2**53),
    r'annotations\[2\]: this identity occurs a second': entry(
        'annotations', 2, instance_id=3),
    r'annotations\[1\]: "visibility" must be a finite': entry(
        'annotations', 1, visibility='high'),
    r'images\[1\]: no entry of "videos"': entry('images', 1, video_id=8),
    r'images\[1\]: "id" is that of another entry': entry('images', 1, id=1),
    r'images\[2\]: "file_name" must be a text': entry(
        'images', 2, file_name=5),
    r'images\[2\]: "frame_id" is missing': entry('images', 2, frame_id=None),
    r'images\[3\]: "frame_id" of video "A" must be 2': entry(
        'images', 3, frame_id=3),
    r'images\[4\]: another image or video': entry(
        'images', 4, file_name='A.jpg'),
    r'videos\[1\]: another video has this name': entry(
        'videos', 1, name='A'),
    r'videos\[1\]: "id" is that of another': entry('videos', 1, id=7),
    r'categories\[0\]: "name" is missing': entry(
        'categories', 0, name=None),
    r"no category \['pedestrian'\], only \['man', 'dog'\]": entry(
        'categories', 0, name='man'),
    'has no list "images"': lambda data: data.pop('images'),
    r'annotations\[0\]: expected an object': lambda data: data.update(
        annotations=[[]]),
}  # yapf: disable


@pytest.mark.parametrize('message', BAD)
def test_bad_entries_are_named(tmp_path, message):
    data = small()
    BAD[message](data)
    with pytest.raises(ValueError, match=f'a.json".*{message}'):
        make(tmp_path, data)


@pytest.mark.parametrize('bbox', [
    None, [], [1, 2, 3], [1, 2, 3, '4'], [1, 2, 3, math.nan],
    [1, 2, 3, math.inf], [1, 2, 3, True], [1, 2, 3, 10**400], 'abcd'
])
def test_bad_boxes_are_named(tmp_path, bbox):
    data = small()
    data['annotations'][4]['bbox'] = bbox
    with pytest.raises(ValueError, match=r'annotations\[4\]: "bbox" must be'):
        make(tmp_path, data)


def test_what_is_left_out_is_logged(tmp_path, monkeypatch):
    texts = []
    monkeypatch.setattr('ipmot_mm.datasets.contents_log.print_log',
                        lambda text, **kwargs: texts.append(text))
    data = small()
    data['annotations'][1]['bbox'][2] = 0
    data['annotations'][3]['ignore'] = 1  # the dog, which is told once
    make(tmp_path, data)
    make(tmp_path, data, sequences=['B', 'still'])
    assert texts == [
        f'"{tmp_path}/a.json": 3 sequences, 5 frames, 3 objects of 2 '
        'identities; left out: 1 objects of other categories, 2 ignored '
        'objects, 1 boxes without area.',
        f'"{tmp_path}/a.json": 2 images, 1 objects of 1 identities.'
    ]


def test_boxes_without_area_are_left_out(tmp_path, monkeypatch):
    texts = []
    monkeypatch.setattr('ipmot_mm.datasets.coco_video_clip_dataset.print_log',
                        lambda text, **kwargs: texts.append(text))
    data = small()
    data['annotations'][1]['bbox'][2] = 0
    data['annotations'][2]['bbox'][3] = -1
    assert len(make(tmp_path, data).get_data_info(2)['gt_bboxes'][0]) == 0
    assert 'left out 2 boxes' in texts[0]


def test_files_that_are_none(tmp_path):
    good = json.dumps(small())
    for text in (good[:-20], good[:100], '', '\x00', '{"images": nope}'):
        (tmp_path / 'a.json').write_text(text)
        with pytest.raises(ValueError, match='not a complete json file'):
            CocoVideoClipDataset(
                ann_file=str(tmp_path / 'a.json'), dataset_name='toy')
    (tmp_path / 'a.json').write_text('[]')
    with pytest.raises(ValueError, match='holds a list, expected an object'):
        CocoVideoClipDataset(
            ann_file=str(tmp_path / 'a.json'), dataset_name='toy')
    with pytest.raises(FileNotFoundError, match='b.json" is missing'):
        CocoVideoClipDataset(
            ann_file='b.json', data_root=str(tmp_path), dataset_name='toy')
    dataset = make(tmp_path, small(), lazy_init=True)
    (tmp_path / 'data' / 'still.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='data/still.jpg" is missing'):
        dataset.full_init()
    with pytest.raises(ValueError, match=r"matches sequences=\['C'\]"):
        make(tmp_path, small(), sequences='C')
    with pytest.raises(ValueError, match='must have the key img_path'):
        CocoVideoClipDataset(
            ann_file='', dataset_name='toy', data_prefix=dict(img='x'))


def test_registry_and_truncation_anywhere(tmp_path):
    text = json.dumps(small())
    make(tmp_path, small())
    config = dict(
        type='CocoVideoClipDataset',
        ann_file=str(tmp_path / 'a.json'),
        data_prefix=dict(img_path=str(tmp_path / 'data')),
        dataset_name='toy')
    assert len(DATASETS.build(config)) == 5
    for end in np.random.default_rng(0).integers(0, len(text), 30):
        (tmp_path / 'a.json').write_text(text[:end])
        with pytest.raises(ValueError, match='a.json" is not a complete'):
            DATASETS.build(config)
