"""Images are placed as they are, videos are encoded."""
import cv2
import numpy as np
import pytest

from ipmot_mm.datasets.mot_writer import write_sequence
from ipmot_mm.datasets.sequence_frames import EncodedFrames, ImageFiles


def save(path, shape=(8, 16)):
    cv2.imwrite(str(path), np.full((*shape, 3), 90, np.uint8))
    return path


@pytest.fixture
def images(tmp_path):
    return [save(tmp_path / name) for name in ('b.jpg', 'a.JPEG')]


@pytest.fixture
def out(tmp_path):
    (tmp_path / 'img1').mkdir()
    return tmp_path / 'img1'


@pytest.mark.parametrize('mode', ['copy', 'symlink', 'hardlink'])
def test_bytes_are_kept_in_order(images, out, mode):
    written = ImageFiles(images, link_mode=mode).write(out)
    assert (written.num_frames, written.size, written.extension) == (
        2, (16, 8), '.jpg')
    placed = sorted(out.iterdir())
    assert [path.name for path in placed] == ['000001.jpg', '000002.jpg']
    for path, source in zip(placed, images):
        assert path.read_bytes() == source.read_bytes()
        assert path.is_symlink() == (mode == 'symlink')
        assert (path.stat().st_ino == source.stat().st_ino) == (mode != 'copy')


def test_links_do_not_depend_on_the_working_folder(images, out, monkeypatch):
    monkeypatch.chdir(out.parent)
    ImageFiles(['b.jpg'], link_mode='symlink').write(out)
    assert (out / '000001.jpg').is_file()


def test_bad_images_are_named(images, out, tmp_path):
    with pytest.raises(ValueError, match='frame 3 ".*c.jpg" has width and'):
        ImageFiles([*images, save(tmp_path / 'c.jpg', (8, 17))]).write(out)
    images[0].write_bytes(images[0].read_bytes()[:-9])
    with pytest.raises(ValueError, match='b.jpg" .* cut short'):
        ImageFiles(images).write(out)
    with pytest.raises(ValueError, match=r"of one format, got \['.jpg', '.pn"):
        ImageFiles([*images, 'c.png'])
    with pytest.raises(ValueError, match="must be one of .* got 'move'"):
        ImageFiles(images, link_mode='move')
    with pytest.raises(ValueError, match='the 0 frames must be files'):
        ImageFiles([])


def test_frames_are_encoded_losslessly_as_png(out):
    random = np.random.default_rng(0)
    video = random.integers(0, 255, (3, 8, 16, 3), dtype=np.uint8)
    written = EncodedFrames(iter(video), extension='.png').write(out)
    assert (written.num_frames, written.size) == (3, (16, 8))
    found = [cv2.imread(str(path)) for path in sorted(out.iterdir())]
    np.testing.assert_array_equal(found, video)


def test_bad_videos_are_refused(out):
    with pytest.raises(ValueError, match='must have a frame, got none'):
        EncodedFrames([]).write(out)
    for arguments in (dict(extension='.gif'), dict(quality=101)):
        with pytest.raises(ValueError, match='frames are encoded as one of'):
            EncodedFrames([], **arguments)


def test_frames_that_cannot_be_encoded_are_named(out, monkeypatch):
    small, wide = np.zeros((8, 16, 3), np.uint8), np.zeros((1, 70000, 3),
                                                           np.uint8)
    with pytest.raises(ValueError, match=r'frame 2 .* \(1, 70000, 3\) cannot'):
        EncodedFrames([small, wide]).write(out)
    assert [path.name for path in out.iterdir()] == ['000001.jpg']

    def fail(*args):  # as some versions of OpenCV do
        raise cv2.error('too large')

    monkeypatch.setattr(cv2, 'imencode', fail)
    with pytest.raises(ValueError, match='frame 1 .* choose another format'):
        EncodedFrames([small]).write(out)


def test_a_video_is_not_replaced_by_its_frames(tmp_path):
    folder = tmp_path / 'A'
    (folder / 'img1').mkdir(parents=True)
    video = folder / 'img1' / 'street.mp4'
    video.touch()
    own = EncodedFrames(np.zeros((1, 8, 16, 3), np.uint8), paths=[video])
    with pytest.raises(ValueError, match='would be replaced by them'):
        write_sequence(folder, own, overwrite=True)
    assert video.is_file()


def test_frames_do_not_replace_themselves(out, images, tmp_path):
    folder = tmp_path / 'A'
    write_sequence(folder, ImageFiles(images))
    own = ImageFiles((folder / 'img1').iterdir(), link_mode='symlink')
    with pytest.raises(ValueError, match='would be replaced by them'):
        write_sequence(folder, own, overwrite=True)
    assert len(list((folder / 'img1').iterdir())) == 2
