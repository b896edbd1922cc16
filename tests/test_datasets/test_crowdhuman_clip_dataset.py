import json

import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import CrowdHumanClipDataset


def person(x, y, w, h, **extra):
    return dict(tag='person', fbox=[x, y, w, h], extra=extra)


def make(tmp_path, records, images=None, **kwargs):
    folder = tmp_path / 'Images'
    folder.mkdir(exist_ok=True)
    for record in records:
        if images is None and isinstance(record, dict):
            cv2.imwrite(
                str(folder / f'{record["ID"]}.jpg'),
                np.zeros((40, 60, 3), np.uint8))
    path = tmp_path / 'annotation_val.odgt'
    path.write_text('\n'.join(
        json.dumps(record) if isinstance(record, dict) else record
        for record in records))
    return CrowdHumanClipDataset(
        ann_file=str(path), image_dir=str(folder), **kwargs)


RECORDS = [
    dict(
        ID='1,a',
        gtboxes=[
            person(1, 2, 3, 4, occ=0),
            person(5, 5, 5, 5, ignore=1),
            dict(tag='mask', fbox=[0, 0, 9, 9], extra=dict(ignore=1)),
            person(-6, 7, 8, 9),
            person(1, 1, 0, 9)
        ]),
    dict(ID='2,b', gtboxes=[])
]


def test_full_bodies_without_ignore_regions(tmp_path):
    dataset = make(tmp_path, RECORDS)
    clip = dataset.get_data_info((0, 3, 4))
    assert len(dataset) == 2
    assert clip['gt_bboxes'][0].tolist() == [[1, 2, 4, 6], [-6, 7, 2, 16]]
    assert clip['gt_identities'][0].tolist() == [0, 1]
    assert clip['video_name'] == ['1,a'] * 3
    assert clip['img_path'] == [str(tmp_path / 'Images' / '1,a.jpg')] * 3
    assert len(dataset.get_data_info(1)['gt_bboxes'][0]) == 0


def test_real_record(tmp_path, shared_data):
    text = shared_data / 'crowdhuman_sample' / 'annotation_sample.odgt'
    record = json.loads(text.read_text())
    clip = make(tmp_path, [record]).get_data_info(0)
    assert len(clip['gt_bboxes'][0]) == 6
    assert clip['gt_bboxes'][0][0].tolist() == [1330, 317, 1748, 1655]


@pytest.mark.parametrize('line', [
    '{"ID": "2,b", "gtb', '[]', '{"ID": "2,b"}',
    '{"ID": "2,b", "gtboxes": [{"tag": "person", "fbox": [1, 2, 3]}]}',
    '{"ID": "2,b", "gtboxes": [{"tag": "person", "fbox": [1, 2, 3, NaN]}]}'
])
def test_malformed_line(tmp_path, line):
    with pytest.raises(ValueError, match='line 2: expected a JSON object'):
        make(tmp_path, [RECORDS[0], line])


def test_missing_files(tmp_path):
    with pytest.raises(ValueError, match='odgt" is empty'):
        make(tmp_path, [])
    with pytest.raises(FileNotFoundError, match='1,a.jpg" is missing'):
        make(tmp_path, RECORDS, images=())
    with pytest.raises(FileNotFoundError, match='IPMOT_DATA names the folder'):
        CrowdHumanClipDataset(
            ann_file=str(tmp_path / 'no.odgt'), image_dir=str(tmp_path))
