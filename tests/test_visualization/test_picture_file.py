"""One picture to a file."""
import cv2
import numpy as np
import pytest

from ipmot_mm.visualization.picture_file import write_picture


def test_red_is_first(tmp_path):
    image = np.zeros((4, 5, 3), np.uint8)
    image[..., 0] = 200
    write_picture(tmp_path / 'new' / 'a.png', image)
    read = cv2.imread(str(tmp_path / 'new' / 'a.png'))
    np.testing.assert_array_equal(read[..., ::-1], image)


@pytest.mark.parametrize('name', ['a.txt', 'a', 'a.mp4'])
def test_other_formats(tmp_path, name):
    with pytest.raises(ValueError, match='cannot be written as a picture'):
        write_picture(tmp_path / name, np.zeros((4, 5, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
