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


def test_what_is_left_out_is_logged(tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr('ipmot_mm.datasets.contents_log.print_log',
                        lambda message, **kwargs: messages.append(message))
    make(tmp_path, RECORDS)
    make(tmp_path, [dict(ID='3,c', gtboxes=[person(1, 2, 3, 4)])])
    path = tmp_path / 'annotation_val.odgt'
    assert messages == [
        f'"{path}": 2 images, 2 objects of 2 identities; left out: 1 ignored '
        'persons, 1 masks, 1 boxes without area.',
        f'"{path}": 1 images, 1 objects of 1 identities.'
    ]


def test_extra_may_be_absent_and_windows_lines(tmp_path):
    box = dict(tag='person', fbox=[1, 2, 3, 4])
    records = [dict(ID='1,a', gtboxes=[box])]
    make(tmp_path, records)
    path = tmp_path / 'annotation_val.odgt'
    path.write_bytes(f'\ufeff{json.dumps(records[0])}\r\n\r\n'.encode())
    dataset = CrowdHumanClipDataset(
        ann_file=str(path), image_dir=str(tmp_path / 'Images'))
    assert dataset.get_data_info(0)['gt_bboxes'][0].tolist() == [[1, 2, 4, 6]]


def one_box(**changes):
    box = {**person(1, 2, 3, 4), **changes}
    return json.dumps(dict(ID='1,a', gtboxes=[box]))


@pytest.mark.parametrize('line', [
    '{"ID": "2,b", "gtb', '[]', '{"ID": "2,b"}', '{"gtboxes": []}',
    '{"ID": 2, "gtboxes": []}', '{"ID": "2,b", "gtboxes": {}}',
    '{"ID": "2,b", "gtboxes": [[]]}', '[' * 10**5, 'null', '\ufffd',
    one_box(fbox=[1, 2, 3]),
    one_box(fbox=[1, 2, 3, 4, 5]),
    json.dumps(dict(ID='2,b', gtboxes=4 * [dict(tag='person', fbox=[1] * 5)])),
    one_box(fbox=[1, 2, 3, float('nan')]),
    one_box(fbox=[1, 2, 3, float('inf')]),
    one_box(fbox=[1, 2, 3, 10**400]),
    one_box(fbox=[1, 2, 3, '4']),
    one_box(fbox=[1, 2, 3, True]),
    one_box(fbox=None),
    one_box(tag='rider'),
    one_box(extra=None),
    one_box(extra=dict(ignore='1'))
])
def test_malformed_line(tmp_path, line):
    with pytest.raises(ValueError, match='line 2: expected a JSON object'):
        make(tmp_path, [RECORDS[0], line])


def test_image_that_comes_twice(tmp_path):
    with pytest.raises(
            ValueError,
            match=r"odgt\", line 3: the ID '1,a' occurs a second time \(first "
            r'in line 1\)'):
        make(tmp_path, RECORDS + RECORDS)


def test_missing_files(tmp_path):
    with pytest.raises(ValueError, match='odgt" is empty'):
        make(tmp_path, [])
    with pytest.raises(FileNotFoundError, match='1,a.jpg" is missing'):
        make(tmp_path, RECORDS, images=())
    with pytest.raises(FileNotFoundError, match='IPMOT_DATA names the folder'):
        CrowdHumanClipDataset(
            ann_file=str(tmp_path / 'no.odgt'), image_dir=str(tmp_path))
