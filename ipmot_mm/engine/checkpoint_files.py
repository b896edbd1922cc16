"""What is in the work dir of a training besides its checkpoints."""
import os
import os.path as osp
from logging import ERROR
from pathlib import Path
from typing import Optional

from mmengine.dist import master_only
from mmengine.logging import print_log

from ipmot_mm.atomic_files import (NotWrittenError, discard, find_abandoned,
                                   write_atomically)

POINTER = 'last_checkpoint'
"""File which names the checkpoint to go on from, as mmengine calls it."""


@master_only
def point_to(folder: str, path: str) -> None:
    """Say which checkpoint of a training is its latest, on the first rank.

    Args:
        folder (str): Work dir of the training.
        path (str): The checkpoint.

    Raises:
        NotWrittenError: The note before it is unchanged.
    """
    write_atomically(osp.join(folder, POINTER), os.fsencode(path))


def read_pointer(folder: str) -> Optional[str]:
    """The path in the note of :func:`point_to`, None where there is none."""
    try:
        return os.fsdecode(Path(folder, POINTER).read_bytes()).strip() or None
    except OSError:
        return None


@master_only
def remove_unfinished(folder: str) -> None:
    """Remove what killed trainings began to write, not what is being written.

    Args:
        folder (str): Where checkpoints are.
    """
    for path in find_abandoned(folder):
        print_log(f'removing {path}, which a killed run left', 'current')
        discard(path)


def report_unwritten(error: NotWrittenError, folder: str) -> None:
    """Log the one line of a training that goes on without a checkpoint.

    Args:
        error (NotWrittenError): What was not written.
        folder (str): Work dir of the training.
    """
    last = read_pointer(folder)
    print_log(
        f'{error}. The training goes on and tries again at the next '
        f'checkpoint; the last good one is {last or "none"}',
        'current',
        level=ERROR)
