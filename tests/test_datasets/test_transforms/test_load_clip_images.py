import cv2
import numpy as np
import pytest

from ipmot_mm.datasets.unreadable_images import UnreadableImageError
from ipmot_mm.registry import TRANSFORMS


def load(*paths):
    return TRANSFORMS.build(dict(type='LoadClipImages'))(
        dict(img_path=[str(path) for path in paths]))


def test_reads_bgr_once_for_each_file(tmp_path):
    img = np.zeros((6, 9, 3), np.uint8)
    img[..., 0] = 200  # blue
    path = tmp_path / 'ü 1.png'
    path.write_bytes(cv2.imencode('.png', img)[1].tobytes())
    clip = load(path, path)
    np.testing.assert_array_equal(clip['img'][0], img)
    assert clip['img'][0] is clip['img'][1]
    assert clip['ori_shape'] == clip['img_shape'] == [(6, 9)] * 2
    assert clip['scale_factor'] == [(1.0, 1.0)] * 2


def test_images_that_do_not_decode_are_named(tmp_path):
    noise = np.random.default_rng(0).integers(
        0, 255, (40, 40, 3), dtype=np.uint8)
    data = cv2.imencode('.jpg', noise)[1].tobytes()
    for name, content, message in (('empty.jpg', b'',
                                    r'empty.jpg" \(0 bytes\) does not decode'),
                                   ('text.jpg', b'no image',
                                    r'text.jpg" .* does not decode'),
                                   ('cut.jpg', data[:len(data) // 2],
                                    'cut.jpg" .* the JPEG is cut')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=message):
            load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match='gone.jpg" is missing'):
        load(tmp_path / 'gone.jpg')
    (tmp_path / 'folder.jpg').mkdir()
    with pytest.raises(UnreadableImageError,
                       match=r'folder.jpg" cannot be read \(Is a directory'):
        load(tmp_path / 'folder.jpg')


@pytest.mark.parametrize('quality', [30, 95])
def test_the_end_of_a_thumbnail_is_not_that_of_the_image(tmp_path, quality):
    noise = np.random.default_rng(0).integers(
        0, 255, (40, 40, 3), dtype=np.uint8)
    small, data = (
        cv2.imencode('.jpg', each,
                     (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()
        for each in (noise[:8, :8], noise))
    size = (len(small) + 2).to_bytes(2, 'big')
    # two bytes of padding before the marker, and what a camera may append
    data = data[:2] + b'\xff\xff\xff\xe1' + size + small + data[2:]
    path = tmp_path / 'camera.jpg'
    path.write_bytes(data + b'appended')
    assert load(path)['ori_shape'] == [(40, 40)]
    for end in (len(data) - 2, len(data) - 200, len(small) + 12):
        path.write_bytes(data[:end])
        with pytest.raises(UnreadableImageError, match='the JPEG is cut'):
            load(path)


def test_more_pixels_than_the_decoder_takes(tmp_path, monkeypatch):
    def refuse(*args):
        raise cv2.error('size.width * size.height <= 1 << 30')

    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((6, 9, 3), np.uint8))
    monkeypatch.setattr(cv2, 'imdecode', refuse)
    with pytest.raises(UnreadableImageError, match='a.png" .* not decode'):
        load(tmp_path / 'a.png')


def test_sizes_in_a_clip_must_agree(tmp_path):
    for name, width in (('a.png', 9), ('b.png', 8)):
        cv2.imwrite(str(tmp_path / name), np.zeros((6, width, 3), np.uint8))
    with pytest.raises(ValueError, match='b.png" has height and width'):
        load(tmp_path / 'a.png', tmp_path / 'b.png')
