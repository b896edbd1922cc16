"""Trap: paths of a config mean the folder that a command is started in.

``load_from='checkpoints/a.pth'`` of a shipped config is right in the root of a
checkout and nowhere else; and mmengine reads ``package::config``
(``mmengine/config/config.py:1247``, ``_get_cfg_path``) in ``_base_`` alone.
A file of that path below the folder one is in still comes first.

Can go: when mmengine resolves both.
"""
import os.path as osp
from pathlib import Path
from typing import List, Optional

PACKAGE = Path(__file__).resolve().parents[1]
PREFIX = 'ipmot_mm::'


def find_config(name: str) -> Optional[str]:
    """A config file by its path or, as mim does, by its name.

    Args:
        name (str): Path of a file, ``ipmot_mm::`` and a path below
            ``configs``, or the name of a shipped leaf with or without ``.py``.

    Returns:
        str: Path of the file, None if there is none.
    """
    if osp.isfile(name):
        return name
    for root in _roots():
        configs = root / 'configs'
        if name.startswith(PREFIX):
            file = configs / name[len(PREFIX):]
            found = [file] if file.is_file() else []
        else:
            found = _leaves(configs, name)
        if len(found) == 1:
            return str(found[0])
    return None


def find_checkpoint(path: str) -> str:
    """A checkpoint, also where the package brought it.

    Args:
        path (str): A file, or an address.

    Returns:
        str: Path of the shipped file if there is none below the current
        folder; otherwise ``path``.
    """
    if osp.isabs(path) or '://' in path or osp.isfile(path):
        return path
    for root in _roots():
        if (root / path).is_file():
            return str(root / path)
    return path


def _leaves(configs: Path, name: str) -> List[Path]:
    if osp.dirname(name):
        return []
    file = name if name.endswith('.py') else f'{name}.py'
    return [
        path for path in sorted(configs.rglob('*.py'))
        if path.name == file and '_base_' not in path.parts
    ]


def _roots() -> List[Path]:
    """Folders that hold ``configs`` and ``checkpoints``: of a wheel, of a
    checkout."""
    return [
        root for root in (PACKAGE / '.mim', PACKAGE.parent)
        if (root / 'configs').is_dir()
    ]
