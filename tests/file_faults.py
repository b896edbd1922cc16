"""Faults of files that a test can do to itself: a full disk, a kill."""
import contextlib
import os
import resource

LARGE = 2**20
"""Bytes, more than a full disk takes."""


@contextlib.contextmanager
def full_disk(limit=LARGE // 2):
    """No file can become larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def in_child(call):
    """Exit status of a forked process that runs ``call``: negative for the
    signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            call()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def names_in(folder):
    """Checkpoints and what was left of one."""
    return sorted(path.name for path in folder.iterdir()
                  if '.pth' in path.name)
