"""Inputs of all kinds, whole and broken."""
import itertools
import struct

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


def write_levels(path, num_frames=20, size=(64, 48)):
    """Of plain frames, so that they are told apart by their level."""
    with VideoWriter(path, fps=10) as writer:
        for number in range(num_frames):
            writer.write(np.full((size[1], size[0], 3), number * 10, np.uint8))
    return bytearray(path.read_bytes())


@pytest.mark.parametrize('count, hint', [
    (3, 3), (5000, 5000), (0, None), (2**32 - 1, None)])
def test_number_of_frames_in_the_header_is_not_trusted(tmp_path, count, hint):
    data = write_levels(tmp_path / 'a.avi')
    # dwTotalFrames of the file, dwLength of its stream (RIFF AVI)
    for place in (data.find(b'avih') + 24, data.find(b'strh') + 40):
        assert struct.unpack_from('<I', data, place) == (20, )
        struct.pack_into('<I', data, place, count)
    (tmp_path / 'a.avi').write_bytes(data)
    source = FrameSource(tmp_path / 'a.avi')
    assert source.num_frames_hint == hint
    levels = [frame.mean() for frame in source]
    np.testing.assert_allclose(levels, np.arange(20) * 10, atol=8)


def test_rate_in_the_header_is_not_trusted(video, monkeypatch):
    class Liar:
        """Not a subclass: the garbage collector crashes on one of cv2's."""

        def __init__(self, path):
            self.honest = honest(path)

        def __getattr__(self, name):
            return getattr(self.honest, name)

        def get(self, prop):
            return {
                cv2.CAP_PROP_FRAME_COUNT: -1.0,
                cv2.CAP_PROP_FPS: float('nan')
            }[prop]

    honest = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', Liar)
    source = FrameSource(video)
    assert source.num_frames_hint is None
    assert source.fps == 25 and len(list(source)) == 7


def test_what_is_left_of_a_truncated_file_is_read(tmp_path):
    data = write_levels(tmp_path / 'a.avi')
    half = (data.find(b'movi') + data.find(b'idx1')) // 2
    (tmp_path / 'a.avi').write_bytes(data[:half])
    source = FrameSource(tmp_path / 'a.avi')
    assert source.num_frames_hint == 20 and 5 < len(list(source)) < 15
    data = write_levels(tmp_path / 'a.mp4')
    (tmp_path / 'a.mp4').write_bytes(data[:len(data) // 2])
    with pytest.raises(ValueError, match="a.mp4' cannot be opened .*complete"):
        FrameSource(tmp_path / 'a.mp4')


def test_frames_that_do_not_decode_are_left_out(tmp_path, monkeypatch):
    """As OpenCV tells it: a read fails, the next one need not."""

    class Damaged:
        frames = [False] * 2 + [1, 2] + [False] * 400 + [3]

        def __init__(self, path):
            self.left = list(self.frames)

        def read(self):
            level = self.left.pop(0) if self.left else False
            return bool(level), np.full((4, 6, 3), level, np.uint8)

        def isOpened(self):  # noqa: N802
            return True

        def get(self, prop):
            return 405

        def release(self):
            pass

    (tmp_path / 'a.mp4').touch()
    monkeypatch.setattr(cv2, 'VideoCapture', Damaged)
    levels = [frame[0, 0, 0] for frame in FrameSource(tmp_path / 'a.mp4')]
    assert levels == [1, 2, 3]
    monkeypatch.setattr(Damaged, 'frames', [])
    with pytest.raises(ValueError, match='opens as a video but holds no fram'):
        FrameSource(tmp_path / 'a.mp4')


def test_rotated_video_is_turned(tmp_path):
    data = write_levels(tmp_path / 'a.mp4')
    assert next(iter(FrameSource(tmp_path / 'a.mp4'))).shape == (48, 64, 3)
    # the matrix of the track header (ISO 14496-12, 8.3.2), a quarter turn
    place = data.find(b'tkhd') + 44
    assert struct.unpack_from('>9i', data, place)[::4] == (
        65536, 65536, 2**30)
    struct.pack_into('>9i', data, place, 0, 65536, 0, -65536, 0, 0, 48 * 65536,
                     0, 2**30)
    (tmp_path / 'a.mp4').write_bytes(data)
    assert next(iter(FrameSource(tmp_path / 'a.mp4'))).shape == (64, 48, 3)


def test_grey_and_transparent_images_become_bgr(tmp_path):
    grey = np.full((8, 9), 77, np.uint8)
    cv2.imwrite(str(tmp_path / '1.png'), grey)
    cv2.imwrite(str(tmp_path / '2.png'), np.dstack([grey] * 3 + [grey // 2]))
    cv2.imwrite(str(tmp_path / '3.png'), grey.astype(np.uint16) * 256)
    for frame in FrameSource(tmp_path):
        assert frame.shape == (8, 9, 3) and frame.dtype == np.uint8
        assert (frame == 77).all()
    assert len(list(FrameSource(tmp_path / '2.png'))) == 1


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
