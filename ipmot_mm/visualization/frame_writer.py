"""Write frames to a video file or a folder, safe against interruption."""
import weakref
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Optional, Tuple, Type, Union

import cv2
import numpy as np
from mmengine.logging import print_log

# Suffix and codec of what is tried in turn: stock OpenCV wheels bring both,
# builds of a distribution sometimes lack the first.
FALLBACKS = (('.mp4', 'mp4v'), ('.avi', 'MJPG'))
VIDEO_SUFFIXES = tuple(suffix for suffix, _ in FALLBACKS)


class FrameWriter(ABC):
    """Takes frames one by one; a context manager that closes at its end.

    Attributes:
        path (Path): Where the frames go; may change until the first frame is
            written.
        num_frames (int): Frames written so far.
    """

    def __init__(self, path: Union[str, Path]) -> None:
        self.path = Path(path)
        self.num_frames = 0

    def write(self, image: np.ndarray) -> None:
        """Append a frame.

        Args:
            image (np.ndarray): BGR, uint8, has shape (h, w, 3).
        """
        self._write(image)
        self.num_frames += 1

    @abstractmethod
    def _write(self, image: np.ndarray) -> None:
        """Append a frame."""

    @abstractmethod
    def close(self) -> None:
        """Finish the output; closing twice does no harm."""

    def __enter__(self) -> 'FrameWriter':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()


class VideoWriter(FrameWriter):
    """Writes a video file.

    The file is opened with the first frame, which fixes the size. A video
    that was not closed cannot be played (an mp4 gets its index at the end),
    so it is also closed when the writer is dropped or Python exits, by an
    error or Ctrl-C too.

    Args:
        path (str | Path): ``.mp4``, or ``.avi``. Where OpenCV cannot write
            mp4, an ``.avi`` of the same name is written instead and ``path``
            tells so.
        fps (float): Frames a second. Defaults to 10.

    Raises:
        ValueError: If the suffix or the frame rate is not supported.
    """

    def __init__(self, path: Union[str, Path], fps: float = 10) -> None:
        super().__init__(path)
        if self.path.suffix.lower() not in VIDEO_SUFFIXES:
            raise ValueError(
                f'a video is written as one of {VIDEO_SUFFIXES}, got '
                f'{str(path)!r}; change the suffix, or leave it out to write '
                'a folder of frames')
        if not fps > 0:
            raise ValueError(f'fps must be positive, got {fps}')
        self.fps = float(fps)
        self._size: Tuple[int, int] = (0, 0)
        self._video: Optional[cv2.VideoWriter] = None
        self._finalizer: Optional[weakref.finalize] = None

    def _write(self, image: np.ndarray) -> None:
        size = (image.shape[1], image.shape[0])
        if self._video is None:
            self._open(size)
        if size != self._size:
            raise ValueError(
                f'frame {self.num_frames} of {self.path} is {size} (width, '
                f'height), the first one was {self._size}; a video has one '
                'size, write a folder of frames instead')
        self._video.write(np.ascontiguousarray(image))

    def _open(self, size: Tuple[int, int]) -> None:
        if self._finalizer is not None:
            raise ValueError(f'{self.path} is closed; use a new VideoWriter')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        first = VIDEO_SUFFIXES.index(self.path.suffix.lower())
        for suffix, codec in FALLBACKS[first:]:
            path = self.path.with_suffix(suffix)
            video = cv2.VideoWriter(
                str(path), cv2.VideoWriter_fourcc(*codec), self.fps, size)
            if video.isOpened():
                break
        else:
            raise ValueError(
                f'OpenCV cannot write {self.path}; write a folder of frames '
                'instead (a path without suffix)')
        if path != self.path:
            print_log(
                f'OpenCV cannot write {self.path}, writing {path}', 'current')
        self.path, self._video, self._size = path, video, size
        self._finalizer = weakref.finalize(self, video.release)

    def close(self) -> None:
        """Write the index; the file can be played from now on."""
        if self._finalizer is not None:
            self._finalizer()
            self._video = None


class FolderWriter(FrameWriter):
    """Writes ``000001.jpg``, ``000002.jpg``, ... into a folder.

    Args:
        path (str | Path): The folder, made with the first frame.
    """

    def _write(self, image: np.ndarray) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        name = self.path / f'{self.num_frames + 1:06d}.jpg'
        # Not cv2.imwrite: it answers False where the disk is full.
        name.write_bytes(cv2.imencode('.jpg', image)[1].tobytes())

    def close(self) -> None:
        """Nothing is left to do: each frame is a finished file."""


def open_writer(path: Union[str, Path], fps: float = 10) -> FrameWriter:
    """A writer for a video or for a folder, by the suffix of the path.

    Args:
        path (str | Path): A name without suffix is a folder.
        fps (float): Frames a second of a video. Defaults to 10.

    Returns:
        FrameWriter: A :class:`VideoWriter` or :class:`FolderWriter`.

    Raises:
        ValueError: If the suffix is not that of a video.
    """
    if Path(path).suffix and not Path(path).is_dir():
        return VideoWriter(path, fps)
    return FolderWriter(path)
