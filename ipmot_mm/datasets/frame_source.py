"""Frames of a video file, a folder of images, a camera or a stream."""
import logging
import re
import time
from pathlib import Path
from typing import Iterator, List, Optional, Tuple, Union

import cv2
import numpy as np
from mmengine.logging import print_log

from .sequence import IMAGE_EXTENSIONS
from .transforms.load_clip_images import read_image

DEFAULT_FPS = 25.0
MAX_FPS = 240.0

ADDRESS = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)

MAX_FAILED_READS = 1000
"""Frames in a row that do not decode before a file is taken to be at its end:
a damaged place may last until the next key frame."""

MAX_TRIES = 5
"""Times that a dropped stream is connected again."""

FIRST_WAIT = 1.0
"""Seconds before the first of these, doubled for each further one."""


class FrameSource:
    """Iterates over the frames of an input; may be iterated again.

    How many frames a video holds is known when it ends: the count in its
    header is often wrong, so ``num_frames_hint`` serves progress bars only.
    Frames that do not decode are left out. Videos are turned as their header
    says, images are read as stored; grey images and those with an alpha
    channel become BGR. A camera or stream that drops is connected again, a
    few times, with a message in the log.

    Args:
        source (str | Path | int): A video file, a folder of images (sorted by
            the numbers in their names; of a MOTChallenge sequence folder its
            ``img1``), one image, the index of a camera, or an address that
            OpenCV reads, such as ``rtsp://...`` or ``http://...``.

    Attributes:
        fps (float): Frames a second, 25 where unknown.
        num_frames_hint (int, optional): About how many frames will come; None
            where unknown.
        is_live (bool): Whether it is a camera or a stream: without an end,
            and its frames come once.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If the input holds no image and is no video.
    """

    def __init__(self, source: Union[str, Path, int]) -> None:
        self.source = source
        self.fps = DEFAULT_FPS
        self.num_frames_hint: Optional[int] = None
        self.is_live = isinstance(source, int)
        self._images: Optional[List[Path]] = None
        self._capture: Optional[cv2.VideoCapture] = None
        if self.is_live or ADDRESS.match(str(source)):
            self._connect()
            return
        path = Path(source)
        if not path.exists():
            raise FileNotFoundError(
                f'input {str(path)!r} does not exist; pass a video file, a '
                'folder of images, the index of a camera or the address of '
                'a stream')
        if path.is_dir() or path.suffix.lower() in IMAGE_EXTENSIONS:
            self._images = list_images(path) if path.is_dir() else [path]
            self.num_frames_hint = len(self._images)
        else:
            self._probe()

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield BGR uint8 images of shape (h, w, 3), all of one size."""
        shape: Tuple[int, ...] = ()
        for number, frame in enumerate(self._read(), 1):
            shape = shape or frame.shape
            if frame.shape != shape:
                raise ValueError(
                    f'frame {number} of {self.source} has shape (h, w, 3) '
                    f'{frame.shape}, the first one {shape}; a video has one '
                    'size, resize the frames')
            yield frame

    def _read(self) -> Iterator[np.ndarray]:
        if self._images is not None:
            return (read_image(str(path)) for path in self._images)
        return self._read_stream() if self.is_live else self._read_file()

    def _read_file(self) -> Iterator[np.ndarray]:
        """A read that fails is the end, or a frame that does not decode."""
        capture, num_failed = self._open(), 0
        try:
            while num_failed < MAX_FAILED_READS:
                good, frame = capture.read()
                num_failed = 0 if good else num_failed + 1
                if good:
                    yield frame
        finally:
            capture.release()

    def _read_stream(self) -> Iterator[np.ndarray]:
        """A read that fails is the end of the connection."""
        capture, self._capture = self._capture or self._open(), None
        num_frames = num_tries = 0
        try:
            while num_tries <= MAX_TRIES:
                good, frame = capture.read()
                if good:
                    num_frames, num_tries = num_frames + 1, 0
                    yield frame
                    continue
                capture.release()
                num_tries += 1
                self._tell_drop(num_frames, num_tries)
                if num_tries <= MAX_TRIES:
                    time.sleep(FIRST_WAIT * 2**(num_tries - 1))
                    capture = cv2.VideoCapture(self.source)
        finally:
            capture.release()

    def _tell_drop(self, num_frames: int, num_tries: int) -> None:
        what = 'this is taken to be its end'
        if num_tries <= MAX_TRIES:
            what = f'connecting again, try {num_tries} of {MAX_TRIES}'
        # The log leaves out a warning that it had before: the number differs.
        print_log(
            f'input {self.source!r} gives no frame after frame {num_frames}; '
            f'{what}', 'current', logging.WARNING)

    def _open(self) -> cv2.VideoCapture:
        is_path = isinstance(self.source, Path)
        capture = cv2.VideoCapture(
            str(self.source) if is_path else self.source)
        if not capture.isOpened():
            raise ValueError(
                f'input {self.source if self.is_live else str(self.source)!r} '
                'cannot be opened as a video; is the camera connected, the '
                'stream being sent, or the file complete and of a format '
                'that OpenCV reads (mp4, avi)?')
        return capture

    def _connect(self) -> None:
        """Keep the connection: some cameras give only one at a time."""
        capture = self._open()
        self._read_header(capture)
        if self.num_frames_hint is None:
            self.is_live = True
            self._capture = capture
        else:  # a file behind an address
            capture.release()

    def _probe(self) -> None:
        """Read one frame: some broken files open without an error."""
        capture = self._open()
        try:
            if not any(capture.read()[0] for _ in range(MAX_FAILED_READS)):
                raise ValueError(
                    f'input {str(self.source)!r} opens as a video but holds '
                    'no frame; copy or convert the file again')
            self._read_header(capture)
        finally:
            capture.release()

    def _read_header(self, capture: cv2.VideoCapture) -> None:
        fps = capture.get(cv2.CAP_PROP_FPS)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # Broken headers say 0, nan or the time base (90000).
        self.fps = fps if 0 < fps <= MAX_FPS else DEFAULT_FPS
        # They also say -1, as it is or as the 32 bits without a sign.
        self.num_frames_hint = int(count) if 0 < count < 2**31 else None


def list_images(folder: Path) -> List[Path]:
    """Images of a folder, frame 2 before frame 10.

    Args:
        folder (Path): The folder, or a sequence folder with ``img1``.

    Returns:
        list[Path]: At least one file.

    Raises:
        ValueError: If there is no image.
    """
    if (folder / 'img1').is_dir():
        folder = folder / 'img1'
    images = [
        path for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_EXTENSIONS
        and not path.name.startswith('.')
    ]
    if not images:
        raise ValueError(
            f'folder {str(folder)!r} holds no image {IMAGE_EXTENSIONS}; pass '
            'the folder that holds the frames themselves')
    return sorted(images, key=_natural_key)


def _natural_key(path: Path) -> List[Tuple[int, str]]:
    """Split a name into numbers and words, comparable with each other."""
    return [(int(part), '') if part.isdigit() else (-1, part)
            for part in re.split(r'([0-9]+)', path.name)]
