"""Frames to a GIF."""
import numpy as np
import pytest

from ipmot_mm.visualization.animation_file import GifWriter, open_animation
from ipmot_mm.visualization.frame_writer import VideoWriter

Image = pytest.importorskip('PIL.Image')


def test_frames_colours_and_pace(tmp_path):
    path = tmp_path / 'new' / 'a.gif'
    blue = np.zeros((8, 10, 3), np.uint8)
    blue[..., 0] = 255
    with open_animation(path, 5) as writer:
        writer.write(blue)
        writer.write(blue[..., ::-1])
    gif = Image.open(path)
    assert (gif.n_frames, gif.size, gif.info['duration']) == (2, (10, 8), 200)
    assert gif.convert('RGB').getpixel((0, 0)) == (0, 0, 255)
    gif.seek(1)
    assert gif.convert('RGB').getpixel((0, 0)) == (255, 0, 0)
    assert writer.num_frames == 2


def test_no_frame_no_file(tmp_path):
    GifWriter(tmp_path / 'a.gif').close()
    assert list(tmp_path.iterdir()) == []


def test_videos_are_left_to_the_video_writer(tmp_path):
    assert isinstance(open_animation(tmp_path / 'a.mp4'), VideoWriter)
    with pytest.raises(ValueError, match='fps must be positive, got 0'):
        open_animation(tmp_path / 'a.gif', 0)


@pytest.mark.parametrize('name', ['a', 'a.mkv'])
def test_the_message_names_what_can_be_written(name):
    """Not a folder of frames, which is nothing that moves."""
    with pytest.raises(ValueError, match='gif, .mp4, .avi, got') as error:
        open_animation(name)
    assert 'folder' not in str(error.value)
