"""Keep the memory of one image for the next."""
import ctypes
import os
import sys
from functools import lru_cache

TRIM, MMAP = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h."""
TRIM_BYTES = 2**28
MMAP_BYTES = 2**25
"""The largest that glibc accepts on 64 bits."""
OWN_SETTINGS = ('MALLOC_TRIM_THRESHOLD_', 'MALLOC_MMAP_THRESHOLD_',
                'GLIBC_TUNABLES')


@lru_cache(maxsize=None)
def keep_freed_memory() -> bool:
    """Let this process keep up to 256 MiB of freed memory, once.

    glibc gives the memory of every large image back to the system, which then
    has to clear as much for the next one, page by page: a fourth of the time
    that a 1080p frame takes (``benchmark.py loader`` shows it). Workers that
    are forked inherit the setting.

    Returns:
        bool: Whether it is in force. Other C libraries have no such setting,
        and one that the environment makes is left alone.
    """
    if not sys.platform.startswith('linux') or any(
            name in os.environ for name in OWN_SETTINGS):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, 'gnu_get_libc_version'):
        return False
    return bool(
        libc.mallopt(MMAP, MMAP_BYTES) and libc.mallopt(TRIM, TRIM_BYTES))
