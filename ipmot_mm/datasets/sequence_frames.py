"""Frames on their way into the folder ``img1`` of a sequence."""
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence, Tuple, Union

import cv2
from numpy import ndarray

from .transforms.load_clip_images import read_image

LINKERS = {'copy': shutil.copyfile, 'symlink': os.symlink, 'hardlink': os.link}
LINK_MODES = tuple(LINKERS)
IMAGE_FORMATS = ('.jpg', '.png')


@dataclass(frozen=True)
class WrittenFrames:
    """What lies in ``img1`` after frames have been written.

    Attributes:
        num_frames (int): Their number.
        size (tuple[int]): Image (width, height) in pixels, that of all.
        extension (str): End of their names with the dot, such as ``'.jpg'``.
    """
    num_frames: int
    size: Tuple[int, int]
    extension: str


class ImageFiles:
    """Frames that are image files already; their bytes are kept.

    Every image is decoded once, so that a broken file or one of another size
    is found now and not in the middle of a training.

    Args:
        paths (Sequence[str | Path]): The files in order.
        link_mode (str): ``'copy'``, ``'symlink'`` (to the absolute path) or
            ``'hardlink'``. Defaults to ``'copy'``.

    Raises:
        ValueError: If there is no file, the mode is unknown or files of
            several formats are mixed.
    """

    def __init__(self,
                 paths: Sequence[Union[str, Path]],
                 *,
                 link_mode: str = 'copy') -> None:
        self.paths = [Path(path).resolve() for path in paths]
        self.link_mode = link_mode
        extensions = {
            path.suffix.lower().replace('.jpeg', '.jpg')
            for path in self.paths
        }
        if link_mode not in LINKERS:
            raise ValueError(f'link_mode must be one of {LINK_MODES}, got '
                             f'{link_mode!r}.')
        if len(extensions) != 1:
            raise ValueError(
                f'the {len(self.paths)} frames must be files of one format, '
                f'got {sorted(extensions)}; convert them, or remove what does '
                'not belong to the video')
        self.extension = extensions.pop()

    def write(self, image_dir: Path) -> WrittenFrames:
        """Place the files as ``000001.jpg`` and so on.

        Args:
            image_dir (Path): An empty folder.

        Returns:
            :obj:`WrittenFrames`: What was placed.

        Raises:
            MissingImageError: If a file is gone.
            UnreadableImageError: If a file is no image.
            ValueError: If a file is not of the size of the first.
            OSError: If the file system cannot link.
        """
        size = None
        for number, path in enumerate(self.paths, start=1):
            height, width = read_image(str(path)).shape[:2]
            size = size or (width, height)
            if (width, height) != size:
                raise ValueError(
                    f'frame {number} "{path}" has width and height '
                    f'{(width, height)}, the first frame {size}; a video has '
                    'one size, resize the images')
            LINKERS[self.link_mode](path, image_dir /
                                    f'{number:06d}{self.extension}')
        return WrittenFrames(len(self.paths), size, self.extension)


class EncodedFrames:
    """Frames that have to be encoded, such as those of a video.

    Args:
        images (Iterable[ndarray]): uint8 BGR, each has shape (h, w, 3), of
            one size as :obj:`FrameSource` ensures. Read once, one by one.
        extension (str): ``'.jpg'`` or ``'.png'``. Defaults to ``'.jpg'``.
        quality (int): JPEG quality in 1..100. Defaults to 95.
        paths (Sequence[str | Path]): Files that the images come from, such
            as the video. Defaults to ().

    Raises:
        ValueError: If format or quality are out of range.
    """

    def __init__(self,
                 images: Iterable[ndarray],
                 *,
                 extension: str = '.jpg',
                 quality: int = 95,
                 paths: Sequence[Union[str, Path]] = ()) -> None:
        if extension not in IMAGE_FORMATS or not 1 <= quality <= 100:
            raise ValueError(
                f'frames are encoded as one of {IMAGE_FORMATS} with a quality '
                f'in [1, 100], got {extension!r} and {quality}')
        self.images = images
        self.extension = extension
        self.quality = quality
        self.paths = [Path(path).resolve() for path in paths]

    def write(self, image_dir: Path) -> WrittenFrames:
        """Encode the frames, named as by :meth:`ImageFiles.write`.

        Raises:
            ValueError: If there is no frame, or one cannot be encoded.
        """
        number = 0
        for number, image in enumerate(self.images, start=1):
            (image_dir / f'{number:06d}{self.extension}').write_bytes(
                self._encode(number, image))
        if not number:
            raise ValueError('the video must have a frame, got none')
        height, width = image.shape[:2]
        return WrittenFrames(number, (width, height), self.extension)

    def _encode(self, number: int, image: ndarray) -> bytes:
        """OpenCV says by its flag, or by an error, that it cannot."""
        try:
            encoded, data = cv2.imencode(
                self.extension, image,
                (cv2.IMWRITE_JPEG_QUALITY, self.quality))
        except cv2.error:
            encoded = False
        if not encoded:
            raise ValueError(
                f'frame {number} of shape (h, w, 3) {image.shape} cannot be '
                f'encoded as {self.extension}; choose another format (PNG '
                'holds any size), or resize the frames')
        return data.tobytes()
