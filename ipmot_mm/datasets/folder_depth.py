"""Whether a folder holds sequences, or is above or below one that does."""
import os
from typing import List, Sequence

IMAGE_DIR = 'img1'
MAX_NAMED = 3


def is_sequence(folder: str) -> bool:
    """Whether a folder looks like a sequence of MOTChallenge.

    Args:
        folder (str): The folder.

    Returns:
        bool: True with ``img1`` or ``seqinfo.ini``. Frames in the folder
        itself are a sequence as well, but do not count here.
    """
    return (os.path.isdir(os.path.join(folder, IMAGE_DIR))
            or os.path.isfile(os.path.join(folder, 'seqinfo.ini')))


def refuse_other_depth(data_root: str, names: Sequence[str]) -> None:
    """Refuse a sequence, and the folder above the one that holds them.

    Args:
        data_root (str): The folder.
        names (Sequence[str]): The folders in it.

    Raises:
        FileNotFoundError: If none of them is a sequence, but ``data_root``
            is one, or the folders in one of them are.
    """
    folders = [os.path.join(data_root, name) for name in names]
    if any(map(is_sequence, folders)):
        return
    if IMAGE_DIR in names:
        raise FileNotFoundError(
            f'"{data_root}" looks one folder too low: it is a sequence. Set '
            f'data_root to "{os.path.dirname(os.path.normpath(data_root))}", '
            'and choose with the key sequences.')
    below = [folder for folder in folders if _holds_sequence(folder)]
    if below:
        more = len(below) > 1
        listed = ', '.join(f'"{folder}"' for folder in below[:MAX_NAMED])
        raise FileNotFoundError(
            f'"{data_root}" looks one folder too high: there are sequences in '
            f'{listed}{", ..." if len(below) > MAX_NAMED else ""}. Set '
            f'data_root to {"one of them" if more else "that"}.')


def _holds_sequence(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(
            os.path.isdir(os.path.join(entry.path, IMAGE_DIR))
            for entry in entries if entry.is_dir())


def list_splits(folder: str, splits: Sequence[str]) -> List[str]:
    """Folders named like a split that are no sequences themselves.

    Args:
        folder (str): The folder above.
        splits (Sequence[str]): Names to look for.

    Returns:
        list[str]: Those that are there.
    """
    paths = {name: os.path.join(folder, name) for name in splits}
    return [
        name for name, path in paths.items()
        if os.path.isdir(path) and not is_sequence(path)
    ]
