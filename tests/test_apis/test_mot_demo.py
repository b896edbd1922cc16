"""The demo as a user calls it."""
import json
import os
import runpy
import signal
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from stream_samples import random_tracker, stream

from ipmot_mm.models.mot import IPMOT
from ipmot_mm.testing.synthetic import write_tiny_mot
from ipmot_mm.visualization import VideoWriter

DEMO = Path(__file__).parents[2] / 'demo' / 'mot_demo.py'
FAKE = Path(__file__).parent / 'conftest.py'


@pytest.fixture
def config(tmp_path, cfg) -> str:
    """A config for this process, which knows the fake model."""
    cfg.dump(tmp_path / 'here.py')
    return str(tmp_path / 'here.py')


@pytest.fixture
def config_elsewhere(tmp_path, cfg) -> str:
    """A config which registers the fake model by itself."""
    (tmp_path / 'bright_spot.py').write_text(
        FAKE.read_text() + '\nMODELS.register_module(module='
        'BrightSpotTracker)\n')
    cfg.custom_imports = dict(imports=['bright_spot'])
    cfg.dump(tmp_path / 'cfg.py')
    return str(tmp_path / 'cfg.py')


def demo(tmp_path, *args) -> subprocess.CompletedProcess:
    root = str(DEMO.parents[1])
    return subprocess.run(
        [sys.executable, str(DEMO), *map(str, args)],
        capture_output=True,
        text=True,
        env=dict(
            PATH='',
            PYTHONPATH=f'{tmp_path}:{root}',
            # another number of threads rounds otherwise
            OMP_NUM_THREADS=str(torch.get_num_threads())))


def num_frames(path) -> int:
    capture = cv2.VideoCapture(str(path))
    return sum(capture.read()[0] for _ in range(99))


def test_folder_in_and_all_outputs(tmp_path, config_elsewhere):
    folder = write_tiny_mot(tmp_path / 'mot', num_sequences=1) / 'Tiny-01'
    out, text = tmp_path / 'out.mp4', tmp_path / 'out.txt'
    records = tmp_path / 'out.json'
    run = demo(tmp_path, folder, config_elsewhere, '--out', out,
               '--save-txt', text, '--save-json', records)
    assert run.returncode == 0, run.stderr
    assert 'weights are random' in run.stderr and '6/6' in run.stderr
    assert run.stdout.startswith(
        f'6 frames, 1 tracks; wrote {out}, {text}, {records}; ')
    assert run.stdout.endswith(' frames/s\n')
    assert num_frames(out) == 6
    rows = np.loadtxt(text, delimiter=',')
    assert rows.shape == (6, 10)
    np.testing.assert_array_equal(rows[:, 0], np.arange(1, 7))
    np.testing.assert_allclose(rows[:, 4:6], 2, atol=0.01)
    content = json.loads(records.read_text())
    assert [frame['frame'] for frame in content] == list(range(1, 7))
    assert not list(tmp_path.glob('*.resume'))


@pytest.fixture
def long_video(tmp_path):
    """40 frames of noise, and a tracker that finds and loses some there."""
    (tmp_path / 'video').mkdir()
    for number, frame in enumerate(stream(0, 40)):
        cv2.imwrite(str(tmp_path / 'video' / f'{number}.png'), frame)
    model = random_tracker()
    model.cfg.dump(tmp_path / 'tracker.py')
    torch.save(model.state_dict(), tmp_path / 'a.pth')
    return [
        tmp_path / 'video', tmp_path / 'tracker.py', '--checkpoint',
        tmp_path / 'a.pth'
    ]


def outputs(folder):
    return [
        '--out', folder / 'a.mp4', '--save-txt', folder / 'a.txt',
        '--save-json', folder / 'a.jsonl', '--save-every', '8'
    ]


def call(monkeypatch, capsys, *args):
    """Run the demo in this process; its exit code, output and last line."""
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setattr(sys, 'argv', ['demo', *map(str, args)])
    code = main()
    said = capsys.readouterr()
    return code, said.out, said.err.strip().splitlines()[-1]


DEADLY = """
import os, signal
from ipmot_mm.models.mot import IPMOT
predict = IPMOT.predict
def deadly(self, inputs, data_samples, state=None):
    if data_samples[0].video_data_samples[0].frame_id == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return predict(self, inputs, data_samples, state=state)
IPMOT.predict = deadly
"""


def test_a_killed_run_goes_on(tmp_path, long_video, monkeypatch, capsys):
    (tmp_path / 'deadly.py').write_text(DEADLY)
    (tmp_path / 'deadly_cfg.py').write_text(
        "_base_ = './tracker.py'\ncustom_imports = dict(imports=['deadly'])\n")
    ended = demo(tmp_path, long_video[0], tmp_path / 'deadly_cfg.py',
                 *long_video[2:], *outputs(tmp_path / 'broken'))
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    lines = (tmp_path / 'broken' / 'a.jsonl').read_text().splitlines()
    assert len(lines) == json.loads(lines[-1])['frame'] == 20
    check_going_on(tmp_path, long_video, 16, monkeypatch, capsys)


@pytest.mark.parametrize('kind', [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_goes_on(tmp_path, long_video, kind, monkeypatch,
                               capsys):
    predict = IPMOT.predict

    def stopping(self, inputs, data_samples, state=None):
        if data_samples[0].video_data_samples[0].frame_id == 20:
            os.kill(os.getpid(), kind)
        return predict(self, inputs, data_samples, state=state)

    with monkeypatch.context() as patch:
        patch.setattr(IPMOT, 'predict', stopping)
        code, out, line = call(monkeypatch, capsys, *long_video,
                               *outputs(tmp_path / 'broken'))
    assert code == 130 and line.endswith('is written; --resume goes on.')
    assert out.startswith('21 frames, ')
    lines = (tmp_path / 'broken' / 'a.jsonl').read_text().splitlines()
    assert num_frames(tmp_path / 'broken' / 'a.mp4') == len(lines) == 21
    check_going_on(tmp_path, long_video, 21, monkeypatch, capsys)


def check_going_on(folder, long_video, num_known, monkeypatch, capsys):
    """All files are those of a run without a break."""
    code, out, _ = call(monkeypatch, capsys, *long_video,
                        *outputs(folder / 'straight'))
    assert code == 0 and out.startswith('40 frames, ')
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setattr(sys, 'argv', list(
        map(str, ['demo', *long_video, *outputs(folder / 'broken'),
                  '--resume'])))
    assert main() == 0
    assert f'Going on after frame {num_known}.' in capsys.readouterr().err
    for name in ('a.mp4', 'a.txt', 'a.jsonl'):
        assert (folder / 'broken' / name).read_bytes() == (
            folder / 'straight' / name).read_bytes()
    assert not (folder / 'broken' / 'a.mp4.resume').exists()
    rows = np.loadtxt(folder / 'straight' / 'a.txt', delimiter=',')
    before, after = (set(rows[part, 1]) for part in (rows[:, 0] <= num_known,
                                                     rows[:, 0] > num_known))
    assert before & after and after - before and before - after


def test_bad_input_gives_one_line(tmp_path, config, monkeypatch, capsys):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    out = ['--out', tmp_path / 'a.mp4']
    cases = [
        (['none.mp4', config, *out], "input 'none.mp4' does not exist"),
        ([tmp_path, config, *out], 'holds no image'),
        (['9', config, *out, '--resume'], 'input 9 cannot be opened'),
        ([tmp_path, config, '--show'], '--show needs a display')
    ]
    for args, text in cases:
        code, _, line = call(monkeypatch, capsys, *args)
        assert code == 2
        assert line.startswith('error: ') and text in line


def test_frames_of_another_size_end_it_with_whole_files(
        tmp_path, long_video, monkeypatch, capsys):
    folder = long_video[0]
    cv2.imwrite(str(folder / '5.png'), np.zeros((32, 48, 3), np.uint8))
    code, _, line = call(monkeypatch, capsys, *long_video,
                         *outputs(tmp_path))
    assert code == 2 and 'frame 6 of' in line and 'resize the frames' in line
    assert num_frames(tmp_path / 'a.mp4') == 5
    assert np.loadtxt(tmp_path / 'a.txt', delimiter=',')[:, 0].max() == 5


@pytest.mark.parametrize('count', [3, 500, 0, 2**32 - 1])
def test_wrong_number_of_frames_in_the_header(tmp_path, config, count,
                                              monkeypatch, capsys):
    with VideoWriter(tmp_path / 'a.avi') as writer:
        for level in range(20):
            writer.write(np.full((48, 64, 3), level * 10, np.uint8))
    data = bytearray((tmp_path / 'a.avi').read_bytes())
    for place in (data.find(b'avih') + 24, data.find(b'strh') + 40):
        struct.pack_into('<I', data, place, count)
    (tmp_path / 'a.avi').write_bytes(data)
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setattr(sys, 'argv', [
        'demo', str(tmp_path / 'a.avi'), config, '--save-txt',
        str(tmp_path / 'a.txt')
    ])
    assert main() == 0
    said = capsys.readouterr()
    assert said.out.startswith('20 frames, ')
    assert '20/20' in said.err.split('\r')[-1]
    assert (f'says {count} frames, 20 could be read' in said.err) == (
        count in (3, 500))


def test_hidden_parts_and_scores(tmp_path, long_video, monkeypatch, capsys):
    long_video.extend(['--score-thr', '1.1'])
    code, out, _ = call(monkeypatch, capsys, *long_video, '--out',
                        tmp_path / 'frames')
    assert code == 0 and out.startswith('40 frames, 0 tracks; wrote ')
    long_video[-1] = '0.0'
    code, _, _ = call(monkeypatch, capsys, *long_video, '--out',
                      tmp_path / 'hidden', '--hide', 'boxes', 'ids', 'scores',
                      'trails')
    code, _, _ = call(monkeypatch, capsys, *long_video, '--out',
                      tmp_path / 'shown')
    plain, hidden, shown = (
        (tmp_path / name / '000030.jpg').read_bytes()
        for name in ('frames', 'hidden', 'shown'))
    assert plain == hidden != shown


@pytest.mark.parametrize('options, text', [
    (['--fuse-conv-bn'], 'fuse_conv_bn needs a model with a QueryDetector'),
    (['--cfg-options', 'model.widht=3'],
     'BrightSpotTracker does not take "widht", which the config gives it; did '
     'you mean "width"?')])
def test_options_are_handed_on(tmp_path, cfg, options, text, monkeypatch,
                               capsys):
    cfg.dump(tmp_path / 'cfg.py')
    folder = write_tiny_mot(tmp_path / 'mot', num_sequences=1) / 'Tiny-01'
    code, _, line = call(monkeypatch, capsys, folder, tmp_path / 'cfg.py',
                         '--save-txt', tmp_path / 'a.txt', *options)
    assert code == 2 and text in line


@pytest.mark.parametrize('options, text', [
    (['--resume', '--cfg-options', 'model.tracker.miss_tolerance=7'],
     'a run with another config'),
    (['--resume', '--look-ahead', '2'], 'a run with another look_ahead')])
def test_a_refused_resume_leaves_the_outputs(tmp_path, long_video, options,
                                             text, monkeypatch, capsys):
    image = long_video[0] / '7.png'
    whole = image.read_bytes()
    image.write_bytes(b'broken')
    args = [*long_video, *outputs(tmp_path)]
    assert call(monkeypatch, capsys, *args)[0] == 2
    image.write_bytes(whole)
    names = ('a.mp4', 'a.txt', 'a.jsonl')
    before = [(tmp_path / name).read_bytes() for name in names]
    assert all(before)
    code, _, line = call(monkeypatch, capsys, *args, *options)
    assert code == 2 and text in line
    assert [(tmp_path / name).read_bytes() for name in names] == before


def test_the_input_is_not_written_over(tmp_path, config, monkeypatch, capsys):
    folder = write_tiny_mot(tmp_path / 'mot', num_sequences=1) / 'Tiny-01'
    video = tmp_path / 'a.avi'
    with VideoWriter(video) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    image = tmp_path / 'image' / '000001.jpg'
    image.parent.mkdir()
    image.write_bytes(next((folder / 'img1').glob('*.jpg')).read_bytes())
    cases = [(folder, folder / 'img1'), (folder / 'img1', folder / 'img1'),
             (image, image.parent), (video, tmp_path / 'mot' / '..' / 'a.avi')]
    files = [path for path in tmp_path.rglob('*') if path.is_file()]
    before = [path.read_bytes() for path in files]
    for source, out in cases:
        code, _, line = call(monkeypatch, capsys, source, config, '--out', out)
        assert code == 2 and 'would write over the input' in line
    assert [path.read_bytes() for path in files] == before
    # frames beside a video harm nothing
    assert call(monkeypatch, capsys, video, config, '--out', tmp_path)[0] == 0
    assert (tmp_path / '000001.jpg').is_file()
