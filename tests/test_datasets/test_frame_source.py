"""Inputs of all kinds, whole and broken."""
import itertools

import cv2
import numpy as np
import pytest

from ipmot_mm.datasets.frame_source import FrameSource
from ipmot_mm.testing.synthetic import tiny_sequence, write_tiny_mot
from ipmot_mm.visualization import VideoWriter


@pytest.fixture
def video(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', fps=12) as writer:
        for frame in tiny_sequence(num_frames=7).frames:
            writer.write(frame)
    return writer.path


def test_video_is_read_to_its_end_twice(video):
    source = FrameSource(video)
    assert source.fps == pytest.approx(12)
    assert source.num_frames_hint == 7
    for _ in range(2):
        frames = list(source)
        assert len(frames) == 7 and frames[0].shape == (64, 96, 3)


def test_header_is_not_trusted(video, monkeypatch):
    class Liar:
        """Not a subclass: the garbage collector crashes on one of cv2's."""

        def __init__(self, path):
            self.honest = honest(path)

        def __getattr__(self, name):
            return getattr(self.honest, name)

        def get(self, prop):
            return {
                cv2.CAP_PROP_FRAME_COUNT: 3.0,
                cv2.CAP_PROP_FPS: float('nan')
            }[prop]

    honest = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', Liar)
    source = FrameSource(video)
    assert source.fps == 25 and len(list(source)) == 7


def test_folder_is_sorted_by_number_and_sequence_folder_works(tmp_path):
    for number in (10, 2, 1):
        cv2.imwrite(
            str(tmp_path / f'f{number}.png'),
            np.full((8, 8, 3), number, np.uint8))
    (tmp_path / 'notes.txt').write_text('no image')
    assert [f[0, 0, 0] for f in FrameSource(tmp_path)] == [1, 2, 10]
    root = write_tiny_mot(tmp_path / 'mot', num_sequences=1)
    assert len(list(FrameSource(root / 'Tiny-01'))) == 6


def test_broken_inputs_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="'none.mp4' does not exist"):
        FrameSource('none.mp4')
    with pytest.raises(ValueError, match='holds no image'):
        FrameSource(tmp_path)
    text = tmp_path / 'a.mp4'
    text.write_text('no video')
    with pytest.raises(ValueError, match='a.mp4.* (cannot be opened|opens)'):
        FrameSource(text)
    with pytest.raises(ValueError) as caught:
        FrameSource(text)
    assert str(text) in str(caught.value)
    assert 'Path(' not in str(caught.value)
    text.unlink()
    for number, side in ((1, 8), (2, 9)):
        cv2.imwrite(
            str(tmp_path / f'{number}.png'), np.zeros((side, 8, 3), np.uint8))
    with pytest.raises(ValueError, match=r'frame 2 .*\(9, 8, 3\)'):
        list(FrameSource(tmp_path))


def test_real_videos_are_read(shared_data):
    night = FrameSource(shared_data / 'videos' / 'mmtracking_demo.mp4')
    frames = list(night)
    assert len(frames) == 8 and frames[0].shape == (1080, 1920, 3)
    indoor = FrameSource(
        shared_data / 'videos' / 'one-by-one-person-detection.mp4')
    first = list(itertools.islice(indoor, 3))
    assert first[0].shape == (432, 768, 3) and first[0].std() > 5
