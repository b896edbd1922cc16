"""Files of tracks, written frame by frame."""
from pathlib import Path
from types import TracebackType
from typing import Optional, Type, Union

from mmengine.structures import InstanceData

from .track_formats import to_mot_rows, to_record

SUFFIXES = ('.txt', '.json', '.jsonl')
MOT_ROW = '%d,%d,%.2f,%.2f,%.2f,%.2f,%.4f,-1,-1,-1\n'


class TrackFile:
    """Writes tracks in the format that the suffix says; a context manager.

    ========== ===========================================================
    ``.txt``   MOTChallenge: a line for each track
    ``.json``  a list of objects, one for each frame, see :func:`to_record`
    ``.jsonl`` the same objects, one in each line
    ========== ===========================================================

    Whole frames are handed to the system as they come, so that a process
    which is killed leaves those up to there. A ``.json`` needs its last line,
    which :meth:`close` writes; a ``.jsonl`` and a ``.txt`` need none.

    Args:
        path (str | Path): The file; its folder is made.
        fps (float): Frames a second, for ``time``. Defaults to 25.

    Raises:
        ValueError: If the suffix is another, or ``fps`` is not positive.
    """

    def __init__(self, path: Union[str, Path], fps: float = 25.0) -> None:
        self.path = Path(path)
        self.fps = fps
        self.suffix = self.path.suffix.lower()
        if self.suffix not in SUFFIXES:
            raise ValueError(
                f'tracks are written as one of {SUFFIXES}, got {str(path)!r}; '
                'change the suffix')
        if not fps > 0:
            raise ValueError(
                f'fps must be positive, got {fps}, as OpenCV says of some '
                'cameras; give their frame rate, or leave it out')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, 'w', encoding='utf-8')
        self._separator = '[\n' if self.suffix == '.json' else ''

    def write(self, number: int, tracks: InstanceData) -> None:
        """Append a frame.

        Args:
            number (int): Number of the frame, 1-based.
            tracks (InstanceData): As :meth:`FrameTracker.update` gives them.
        """
        if self.suffix == '.txt':
            text = ''.join(MOT_ROW % tuple(row[:7])
                           for row in to_mot_rows(number, tracks))
        else:
            record = to_record(number, (number - 1) / self.fps, tracks)
            text = self._separator + record
            if self.suffix == '.json':
                self._separator = ',\n'
            else:
                text += '\n'
        self._file.write(text)
        self._file.flush()

    def close(self) -> None:
        """Finish the file; closing twice does no harm."""
        if self._file.closed:
            return
        if self.suffix == '.json':
            self._file.write('[]\n' if self._separator == '[\n' else '\n]\n')
        self._file.close()

    def __enter__(self) -> 'TrackFile':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()
