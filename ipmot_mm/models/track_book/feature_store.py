"""Vectors on the disk: written once, from the first to the last."""
import json
import os
import os.path as osp
from contextlib import contextmanager
from typing import Any, BinaryIO, Dict, Iterator, Optional

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.atomic_files import NotWrittenError, discard, write_atomically

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FEATURES, STATE, LOCK = 'features.bin', 'state.json', 'lock'


class FeatureStore:
    """A folder with float16 vectors, and how many of them are there.

    ``features.bin`` only grows; ``state.json`` says what it is made of and
    how much of it has reached the disk. A process that is killed leaves a
    beginning, which the next one goes on from. What is complete is never
    written to again.

    Args:
        folder (str): Of this store alone.
        contents (dict): What the vectors are made of, of plain values. A
            store of other contents counts as empty.
        num_vectors (int): When it is complete.
        dims (int): Length of a vector.
    """

    def __init__(self, folder: str, *, contents: Dict[str, Any],
                 num_vectors: int, dims: int) -> None:
        self.folder = folder
        self.contents = json.loads(json.dumps(contents))
        self.num_vectors = num_vectors
        self.dims = dims
        self._file: Optional[BinaryIO] = None
        self._num_written = 0

    @property
    def path(self) -> str:
        """str: The vectors."""
        return osp.join(self.folder, FEATURES)

    @property
    def num_bytes(self) -> int:
        """int: Of all vectors."""
        return self.num_vectors * self.dims * 2

    @property
    def num_done(self) -> int:
        """int: Vectors that are safe on the disk."""
        try:
            with open(osp.join(self.folder, STATE), encoding='utf-8') as file:
                state = json.load(file)
            num_done = int(state['num_done'])
            there = osp.getsize(self.path) >= num_done * self.dims * 2
            same = (state['contents'] == self.contents
                    and state['dims'] == self.dims
                    and 0 <= num_done <= self.num_vectors)
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        return num_done if there and same else 0

    @property
    def is_complete(self) -> bool:
        """bool: Whether all vectors are there."""
        return self.num_done == self.num_vectors and osp.isfile(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only process that may write; wait for another one.

        Raises:
            NotWrittenError: If the folder cannot be made.
        """
        try:
            os.makedirs(self.folder, exist_ok=True)
            lock = open(osp.join(self.folder, LOCK), 'wb')
        except OSError as error:
            raise self._not_written(error) from error
        with lock:
            if fcntl is not None:
                self._wait_for(lock)
            yield

    def _wait_for(self, lock: BinaryIO) -> None:
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_log(
                f'Another process writes to {self.folder}: waiting for it.',
                logger='current')
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        except OSError:  # some network drives have no locks
            pass

    @contextmanager
    def writing(self) -> Iterator[int]:
        """Append vectors in this block; what it wrote outlives an error.

        Inside of :meth:`locked`.

        Yields:
            int: How many are there already.

        Raises:
            NotWrittenError: If the disk does not take them.
        """
        self._num_written = self.num_done
        try:
            if self._num_written == 0:
                # another process may still read what was there
                discard(osp.join(self.folder, STATE))
                discard(self.path)
            self._file = open(self.path, 'ab')
            self._file.truncate(self._num_written * self.dims * 2)
        except OSError as error:
            raise self._not_written(error) from error
        try:
            yield self._num_written
            self.commit()
        except BaseException:
            self._commit_in_passing()
            raise
        finally:
            self._close()

    def append(self, vectors: ndarray) -> None:
        """Write the next vectors, within :meth:`writing`.

        Args:
            vectors (ndarray): Has shape (num, dims).
        """
        data = np.ascontiguousarray(vectors, np.float16)
        assert self._file is not None and data.shape[1:] == (self.dims, )
        try:
            self._file.write(data.tobytes())
        except OSError as error:
            raise self._not_written(error) from error
        self._num_written += len(data)

    def commit(self) -> None:
        """Bring what was written to the disk and say so."""
        assert self._file is not None
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._not_written(error) from error
        state = dict(
            contents=self.contents,
            dims=self.dims,
            num_vectors=self.num_vectors,
            num_done=self._num_written)
        write_atomically(
            osp.join(self.folder, STATE), json.dumps(state, indent=2) + '\n')

    def _commit_in_passing(self) -> None:
        """Another error is on its way, which says more."""
        try:
            self.commit()
        except OSError:
            pass

    def _close(self) -> None:
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError:  # told before
            pass

    def _not_written(self, error: OSError) -> NotWrittenError:
        return NotWrittenError(
            f'{self.path} was not written ({error.strerror or error}); it '
            f'takes {self.num_bytes / 2**20:.0f} MiB. Free space, or name '
            'another folder with model.track_book.feature_dir')

    def read(self) -> ndarray:
        """All vectors, mapped into memory.

        Returns:
            ndarray: float16, has shape (num_vectors, dims).

        Raises:
            FileNotFoundError: If they are not all there.
        """
        if not self.is_complete:
            raise FileNotFoundError(
                f'The crop features in {self.folder} are not complete here. '
                'model.track_book.feature_dir must be a folder that all '
                'nodes of a training see.')
        shape = (self.num_vectors, self.dims)
        if self.num_vectors == 0:  # an empty file cannot be mapped
            return np.zeros(shape, np.float16)
        return np.memmap(self.path, np.float16, 'r', shape=shape)
