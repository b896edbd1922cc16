"""Sizes without decoding, and files that are not whole."""
import cv2
import numpy as np
import pytest

from ipmot_mm.checks.image_check import NUM_DECODED, check_images, read_head
from ipmot_mm.checks.problems import ProblemLog


def encode(width, height, suffix='.jpg', *params):
    img = np.random.default_rng(0).integers(
        0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(suffix, img, list(params))[1].tobytes()


@pytest.mark.parametrize('suffix, params', [
    ('.jpg', ()), ('.jpg', (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)), ('.png', ())])
def test_head_tells_size_and_end(suffix, params):
    data = encode(37, 23, suffix, *params)
    assert read_head(data) == ((37, 23), True)
    assert not read_head(data[:-20]).is_whole
    assert not read_head(data[:30]).is_whole


def test_thumbnail_is_not_the_image():
    inside = encode(11, 7)
    segment = b'\xff\xe1' + (len(inside) + 2).to_bytes(2, 'big') + inside
    data = encode(37, 23)
    data = data[:2] + segment + data[2:]
    assert read_head(data) == ((37, 23), True)
    # The end of the thumbnail is still there, that of the image is not.
    assert read_head(data[:-5]) == ((37, 23), False)


def test_other_formats_are_left_to_the_decoder(tmp_path):
    assert read_head(encode(37, 23, '.bmp')) == (None, True)
    assert read_head(b'') == (None, False)
    path = tmp_path / '000001.bmp'
    path.write_bytes(encode(37, 23, '.bmp'))
    log = ProblemLog('a')
    assert check_images([str(path)], log) == {str(path): (37, 23)}
    assert not log.kept


@pytest.fixture
def paths(tmp_path):
    files = [tmp_path / f'{n:06d}.jpg' for n in range(1, 31)]
    for file in files:
        file.write_bytes(encode(37, 23))
    return files


def messages(files, **kwargs):
    log = ProblemLog('a')
    check_images([str(file) for file in files], log, **kwargs)
    return [(problem.kind, problem.message) for problem in log.kept]


def test_whole_images_are_no_problem(paths):
    assert messages(paths, expected=(37, 23), decode=True) == []


def test_all_broken_images_are_named(paths):
    paths[3].write_bytes(paths[3].read_bytes()[:-40])
    paths[7].write_bytes(b'')
    paths[9].unlink()
    found = messages(paths)
    assert [kind for kind, _ in found] == ['broken images'] * 3
    for (_, text), file, why in zip(found, (paths[3], paths[7], paths[9]),
                                    ('cut short', 'empty', 'cannot be read')):
        assert file.name in text and why in text


def test_only_decoding_finds_nonsense_with_markers(paths):
    whole = paths[0].read_bytes()
    scan = whole.index(b'\xff\xda')
    nonsense = whole[:scan].replace(b'\xff\xdb', b'\xff\xea') + whole[scan:]
    for file in paths:
        file.write_bytes(nonsense)
    assert len(messages(paths)) == NUM_DECODED
    assert len(messages(paths, decode=True)) == len(paths)


def test_sizes(paths):
    paths[4].write_bytes(encode(23, 37))
    (kind, text), = messages(paths)
    assert kind == 'image sizes'
    assert '000005.jpg' in text and '23x37' in text and '37x23' in text
    assert messages(paths, one_size=False) == []
    found = messages(paths, expected=(40, 30))
    assert len(found) == 2 and 'seqinfo.ini says 40x30' in found[1][1]
