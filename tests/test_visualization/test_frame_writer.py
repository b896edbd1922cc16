"""Videos that play, however the writing ended."""
import subprocess
import sys

import cv2
import numpy as np
import pytest

from ipmot_mm.visualization import (FolderWriter, VideoWriter, frame_writer,
                                    open_writer)


def grey(level: int, size=(64, 48)) -> np.ndarray:
    """A plain frame of a size (width, height)."""
    return np.full((size[1], size[0], 3), level, np.uint8)


def levels(path) -> list:
    """Mean grey level of each frame of a video."""
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        more, frame = capture.read()
        if not more:
            return found
        found.append(frame.mean())


@pytest.mark.parametrize('name', ['a/b.mp4', 'b.avi'])
def test_frames_come_back_in_order(tmp_path, name):
    with VideoWriter(tmp_path / name, fps=5) as writer:
        for level in (10, 120, 240):
            writer.write(grey(level))
    assert writer.num_frames == 3
    np.testing.assert_allclose(levels(writer.path), (10, 120, 240), atol=8)


def test_odd_sizes_can_be_written(tmp_path):
    with VideoWriter(tmp_path / 'odd.mp4') as writer:
        writer.write(grey(100, (63, 47)))
    assert len(levels(writer.path)) == 1


def test_video_plays_after_an_error_and_after_being_dropped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with VideoWriter(tmp_path / 'a.mp4') as writer:
            writer.write(grey(50))
            raise KeyboardInterrupt
    assert len(levels(tmp_path / 'a.mp4')) == 1
    dropped = VideoWriter(tmp_path / 'b.mp4')
    dropped.write(grey(50))
    del dropped
    assert len(levels(tmp_path / 'b.mp4')) == 1


def test_video_plays_when_the_process_dies_of_an_error(tmp_path):
    code = ('import sys, numpy as np\n'
            'from ipmot_mm.visualization import VideoWriter\n'
            'writer = VideoWriter(sys.argv[1])\n'
            'writer.write(np.zeros((48, 64, 3), np.uint8))\n'
            'raise RuntimeError("model failed")\n')
    path = tmp_path / 'c.mp4'
    run = subprocess.run([sys.executable, '-c', code, str(path)],
                         capture_output=True, text=True)
    assert 'model failed' in run.stderr
    assert len(levels(path)) == 1


def test_falls_back_to_avi(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_writer, 'FALLBACKS',
                        (('.mp4', 'none'), ('.avi', 'MJPG')))
    with VideoWriter(tmp_path / 'a.mp4') as writer:
        writer.write(grey(50))
    assert writer.path.name == 'a.avi' and len(levels(writer.path)) == 1


def test_wrong_use_is_named(tmp_path):
    with pytest.raises(ValueError, match="one of .*mp4.*got '.*a.gif'"):
        VideoWriter(tmp_path / 'a.gif')
    with pytest.raises(ValueError, match='fps must be positive, got 0'):
        VideoWriter(tmp_path / 'a.mp4', fps=0)
    with VideoWriter(tmp_path / 'a.mp4') as writer:
        writer.write(grey(1))
        with pytest.raises(ValueError, match=r'frame 1 .* is \(32, 48\)'):
            writer.write(grey(1, (32, 48)))
    with pytest.raises(ValueError, match='is closed; use a new VideoWriter'):
        writer.write(grey(1))


def test_folder_writer_and_choice_by_suffix(tmp_path):
    with open_writer(tmp_path / 'frames') as writer:
        assert isinstance(writer, FolderWriter)
        writer.write(grey(7))
        writer.write(grey(9))
    names = sorted(path.name for path in (tmp_path / 'frames').iterdir())
    assert names == ['000001.jpg', '000002.jpg']
    assert isinstance(open_writer(tmp_path / 'a.mp4'), VideoWriter)
