"""Are the images whole, and of one size? Mostly without decoding them."""
import os
from collections import Counter
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ipmot_mm.datasets.transforms.load_clip_images import (JPEG_END,
                                                           JPEG_START,
                                                           decode_image)
from ipmot_mm.user_errors import some

from .problems import ProblemLog

PNG_START, PNG_END = b'\x89PNG\r\n\x1a\n', b'IEND'
# Start of frame of all JPEG processes: ITU-T T.81, table B.1.
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA
NUM_DECODED = 8
"""Images of a video that are decoded where not all of them are."""

Size = Tuple[int, int]


class ImageHead(NamedTuple):
    """What an image file says before it is decoded.

    Attributes:
        size (tuple[int, int], optional): Width and height in pixels; None
            where only a decoder knows.
        is_whole (bool): Whether the end of the image is there.
    """
    size: Optional[Size]
    is_whole: bool


def read_head(data: bytes) -> ImageHead:
    """Size of a JPEG or PNG, and whether it is cut short.

    The segments of a JPEG are walked one by one, since the thumbnail in one
    of them has a size and an end of its own.

    Args:
        data (bytes): The whole file.

    Returns:
        :obj:`ImageHead`: ``(None, True)`` for other formats.
    """
    if data.startswith(PNG_START):
        size = (int.from_bytes(data[16:20], 'big'),
                int.from_bytes(data[20:24], 'big'))
        return ImageHead(size, data.rfind(PNG_END) > 0)
    if not data.startswith(JPEG_START):
        return ImageHead(None, len(data) > 0)
    size, place = None, 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker in _JPEG_FRAMES:
            size = (int.from_bytes(data[place + 7:place + 9], 'big'),
                    int.from_bytes(data[place + 5:place + 7], 'big'))
        if marker == _JPEG_SCAN:
            return ImageHead(size, data.rfind(JPEG_END) > place)
        place += 2 + int.from_bytes(data[place + 2:place + 4], 'big')
    return ImageHead(size, False)


def check_images(paths: Sequence[str],
                 log: ProblemLog,
                 *,
                 expected: Optional[Size] = None,
                 one_size: bool = True,
                 decode: bool = False,
                 seed: int = 0) -> Dict[str, Size]:
    """Look at every image file of a video.

    The end markers are looked for in every file. All images are decoded with
    ``decode``, else ``NUM_DECODED`` of them, drawn by the seed.

    Args:
        paths (Sequence[str]): The files.
        log (:obj:`ProblemLog`): Gets the problems.
        expected (tuple[int, int], optional): Width and height that
            ``seqinfo.ini`` promises. Defaults to None.
        one_size (bool): Whether all images must have one size. Defaults to
            True.
        decode (bool): Whether to decode all images. Defaults to False.
        seed (int): Chooses the images to decode. Defaults to 0.

    Returns:
        dict[str, tuple[int, int]]: Width and height of the images that are
        not broken, by path.
    """
    order = np.random.default_rng(seed).permutation(len(paths))
    chosen = set(order[:None if decode else NUM_DECODED].tolist())
    sizes: Dict[str, Size] = {}
    for position, path in enumerate(paths):
        size = _check_image(path, log, position in chosen)
        if size is not None:
            sizes[path] = size
    if sizes:
        _check_sizes(sizes, log, expected, one_size)
    return sizes


def _check_image(path: str, log: ProblemLog, decode: bool) -> Optional[Size]:
    """Width and height, or None if the image is broken."""
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except OSError as error:
        log.error('broken images', f'"{path}" cannot be read: {error}')
        return None
    head = read_head(data)
    if not head.is_whole:
        log.error(
            'broken images', f'"{path}" ({len(data)} bytes) is '
            f'{"cut short" if data else "empty"}. Copy or extract it again.')
        return None
    if head.size is not None and not decode:
        return head.size
    try:
        height, width = decode_image(data, path).shape[:2]
    except ValueError as error:
        log.error('broken images', str(error))
        return None
    return width, height


def _check_sizes(sizes: Dict[str, Size], log: ProblemLog,
                 expected: Optional[Size], one_size: bool) -> None:
    (usual, _count), = Counter(sizes.values()).most_common(1)
    if one_size:
        odd = [path for path, size in sizes.items() if size != usual]
        for path in odd:
            log.error(
                'image sizes', f'"{path}" is {_text(sizes[path])}, most '
                f'images of the video are {_text(usual)}. Resize it.')
    if expected is not None and usual != expected:
        names = [
            os.path.basename(path) for path, size in sizes.items()
            if size != expected
        ]
        log.error(
            'image sizes', f'seqinfo.ini says {_text(expected)}, but '
            f'{len(names)} images ({some(names, 3)}) are not: most are '
            f'{_text(usual)}. Correct imWidth and imHeight, and see that the '
            'boxes fit the images.')


def _text(size: Size) -> str:
    return f'{size[0]}x{size[1]}'
