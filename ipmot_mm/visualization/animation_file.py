"""Frames to a GIF, which pages and slides show without a player."""
from pathlib import Path
from typing import List, Union

import numpy as np

from .frame_writer import VIDEO_SUFFIXES, FrameWriter, VideoWriter

SUFFIX = '.gif'


class GifWriter(FrameWriter):
    """Writes an endless GIF; frames are in memory until it is closed.

    Args:
        path (str | Path): Ends in ``.gif``.
        fps (float): Frames a second. Defaults to 10.
    """

    def __init__(self, path: Union[str, Path], fps: float = 10) -> None:
        super().__init__(path)
        if not fps > 0:
            raise ValueError(f'fps must be positive, got {fps}')
        self.fps = fps
        self._frames: List[np.ndarray] = []

    def _write(self, image: np.ndarray) -> None:
        self._frames.append(image[..., ::-1].copy())

    def close(self) -> None:
        """Write the file."""
        from PIL import Image  # matplotlib needs it, too

        if self._frames:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            first, *others = map(Image.fromarray, self._frames)
            first.save(
                self.path,
                save_all=True,
                append_images=others,
                duration=round(1000 / self.fps),
                loop=0)
        self._frames = []


def open_animation(path: Union[str, Path], fps: float = 10) -> FrameWriter:
    """A writer for a video or a GIF.

    Args:
        path (str | Path): Ends in ``.gif``, or what :class:`VideoWriter`
            takes.
        fps (float): Frames a second. Defaults to 10.

    Returns:
        :obj:`FrameWriter`: A context manager.

    Raises:
        ValueError: If the suffix or the frame rate is not supported.
    """
    suffix = Path(path).suffix.lower()
    if suffix == SUFFIX:
        return GifWriter(path, fps)
    if suffix not in VIDEO_SUFFIXES:
        # not left to VideoWriter, which would advise to leave the suffix out
        raise ValueError(
            'an animation ends in one of '
            f'{", ".join((SUFFIX, *VIDEO_SUFFIXES))}, got {str(path)!r}; '
            'change the suffix')
    return VideoWriter(path, fps)
