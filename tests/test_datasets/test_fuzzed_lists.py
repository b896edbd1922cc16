"""Broken copies of seqinfo.ini, seqmaps and CrowdHuman's annotations.

They are read exactly, or refused with the file and, for text rows, the line.
"""
import json
import re

import numpy as np
import pytest
from fuzzing import check, junk, naive_lines, on_a_line, put

from ipmot_mm.datasets import CrowdHumanClipDataset
from ipmot_mm.datasets.sequence import read_seqmap, read_sequence

BREAKS = dict(
    cut_line=on_a_line(
        lambda random, line: line[:random.integers(len(line) + 1)]),
    cut_file=lambda random, text: text[:random.integers(len(text) + 1)],
    repeated_line=on_a_line(lambda random, line: f'{line}\n\n{line}'),
    spaces=on_a_line(lambda random, line: f'  {line} '),
    quoted=on_a_line(lambda random, line: f'"{line}"'),
    comment=on_a_line(lambda random, line: f'# {line}'),
    windows=lambda random, text: text.replace('\n', '\r\n'),
    byte_order_mark=lambda random, text: '\ufeff' + text,
    nothing_left=lambda random, text: '\n \r\n',
    character=lambda random, text: put(
        random, text,
        str(random.choice(list('\0\t\x0b\x1c\x85\u2028=:[]{};,"')))),
    inserted_junk=lambda random, text: put(random, text, junk(random)),
    all_junk=lambda random, text: junk(random))
LENGTHS = [
    '0', '-5', '5.0', '5e0', '1e30', '9' * 30, '9' * 5000, 'nan', '٣', '',
    '1_0', '+5', '05', '5 ', ' 5', '4', '6', '0x5', '5;', '5,'
]
NUMBERS = [
    'NaN', 'Infinity', '1e400', '1e30', '"1"', 'null', 'true', '[1]', '1e2',
    '-0.5', '9' * 400, '9' * 5000, '16777216', '1.', '01', ''
]
SEQINFO = ('[Sequence]\nname=A\nimDir=img1\nframeRate=25\nseqLength=5\n'
           'imWidth=64\nimHeight=48\nimExt=.jpg\n')


def broken(kind, text, seed, token):
    """Sixteen broken copies, as bytes; ``token`` may change a value too."""
    random = np.random.default_rng(seed)
    for round_ in range(16):
        changed = BREAKS[kind](random, text)
        changed = token(random, changed) if round_ % 2 else changed
        yield changed.encode('latin-1' if 'junk' in kind else 'utf-8',
                             'replace')


def naive_length(data):
    """The one line of seqLength; None where that is not so plain."""
    found = [
        re.fullmatch(r'seqlength\s*[=:]\s*([0-9]+)', line, re.I)
        for _number, line in naive_lines(data)
    ]
    found = [match[1] for match in found if match]
    return int(found[0]) if len(found) == 1 and len(found[0]) < 99 else None


@pytest.mark.parametrize('kind', BREAKS)
def test_broken_seqinfo(tmp_path, kind):
    (tmp_path / 'img1').mkdir()
    names = [f'{number:06d}.jpg' for number in range(1, 6)]
    for name in names:
        (tmp_path / 'img1' / name).touch()
    for data in broken(
            kind, SEQINFO, 1, lambda random, text: text.replace(
                'Length=5', 'Length=' + LENGTHS[random.integers(20)])):
        (tmp_path / 'seqinfo.ini').write_bytes(data)
        try:
            sequence = read_sequence(str(tmp_path), with_gt=False)
        except (ValueError, FileNotFoundError) as error:
            assert type(error) in (ValueError, FileNotFoundError)
            assert str(tmp_path) in str(error) and 'seqinfo.ini' in str(error)
        else:
            length = naive_length(data)
            assert list(sequence.image_names) == names[:length]
            assert length is not None


@pytest.mark.parametrize('kind', BREAKS)
def test_broken_seqmap(tmp_path, kind):
    path = tmp_path / 'seqmap.txt'
    for data in broken(kind, 'name\nMOT17-02\nMOT17-04\nMOT17-09\n', 2,
                       lambda random, text: text.replace('name\n', '')):
        path.write_bytes(data)
        rows = naive_lines(data)
        rows = rows[bool(rows) and rows[0][1] == 'name':]
        names = [name for _number, name in rows]
        wrong = {
            number
            for k, (number, name) in enumerate(rows) if name in names[:k]
        }
        check(path, lambda name: [*read_seqmap(name).items()],
              [(name, number) for number, name in rows],
              wrong if rows else {None})


def good_odgt():
    random = np.random.default_rng(3)
    boxes = [[
        dict(
            tag='person',
            fbox=random.integers(-9, 99, 4).tolist(),
            extra=dict(box_id=k, occ=1, ignore=k % 3 // 2)) for k in range(4)
    ] + [dict(tag='mask', fbox=[0, 0, 9, 9])] for _image in range(4)]
    return ''.join(
        json.dumps(dict(ID=f'2732{k},1a', gtboxes=each)) + '\n'
        for k, each in enumerate(boxes))


def naive_boxes(line):
    """ID and boxes xyxy that are trained on; None where the line is wrong."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    boxes = record.get('gtboxes') if isinstance(record, dict) else None
    if not isinstance(boxes, list) or not isinstance(record.get('ID'), str):
        return None
    kept = []
    for box in boxes:
        extra = box.get('extra', {}) if isinstance(box, dict) else None
        if not isinstance(extra, dict) or box.get('tag') not in (
                'person', 'mask') or extra.get('ignore', 0) not in (0, 1):
            return None
        if box['tag'] == 'mask' or extra.get('ignore', 0):
            continue
        numbers = box.get('fbox')
        if not isinstance(numbers, list) or len(numbers) != 4 or any(
                type(number) not in (int, float) for number in numbers):
            return None
        if not all(abs(number) < 2**24 for number in numbers):
            return None
        x, y, w, h = map(float, numbers)
        box = np.float32([x, y, x + w, y + h]).tolist()
        if box[2] > box[0] and box[3] > box[1]:
            kept.append(box)
    return record['ID'], kept


def read_odgt(path, image_dir):
    dataset = CrowdHumanClipDataset(ann_file=path, image_dir=image_dir)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [(info['video_name'][0], info['gt_bboxes'][0].tolist())
            for info in infos]


def change_number(random, text):
    places = [*re.finditer(r'-?\d+', text)] or [re.match('', text)]
    place = places[random.integers(len(places))]
    return (text[:place.start()] + NUMBERS[random.integers(len(NUMBERS))] +
            text[place.end():])


@pytest.mark.parametrize('kind', BREAKS)
def test_broken_crowdhuman(tmp_path, kind):
    path, images = tmp_path / 'annotation.odgt', tmp_path / 'Images'
    images.mkdir()
    names = {f'2732{k},1a' for k in range(4)}
    for name in names:
        (images / f'{name}.jpg').touch()
    for data in broken(kind, good_odgt(), 4, change_number):
        path.write_bytes(data)
        expected, wrong, seen = [], set(), set()
        lines = naive_lines(data)
        for number, line in lines:
            boxes = naive_boxes(line)
            if boxes is None or boxes[0] not in names - seen:
                wrong.add(number)
                continue
            seen.add(boxes[0])
            expected.append(boxes)
        check(path, lambda name: read_odgt(name, str(images)), expected,
              wrong if lines else {None})
