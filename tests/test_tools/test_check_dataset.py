"""The check as a user calls it: folders, configs, exit codes, the page."""
import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROWS = ''.join(f'{n},{i},{20 * i + n},5,10,30,1,1,1\n'
               for n in range(1, 5) for i in (0, 1))
ROOT = Path(__file__).resolve().parents[2]
TOOL = 'analysis_tools/check_dataset.py'


@pytest.fixture
def data(write_sequence, tmp_path):
    """Two good sequences of two persons in data/train."""
    for name in 'ab':
        write_sequence(tmp_path / 'data/train', name, 4, ROWS)
    return tmp_path / 'data'


def test_a_good_folder_and_its_page(call, data, tmp_path):
    out = tmp_path / 'out'
    code, text, err = call(data, '--out-dir', out, '--num-clips', '3',
                           '--num-frames', '2', '--num-queries', '2')
    assert code == 0, err
    total, = [line.split() for line in text.splitlines() if 'total' in line]
    assert total[:5] == ['total', '(2)', '8', '16', '4']
    assert 'warning: objects per frame (2)' in text
    report = json.loads((out / 'report.json').read_text())
    assert (report['num_errors'], report['num_warnings']) == (0, 2)
    page = (out / 'page.html').read_text()
    pictures = sorted(path.name for path in (out / 'clips').iterdir())
    assert pictures == ['clip_00.jpg', 'clip_01.jpg', 'clip_02.jpg']
    for name in pictures:
        assert f'src="clips/{name}"' in page
        assert cv2.imread(str(out / 'clips' / name)) is not None
    assert '<script' not in page


def test_only_the_sequences_asked_for(call, data, write_sequence, tmp_path):
    write_sequence(data / 'train', 'b2', 4, ROWS)
    code, text, err = call(data, '--sequences', 'b*')
    assert code == 0, err
    assert 'total (2)' in text and '\na ' not in text
    (tmp_path / 'config.py').write_text('model = None')
    code, _text, err = call(tmp_path / 'config.py', '--sequences', 'b*')
    assert code == 2 and 'error: --sequences is for a folder' in err


def test_everything_that_is_wrong_is_found_in_one_run(
        call, data, write_sequence, tmp_path):
    a, b = data / 'train/a', data / 'train/b'
    write_sequence(data / 'train', 'c', 4, ROWS)
    (a / 'img1/000002.jpg').write_bytes(
        (a / 'img1/000002.jpg').read_bytes()[:-30])
    (a / 'img1/000003.jpg').unlink()
    with open(b / 'gt/gt.txt', 'a') as file:
        file.write('1,x,1,1,1,1,1,1,1\n1,0,1,1,5,5,1,1,1\n'
                   '2,9,500,1,5,5,1,1,1\n')
    (data / 'train/c/seqinfo.ini').write_text('nothing')
    code, text, err = call(data, '--out-dir', tmp_path / 'out', '--num-clips',
                           '2', '--num-frames', '1')
    assert code == 1, err
    for kind in ('broken images (1)', 'missing frames (1)', 'bad rows (1)',
                 'frames without files (1)', 'id clashes (1)',
                 'boxes outside of the image (1)', 'seqinfo.ini (1)'):
        assert f'ERROR: {kind}' in text, kind
    assert 'gt.txt, line 9' in text and 'lines 1 and 10' in text
    page = (tmp_path / 'out/page.html').read_text()
    assert 'error: id clashes (1)' in page and 'is not drawn' in page


def test_annotations_are_needed_but_for_a_test_set(call, data):
    for name in 'ab':
        (data / f'train/{name}/gt/gt.txt').unlink()
    for split, expected in (('train', 1), ('val', 1), ('test', 0)):
        code, text, err = call(data / 'train', '--split', split)
        assert code == expected, err
        assert ('ERROR: missing annotations (2)' in text) == (code == 1)
    code, _text, err = call(data, '--split', 'val')
    assert code == 2 and 'there is train: choose one with --split' in err


def test_a_config_tells_parts_queries_and_track_book(call, data, tmp_path):
    config = tmp_path / 'config.py'
    pipeline = '[dict(type="LoadClipImages"), dict(type="PackClipInputs")]'
    config.write_text(
        'model = dict(detector=dict(num_queries=77), track_book=dict('
        'num_context_tokens=3, clip=dict(model_cfg=dict('
        'text_cfg=dict(width=10)))))\n'
        'val_dataloader = dict(dataset=dict(type="MOTClipDataset", '
        f'data_root={str(data / "train")!r}, dataset_name="x", '
        f'sequences=["b"], pipeline={pipeline}))\n')
    out = tmp_path / 'out'
    code, text, err = call(config, '--split', 'val', '--out-dir', out,
                           '--num-clips', '1', '--num-frames', '2',
                           '--cfg-options', 'val_dataloader.dataset.half=val')
    assert code == 0, err
    report = json.loads((out / 'report.json').read_text())
    assert [video['name'] for video in report['videos']] == ['b']
    assert report['total']['num_frames'] == 1
    assert report['num_queries'] == 77
    assert report['track_book']['num_bytes'] == 2 * 3 * 10 * 4 * 3


def test_commands_that_are_wrong_get_one_line(call, data, tmp_path):
    (tmp_path / 'config.py').write_text('model = None')
    for args, text in (((tmp_path / 'none', ), 'does not exist'),
                       ((tmp_path / 'config.py', ), 'no train_dataloader'),
                       ((data / 'train/a/gt', ), 'No sequence in'),
                       ((data, '--sequences', 'x*'), 'No sequence in'),
                       ((data, '--num-frames', '0'), 'expected 1 or more'),
                       ((data, '--num-clips', '-1'), 'expected 1 or more')):
        code, _out, err = call(*args)
        assert code == 2 and text in err and 'Traceback' not in err, err


def test_exit_code_of_the_process(tmp_path):
    done = subprocess.run([
        sys.executable,
        str(ROOT / 'tools' / TOOL),
        str(tmp_path / 'none')
    ],
                          capture_output=True,
                          text=True,
                          check=False)
    assert done.returncode == 2 and done.stderr.startswith('error: ')
