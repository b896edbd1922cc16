"""Read the frames of a clip."""
from typing import Dict

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy import ndarray

from ipmot_mm.registry import TRANSFORMS

from ..unreadable_images import MissingImageError, UnreadableImageError
from .freed_memory import keep_freed_memory

JPEG_START, JPEG_END = b'\xff\xd8', b'\xff\xd9'
MARKER, START_OF_SCAN = 0xff, 0xda


@TRANSFORMS.register_module()
class LoadClipImages(BaseTransform):
    """Read every image once as uint8 BGR.

    Frames that show the same file, such as those of a pseudo-clip, share one
    array. The orientation tag of EXIF is not obeyed: annotations are made on
    the pixels as stored, which is how PIL reads them for MeMOTR.

    Adds ``img``, ``ori_shape`` and ``img_shape`` (h, w), ``scale_factor``
    (w, h), ``flip`` and ``flip_direction``.
    """

    def transform(self, results: Dict[str, list]) -> Dict[str, list]:
        """Read the images.

        Args:
            results (dict[str, list]): The clip with ``img_path``.

        Returns:
            dict[str, list]: A new clip.

        Raises:
            MissingImageError: If a file is gone.
            UnreadableImageError: If it cannot be read or does not decode.
            ValueError: If the frames of the clip differ in size.
        """
        keep_freed_memory()
        paths = results['img_path']
        images = {
            path: self.decode(self.read(path), path)
            for path in dict.fromkeys(paths)
        }
        shapes = [images[path].shape[:2] for path in paths]
        for path, shape in zip(paths, shapes):
            if shape != shapes[0]:
                raise ValueError(
                    f'Image "{path}" has height and width {shape}, but '
                    f'"{paths[0]}" of the same clip has {shapes[0]}. All '
                    'frames of a video must have one size: resize the file.')
        count = len(paths)
        return {
            **results, 'img': [images[path] for path in paths],
            'ori_shape': list(shapes),
            'img_shape': list(shapes),
            'scale_factor': [(1.0, 1.0)] * count,
            'flip': [False] * count,
            'flip_direction': [None] * count
        }

    def read(self, path: str) -> bytes:
        """Bytes of a file, see :func:`read_bytes`."""
        return read_bytes(path)

    def decode(self, data: bytes, path: str) -> ndarray:
        """Pixels of a file, see :func:`decode_image`."""
        return decode_image(data, path)


def read_image(path: str) -> ndarray:
    """Read one image file.

    Args:
        path (str): The file.

    Returns:
        ndarray: uint8 BGR, has shape (h, w, 3).

    Raises:
        MissingImageError: If there is no such file.
        UnreadableImageError: If it cannot be read, is no image, or is cut
            short.
    """
    return decode_image(read_bytes(path), path)


def read_bytes(path: str) -> bytes:
    """Read a file as it is.

    Args:
        path (str): The file.

    Returns:
        bytes: What is in it.

    Raises:
        MissingImageError: If there is no such file.
        UnreadableImageError: If the system does not let it be read.
    """
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        raise MissingImageError(
            f'Image "{path}" is missing. It was there, or not looked for, '
            'when the dataset was made: copy it back.') from None
    except OSError as error:
        raise UnreadableImageError(
            f'Image "{path}" cannot be read ({error.strerror or error}). '
            'Check its permissions and the drive.') from None


def decode_image(data: bytes, path: str) -> ndarray:
    """Decode the bytes of an image file.

    A JPEG cut short is refused: the decoder would fill it up with grey and
    say nothing. The end of a thumbnail in its header is not its own.

    Args:
        data (bytes): Contents of the file.
        path (str): The file, for the message.

    Returns:
        ndarray: uint8 BGR, has shape (h, w, 3).

    Raises:
        UnreadableImageError: If it is no image, or is cut short.
    """
    cut_short = (
        data.startswith(JPEG_START)
        and data.rfind(JPEG_END, _start_of_scan(data)) < 0)
    img = None
    if data and not cut_short:
        try:
            img = cv2.imdecode(
                np.frombuffer(data, np.uint8),
                cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        except cv2.error:
            pass  # more pixels than OpenCV takes
    if img is None:
        raise UnreadableImageError(
            f'Image "{path}" ({len(data)} bytes) does not decode'
            f'{": the JPEG is cut short" if cut_short else ""}. Copy or '
            'extract the file again.')
    return img


def _start_of_scan(data: bytes) -> int:
    """Where the pixels of a JPEG begin: after its segments of 2 bytes marker
    and 2 bytes length; or where its header breaks off."""
    place = len(JPEG_START)
    while (place + 4 <= len(data) and data[place] == MARKER
           and data[place + 1] != START_OF_SCAN):
        if data[place + 1] == MARKER:  # padding
            place += 1
        else:
            place += 2 + int.from_bytes(data[place + 2:place + 4], 'big')
    return place
