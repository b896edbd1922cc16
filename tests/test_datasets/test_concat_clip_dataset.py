import json

import pytest

from ipmot_mm.datasets import ClipSampler, ConcatClipDataset
from ipmot_mm.registry import DATASETS


def part(root, name, **kwargs):
    return dict(
        type='MOTClipDataset',
        data_root=str(root),
        dataset_name=name,
        sequences=[f'{name}*'],
        **kwargs)


@pytest.fixture
def dataset(make_sequence, tmp_path):
    for name, num_frames in (('a1', 2), ('a2', 5), ('b1', 3)):
        make_sequence(name, num_frames)
    return DATASETS.build(
        dict(
            type='ConcatClipDataset',
            datasets=[part(tmp_path, 'b'),
                      part(tmp_path, 'a')]))


def test_frames_videos_and_identities_are_counted_jointly(dataset):
    found = [{
        key: value[0]
        for key, value in dataset[index].items()
    } for index in range(len(dataset))]
    assert len(dataset) == 10
    assert dataset.video_offsets.tolist() == [0, 3, 5, 10]
    assert [f['video_name']
            for f in found] == ['b1'] * 3 + ['a1'] * 2 + ['a2'] * 5
    assert [f['video_id'] for f in found] == [0] * 3 + [1] * 2 + [2] * 5
    assert [f['frame_id'] for f in found] == [0, 1, 2, 0, 1, 0, 1, 2, 3, 4]
    # The rows are sorted by name: ('a', 'a1'), ('a', 'a2'), ('b', 'b1').
    assert [f['gt_identities'].tolist()
            for f in found] == [[2]] * 3 + [[0]] * 2 + [[1]] * 5
    assert len(dataset.identity_map) == 3


def test_clips_stay_in_one_video(dataset):
    sampler = ClipSampler(dataset, num_frames=3, seed=0)
    for index in sampler:
        clip = dataset[index]
        assert len(set(clip['video_name'])) == 1
        assert len(clip['img_path']) == 3
    with pytest.raises(IndexError, match='Frame 10 does not exist'):
        dataset[10, 2, 1]


def test_locate_names_the_dataset_of_a_frame(dataset):
    places = [dataset.locate(index) for index in range(10)]
    assert [(part.dataset_name, place) for part, place in places
            ] == [('b', i) for i in range(3)] + [('a', i) for i in range(7)]
    for index in (-1, 10):
        with pytest.raises(IndexError, match=f'Frame {index} does not exist'):
            dataset.locate(index)


def test_bad_parts_are_refused(make_sequence, tmp_path):
    make_sequence('a1', 2)
    with pytest.raises(ValueError, match='datasets of ConcatClip.* is empty'):
        ConcatClipDataset(datasets=[])
    with pytest.raises(ValueError, match='its own dataset_name'):
        ConcatClipDataset(datasets=[part(tmp_path, 'a')] * 2)
    other = part(tmp_path, 'b', metainfo=dict(classes=('car', )))
    with pytest.raises(ValueError, match='the same metainfo.classes'):
        ConcatClipDataset(datasets=[part(tmp_path, 'a'), other])


def test_class_numbers_must_agree(make_sequence, tmp_path):
    for name in ('a1', 'b1'):
        make_sequence(name, 2)
    image = dict(id=1, file_name='1.jpg')
    (tmp_path / 'a.json').write_text(
        json.dumps(
            dict(
                images=[image],
                annotations=[],
                categories=[dict(id=3, name='pedestrian')])))
    (tmp_path / '1.jpg').touch()
    own = dict(
        type='CocoVideoClipDataset',
        data_root=str(tmp_path),
        ann_file='a.json',
        dataset_name='own',
        test_mode=True)
    first = part(tmp_path, 'a', test_mode=True)
    for other in (own, part(tmp_path, 'b', class_ids=(3, ), test_mode=True)):
        message = r"class_ids are {'a': \(1,\), '(own|b)': \(3"
        with pytest.raises(ValueError, match=message):
            ConcatClipDataset(datasets=[first, other])
    # numbers do not matter in training
    own['test_mode'] = False
    assert len(ConcatClipDataset(datasets=[part(tmp_path, 'a'), own])) == 3
    images = dict(
        type='CrowdHumanClipDataset',
        ann_file=str(tmp_path / 'a.odgt'),
        image_dir=str(tmp_path))
    (tmp_path / 'a.odgt').write_text('{"ID": "1", "gtboxes": []}')
    # a data set without numbers fits to all
    assert len(ConcatClipDataset(datasets=[images, own])) == 2
