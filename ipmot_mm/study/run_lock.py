"""Two studies at a time do not work on the same run."""
from pathlib import Path
from types import TracebackType
from typing import Optional, TextIO, Type

try:
    import fcntl
except ImportError:  # of Windows; there nobody is kept out
    fcntl = None

LOCK = 'lock'


class RunLock:
    """Held while a process works on a run; ends with the process.

    Args:
        folder (Path): Of the run.

    Attributes:
        taken (bool): Whether it is held; False where another process does.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / LOCK
        self.taken = False
        self._file: Optional[TextIO] = None

    def __enter__(self) -> 'RunLock':
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, 'w', encoding='utf-8')
        self.taken = True
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.taken = False
            except OSError:  # some network drives have no locks
                pass
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if self._file is not None:
            self._file.close()
