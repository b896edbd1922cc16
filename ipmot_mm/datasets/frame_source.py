"""Frames of a video file, a folder of images or a camera."""
import re
from pathlib import Path
from typing import Iterator, List, Optional, Tuple, Union

import cv2
import numpy as np

from .sequence import IMAGE_EXTENSIONS
from .transforms.load_clip_images import read_image

DEFAULT_FPS = 25.0
MAX_FPS = 240.0


class FrameSource:
    """Iterates over the frames of an input; may be iterated again.

    How many frames a video holds is known when it ends: the count in its
    header is often wrong, so ``num_frames_hint`` serves progress bars only.

    Args:
        source (str | Path | int): A video file, a folder of images (sorted by
            the numbers in their names; of a MOTChallenge sequence folder its
            ``img1``), or the index of a camera.

    Attributes:
        fps (float): Frames a second, 25 where unknown.
        num_frames_hint (int, optional): About how many frames will come; None
            for a camera.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If the input holds no image and is no video.
    """

    def __init__(self, source: Union[str, Path, int]) -> None:
        self.source = source
        self.fps = DEFAULT_FPS
        self.num_frames_hint: Optional[int] = None
        self._images: Optional[List[Path]] = None
        if isinstance(source, int):
            self._open().release()
            return
        path = Path(source)
        if not path.exists():
            raise FileNotFoundError(
                f'input {str(path)!r} does not exist; pass a video file, a '
                'folder of images or the index of a camera')
        if path.is_dir():
            self._images = list_images(path)
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
            yield from (read_image(str(path)) for path in self._images)
            return
        capture = self._open()
        try:
            while True:
                more, frame = capture.read()
                if not more:
                    break
                yield frame
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(
            self.source if isinstance(self.source, int) else str(self.source))
        if not capture.isOpened():
            raise ValueError(
                f'input {str(self.source)!r} cannot be opened as a video; is '
                'the camera connected, or the file complete and of a format '
                'that OpenCV reads (mp4, avi)?')
        return capture

    def _probe(self) -> None:
        """Read one frame: some broken files open without an error."""
        capture = self._open()
        try:
            if not capture.read()[0]:
                raise ValueError(
                    f'input {str(self.source)!r} opens as a video but holds '
                    'no frame; copy or convert the file again')
            fps = capture.get(cv2.CAP_PROP_FPS)
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            capture.release()
        # Broken headers say 0, nan or the time base (90000).
        self.fps = fps if 0 < fps <= MAX_FPS else DEFAULT_FPS
        self.num_frames_hint = count if count > 0 else None


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
