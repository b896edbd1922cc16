"""Files that are whole or not there.

A file is written beside its place under another name, brought to the disk and
renamed in one step. A crash leaves the file that was there before, and one
with the other name, which :func:`find_abandoned` finds.
"""
import os
import os.path as osp
import re
from pathlib import Path
from typing import Any, BinaryIO, Callable, List, Optional, Union

try:
    import fcntl
except ImportError:  # Windows does not remove a file that is open
    fcntl = None

_UNFINISHED = re.compile(r'.+\.writing-[0-9a-f]{8}$')


class NotWrittenError(OSError):
    """A file could not be written; what was there before is unchanged."""


def write_atomically(
        path: Union[str, Path], content: Union[str, bytes,
                                               Callable[[BinaryIO], Any]]
) -> None:
    """Write a file so that it is never seen half written.

    Args:
        path (str | Path): The file; what it holds is replaced. Its folder is
            made if need be.
        content (str | bytes | Callable): What to write, or what gets a binary
            file and fills it. Text is encoded as UTF-8, its line ends stay as
            they are.

    Raises:
        NotWrittenError: The system did not take it, such as a full disk. An
            error of ``content`` itself is left as it is.
    """
    path = str(path)
    unfinished = f'{path}.writing-{os.urandom(4).hex()}'
    file = None
    try:
        os.makedirs(osp.dirname(path) or '.', exist_ok=True)
        # not of tempfile: the file shall be as readable as any other
        file = _WatchedFile(open(unfinished, 'xb'))
        _lock(file.file)
        if callable(content):
            content(file)
        else:
            file.write(content.encode() if isinstance(content, str) else
                       content)
        file.close()
        os.replace(unfinished, path)
    except BaseException as error:
        if file is not None:
            file.abandon()
        discard(unfinished)
        # torch reports an error of the file as one of its own format
        cause = error if file is None else file.error or error
        if not isinstance(cause, OSError):
            raise
        raise NotWrittenError(
            f'{path} was not written '
            f'({cause.strerror or cause}); free space or correct the folder '
            'and its permissions') from error
    _sync_folder(osp.dirname(path) or '.')


def find_abandoned(folder: str) -> List[str]:
    """What killed processes began to write, not what is being written.

    Args:
        folder (str): Where to look.

    Returns:
        list[str]: Paths, sorted; none where the folder is missing.
    """
    if not osp.isdir(folder):
        return []
    paths = [
        osp.join(folder, entry) for entry in sorted(os.listdir(folder))
        if _UNFINISHED.match(entry)
    ]
    return [path for path in paths if _is_abandoned(path)]


def discard(path: str) -> None:
    """Remove a file, if that is possible."""
    try:
        os.remove(path)
    except OSError:  # not there, or in use elsewhere
        pass


class _WatchedFile:
    """A file to write to that remembers why it could not be written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.error: Optional[OSError] = None

    def write(self, data: bytes) -> int:
        return self._watch(self.file.write, data)

    def flush(self) -> None:
        self._watch(self.file.flush)

    def close(self) -> None:
        """Bring everything to the disk."""
        self.flush()
        self._watch(os.fsync, self.file.fileno())
        self._watch(self.file.close)

    def abandon(self) -> None:
        """Close without a word on what could not be written."""
        try:
            self.file.close()
        except OSError:
            pass

    def _watch(self, call: Callable, *args: Any) -> Any:
        if self.error is not None:
            # torch goes on to write the end of its file
            raise self.error
        try:
            return call(*args)
        except OSError as error:
            self.error = error
            raise


def _lock(file: BinaryIO) -> None:
    """Hold a lock until the file is closed or the process has ended."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # some network drives have no locks
        pass


def _is_abandoned(path: str) -> bool:
    if fcntl is None:
        return True
    try:
        with open(path, 'rb+') as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: str) -> None:
    """Make a rename outlive a power cut, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
