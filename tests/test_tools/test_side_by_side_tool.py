"""The command that shows trackers side by side."""
import shutil

import cv2
import pytest
from small_tracker import CHECKPOINT, CONFIG, write_street

TOOL = 'visualizations/side_by_side.py'


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    return write_street(tmp_path_factory.mktemp('street'), 6)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / 'results'
    folder.mkdir()
    (folder / 'Street-06.txt').write_text('1,1,10,20,20,40,0.9,-1,-1,-1\n')
    return folder


def test_a_video_of_two_domains(call, street, results, tmp_path):
    out = tmp_path / 'a.mp4'
    code, said, _ = call(
        street, street, '--ground-truth', '--results', 'A', results,
        '--model', 'B', CONFIG, CHECKPOINT, '--out', out, '--width', 200,
        '--num-frames', 4, '--benchmark', 'custom')
    assert code == 0
    assert '3 panels of 2 videos, 4 frames; written: ' in said
    path = said.split('written: ')[1].strip()
    video, count = cv2.VideoCapture(path), 0
    while True:
        more, frame = video.read()
        if not more:
            break
        assert frame.shape[1] >= 3 * 200
        count += 1
    assert count == 4


def test_a_picture_of_chosen_frames(call, street, results, tmp_path):
    out = tmp_path / 'a.png'
    code, *_ = call(street, '--results', 'A', results, '--frames', 1, 3, 6,
                    '--out', out, '--width', 100)
    assert code == 0
    assert cv2.imread(str(out)).shape[1] == 3 * 100 + 2 * 6


def test_a_gif(call, street, results, tmp_path):
    pytest.importorskip('PIL')
    code, *_ = call(street, '--results', 'A', results, '--num-frames', 2,
                    '--out', tmp_path / 'a.gif', '--width', 100)
    assert code == 0 and (tmp_path / 'a.gif').read_bytes()[:3] == b'GIF'


def test_two_videos_of_one_name_have_no_results_of_their_own(
        call, street, results, tmp_path):
    other = tmp_path / 'other' / street.name
    shutil.copytree(street, other)
    out = ['--num-frames', 1, '--out', tmp_path / 'a.png']
    code, _, error = call(street, other, '--results', 'A', results, *out)
    assert code == 2 and 'two videos are called Street-06' in error
    assert call(street, other, '--ground-truth', *out)[0] == 0


def test_a_tracker_without_a_title(call, street, results, tmp_path):
    video = tmp_path / street.name
    shutil.copytree(street, video, ignore=shutil.ignore_patterns('gt'))
    code, *_ = call(video, '--results', '', results, '--num-frames', 1,
                    '--out', tmp_path / 'a.png')
    assert code == 0


@pytest.mark.parametrize('options, text', [
    ([], 'nothing to show: give --results'),
    (['--ground-truth', '--frames', '9'], '9 does not exist, there are 6'),
    (['--ground-truth', '--frames', '2', '--out', 'a.mp4'],
     '--frames chooses frames of a picture'),
    (['--ground-truth', '--out', 'a.mkv'], 'ends in one of .gif, .mp4')])
def test_mistakes_are_one_line(call, street, tmp_path, options, text):
    code, _, error = call(street, '--out', tmp_path / 'a.png', *options)
    assert code == 2 and text in error and error.count('\n') == 1
