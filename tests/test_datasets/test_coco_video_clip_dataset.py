"""Files of mmdet's own converters, read as the data they came from."""
import json
import subprocess
import sys
from pathlib import Path

import cv2
import mmdet
import numpy as np
import pytest

from ipmot_mm.datasets import (ClipIndex, CocoVideoClipDataset,
                               CrowdHumanClipDataset, MOTClipDataset)

CONVERTERS = Path(
    mmdet.__file__).parent / '.mim' / 'tools' / 'dataset_converters'
PERSON = dict(classes=('pedestrian', ))


def convert(script, *arguments):
    """Run a converter of the installed mmdet, unchanged."""
    path = CONVERTERS / script
    if not path.is_file():
        pytest.skip(f'this mmdet comes without {path}')
    subprocess.run([sys.executable, path, *map(str, arguments)],
                   check=True,
                   capture_output=True)


def copy_sequence(source, folder):
    """A sequence with links to its images: the converter writes into it."""
    (folder / 'gt').mkdir(parents=True)
    (folder / 'img1').symlink_to(source / 'img1')
    for name in ('seqinfo.ini', 'gt/gt.txt'):
        (folder / name).write_bytes((source / name).read_bytes())


@pytest.fixture(scope='module')
def converted(tmp_path_factory, shared_data):
    """MOT17 and MOT20 as mot2coco.py wants them, and what it makes."""
    root = tmp_path_factory.mktemp('coco')
    for group in ('MOT17-mini', 'MOT20-mini'):
        for source in sorted((shared_data / group / 'train').iterdir()):
            copy_sequence(source, root / 'train' / source.name)
    copy_sequence(shared_data / 'PETS09' / 'val' / 'PETS09-S2L1-B',
                  root / 'test' / 'PETS09-S2L1-B')
    convert('mot2coco.py', '-i', root, '-o', root / 'annotations',
            '--split-train')
    return root


def from_json(root, subset, **kwargs):
    """As the configs of mmdet say it."""
    folder = 'test' if subset == 'test' else 'train'
    return CocoVideoClipDataset(
        data_root=str(root),
        ann_file=f'annotations/{subset}_cocoformat.json',
        data_prefix=dict(img_path=folder),
        dataset_name='mot',
        metainfo=PERSON,
        **kwargs)


def frames_of(dataset):
    """All frames by video and number, without the order of the videos."""
    frames = {}
    for index in range(len(dataset)):
        frame = {
            key: value[0]
            for key, value in dataset.get_data_info(index).items()
        }
        del frame['video_id']
        frame['img_path'] = Path(frame['img_path']).resolve()
        frame['gt_path'] = Path(frame['gt_path']).resolve()
        frames[frame['video_name'], frame['mot_frame_id']] = frame
    return frames


def assert_same(found, expected):
    found, wanted = frames_of(found), frames_of(expected)
    assert found.keys() == wanted.keys() and len(wanted) > 0
    for key, frame in wanted.items():
        assert found[key].keys() == frame.keys()
        for name, value in frame.items():
            np.testing.assert_array_equal(found[key][name], value)


@pytest.mark.parametrize('subset, half', [('train', None),
                                          ('half-train', 'train'),
                                          ('half-val', 'val')])
@pytest.mark.parametrize('test_mode', [False, True])
def test_equals_the_data_set_it_was_made_of(converted, subset, half,
                                            test_mode):
    found = from_json(converted, subset, test_mode=test_mode)
    expected = MOTClipDataset(
        data_root=str(converted / 'train'),
        dataset_name='mot',
        half=half,
        test_mode=test_mode)
    assert_same(found, expected)
    assert found.identity_map == expected.identity_map
    assert (len(found.identity_map) > 90) != test_mode
    assert found.metainfo['class_ids'] == expected.metainfo['class_ids'] == (
        1, )


def test_classes_are_chosen_by_name(converted):
    found = from_json(converted, 'train', sequences='MOT17-*')
    found = CocoVideoClipDataset(
        ann_file=found.ann_file,
        dataset_name='mot',
        data_prefix=dict(img_path=found.image_root),
        metainfo=dict(classes=('car', 'pedestrian')),
        sequences=('MOT17-*', ))
    expected = MOTClipDataset(
        data_root=str(converted / 'train'),
        dataset_name='mot',
        class_ids=(3, 1),
        metainfo=dict(classes=('car', 'pedestrian')),
        sequences=('MOT17-*', ))
    assert_same(found, expected)
    assert found.metainfo['class_ids'] == (3, 1)


def test_test_set_has_no_annotations(converted):
    found = from_json(converted, 'test', test_mode=True)
    info = found.get_data_info(239)
    assert len(found) == 240 and len(info['gt_bboxes'][0]) == 0
    assert info['mot_frame_id'] == [240] and info['video_length'] == [240]
    with pytest.raises(ValueError, match='has no list "annotations"'):
        from_json(converted, 'test')


def test_a_clip_goes_through_a_pipeline(converted):
    dataset = from_json(
        converted,
        'half-train',
        pipeline=[dict(type='LoadClipImages'),
                  dict(type='PackClipInputs')])
    first = dataset.video_offsets[:-1][np.diff(dataset.video_offsets) > 100]
    sample = dataset[ClipIndex(int(first[0]) + 3, 3, 2)]
    assert sample['inputs'].shape == (3, 3, 360, 640)
    frames = sample['data_samples'].video_data_samples
    assert [frame.frame_id for frame in frames] == [3, 5, 7]
    assert all(len(frame.gt_instances) > 20 for frame in frames)
    assert all((frame.gt_instances.identities >= 0).all() for frame in frames)


def test_crowdhuman_equals_its_odgt(tmp_path):
    records = [
        dict(ID='1,a', gtboxes=[
            dict(tag='person', fbox=[1, 2, 3, 4], vbox=[1, 2, 3, 4]),
            dict(tag='mask', fbox=[0, 0, 9, 9], vbox=[0, 0, 9, 9],
                 extra=dict(ignore=1)),
            dict(tag='person', fbox=[-6, 7, 8, 9], vbox=[0, 7, 2, 9],
                 extra=dict(ignore=0)),
            dict(tag='person', fbox=[1, 1, 0, 9], vbox=[1, 1, 0, 9])]),
        dict(ID='2,b', gtboxes=[])
    ]  # yapf: disable
    for mode in ('train', 'val'):
        (tmp_path / mode / 'Images').mkdir(parents=True)
        for record in records:
            cv2.imwrite(
                str(tmp_path / mode / 'Images' / f'{record["ID"]}.jpg'),
                np.zeros((20, 30, 3), np.uint8))
        (tmp_path / f'annotation_{mode}.odgt').write_text('\n'.join(
            map(json.dumps, records)))
    convert('crowdhuman2coco.py', '-i', tmp_path, '-o', tmp_path)
    found = CocoVideoClipDataset(
        ann_file=str(tmp_path / 'crowdhuman_val.json'),
        data_prefix=dict(img_path=str(tmp_path / 'val')),
        dataset_name='crowdhuman')
    expected = CrowdHumanClipDataset(
        ann_file=str(tmp_path / 'annotation_val.odgt'),
        image_dir=str(tmp_path / 'val' / 'Images'))
    assert_same(found, expected)
    assert found.identity_map == expected.identity_map
    assert len(found.identity_map) == 2 and len(found) == 2
