"""Broken copies of ground truth are read exactly, or refused by line.

The parser in this file is a second opinion: plain Python, row by row.
"""
import math
import re
import struct

import numpy as np
import pytest
from fuzzing import check, junk, naive_lines, on_a_line, put

from ipmot_mm.datasets import read_ground_truth, read_mot_table

NUM_FRAMES = 9
NUMBER = re.compile(r'[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|nan|inf(inity)?)',
                    re.I | re.A)
CELLS = [
    'nan', 'inf', '-INF', '1e30', '1e400', '', ' ', '٣', '²', '1e0', '1_0',
    '0x1f', '"5"', "'5'", '-1', '0', '-0', '1.5', '9007199254740993', '+7',
    '.5', '5.', 'None', '1 2', '\0', '1;2', '\ufffd', '10', '1e9', '16777216'
]


def good_rows(random):
    rows = [(frame, instance_id, *random.uniform(-50, 900, 2).round(3),
             *random.uniform(1, 300, 2).round(2), instance_id % 3
             and 1, instance_id % 4 + 1, round(random.uniform(), 5))
            for frame in range(1, NUM_FRAMES + 1)
            for instance_id in range(1, 5)]
    return '\n'.join(','.join(map(str, row)) for row in rows) + '\n'


def change_cell(random, line):
    cells = line.split(',')
    cells[random.integers(len(cells))] = str(random.choice(CELLS))
    return ','.join(cells)


def ten_columns(line):
    return ','.join([*line.split(',')[:7], '4.5', '-5.5', '0'])


HARMLESS = dict(
    nothing=lambda random, text: text,
    windows=lambda random, text: text.replace('\n', '\r\n'),
    old_mac=lambda random, text: text.replace('\n', '\r'),
    byte_order_mark=lambda random, text: '\ufeff' + text,
    spaces=lambda random, text: text.replace(',', ' ,  '),
    blanks=lambda random, text: text.replace(',', '  '),
    tabs=lambda random, text: text.replace(',', '\t'),
    no_last_line_end=lambda random, text: text.rstrip(),
    blank_lines=lambda random, text: text.replace('\n', '\n \n\n'),
    comma_at_the_end=on_a_line(lambda random, line: f'{line},'),
    commas_at_the_end=lambda random, text: text.replace('\n', ',\n'),
    mot15=lambda random, text: '\n'.join(
        ten_columns(line) for line in text.split('\n') if line),
    shuffled=lambda random, text: '\n'.join(
        random.permutation(text.split('\n'))),
    exponents=lambda random, text: re.sub(r'\b\d{3}\.\d+', '3.14e2', text))
HARMFUL = dict(
    cut_line=on_a_line(
        lambda random, line: line[:random.integers(len(line) + 1)]),
    cut_file=lambda random, text: text[:random.integers(len(text) + 1)],
    cell=on_a_line(change_cell),
    cells=on_a_line(
        lambda random, line: change_cell(random, change_cell(random, line))),
    repeated_line=on_a_line(lambda random, line: f'{line}\n\n{line}'),
    extra_column=on_a_line(lambda random, line: f'{line},1'),
    mot15_row=on_a_line(lambda random, line: ten_columns(line)),
    other_separator=on_a_line(lambda random, line: line.replace(',', ' ')),
    semicolons=lambda random, text: text.replace(',', ';'),
    quoted=on_a_line(lambda random, line: f'"{line}"'),
    comment=on_a_line(lambda random, line: f'# {line}'),
    header=lambda random, text: f'frame,id,x,y,w,h,conf,class,vis\n{text}',
    late_frame=on_a_line(lambda random, line: f'{NUM_FRAMES + 1}{line[1:]}'),
    negative=on_a_line(lambda random, line: f'-{line}'),
    nothing_left=lambda random, text: '\n \r\n',
    character=lambda random, text: put(
        random, text, chr(random.choice([0, 9, 11, 12, 28, 133, 160, 8232]))),
    inserted_junk=lambda random, text: put(random, text, junk(random)),
    all_junk=lambda random, text: junk(random))


def naive_rows(data):
    """Line number -> numbers, and the numbers of the lines that are wrong."""
    rows, wrong, seen, width = {}, set(), set(), None
    for number, line in naive_lines(data):
        line = line[:-1] if line.endswith(',') and line != ',' else line
        if width is None:
            separator = ',' if ',' in line else None
        cells = [cell.strip() for cell in line.split(separator)]
        width = width or len(cells)
        if len(cells) != width or not 6 <= width <= 10 or not all(
                NUMBER.fullmatch(cell) for cell in cells):
            wrong.add(number)
            continue
        rows[number] = row = [float(cell) for cell in cells]
        key = row[0], row[1]
        if (not all(map(math.isfinite, row)) or key in seen or key[0] % 1
                or key[1] % 1 or key[0] < 1 or key[1] < 0
                or max(key) >= 2**53):
            wrong.add(number)
        seen.add(key)
    return rows, wrong if width else {None}


def single(number):
    return struct.unpack('f', struct.pack('f', number))[0]


def naive_annotation(row):
    """Frame, id, x1, y1, x2, y2, conf, class, visibility; None if wrong."""
    frame, instance_id, x, y, w, h = row[:6]
    conf = single(row[6]) if len(row) > 6 else 1
    label = row[7] if len(row) in (8, 9) else 1
    visibility = single(row[8]) if len(row) == 9 else 1
    box = [single(number) for number in (x, y, x + w, y + h)]
    has_area = box[2] > box[0] and box[3] > box[1]
    if frame > NUM_FRAMES or label % 1 or not (has_area or int(conf) == 0):
        return None
    return frame, instance_id, *box, conf, label, visibility


def found_rows(annotations):
    columns = [
        annotations.frame_numbers, annotations.instance_ids,
        *annotations.bboxes.T, annotations.confidences, annotations.class_ids,
        annotations.visibilities
    ]
    return [tuple(row) for row in np.stack(columns, 1).astype(float).tolist()]


def check_ground_truth(path, data):
    path.write_bytes(data)
    rows, wrong = naive_rows(data)
    outcome = check(
        path,
        lambda name: read_mot_table(name, max_columns=10).values.tolist(),
        [*rows.values()], wrong)
    wrong |= {
        number
        for number, row in rows.items()
        if number not in wrong and max(map(abs, row[2:])) >= 2**24
    }
    sound = {
        number: naive_annotation(row)
        for number, row in rows.items() if number not in wrong
    }
    wrong |= {number for number, row in sound.items() if row is None}
    expected = [] if wrong else sorted(sound.values())
    return outcome, check(
        path, lambda name: found_rows(read_ground_truth(name, NUM_FRAMES)),
        expected, wrong)


@pytest.mark.parametrize('kind', HARMLESS)
def test_harmless_ground_truth_is_read(tmp_path, kind):
    random = np.random.default_rng(len(kind))
    text = HARMLESS[kind](random, good_rows(random))
    assert check_ground_truth(tmp_path / 'gt.txt',
                              text.encode()) == ('read', 'read')


@pytest.mark.parametrize('kind', HARMFUL)
def test_broken_ground_truth(tmp_path, kind):
    random = np.random.default_rng(len(kind))
    harmless = list(HARMLESS.values())
    outcomes = []
    for _round in range(16):
        text = HARMFUL[kind](random, good_rows(random))
        for which in random.choice(len(harmless), _round % 3):
            text = harmless[which](random, text)
        encoding = 'latin-1' if 'junk' in kind else 'utf-8'
        data = text.encode(encoding, 'replace')
        outcomes += check_ground_truth(tmp_path / 'gt.txt', data)
    assert 'refused' in outcomes


def test_other_encodings_of_ground_truth(tmp_path):
    text = good_rows(np.random.default_rng(0))
    for encoding in ('utf-16', 'utf-32', 'utf-16-be'):
        assert check_ground_truth(tmp_path / 'gt.txt',
                                  text.encode(encoding)) == ('refused',
                                                             'refused')
