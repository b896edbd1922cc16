"""Trap: the host's parts are optional in pip's eyes, and gates are hated.

mm packages overwrite each other's folders (mmcv and mmcv-lite both own
``mmcv/``), so that none is an unconditional requirement; a user can end up
without one. What is missing is told with the line that installs it. No
version is compared: an API which is there is good enough.

Can go: when OpenMMLab's packages can be plain requirements.
"""
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import List

INSTALL_LINE = 'pip install "ipmot_mm[lite]"'
# A file stands for the API that came with it: looking at a file imports
# nothing.
_HOST_API = (
    ('mmengine', 'runner/checkpoint.py', 'mmengine.runner'),
    ('mmcv', 'transforms/wrappers.py', 'mmcv.transforms'),
    ('mmdet', 'structures/track_data_sample.py',
     'mmdet.structures.TrackDataSample'),
    ('mmdet', 'models/mot/base.py', 'mmdet.models.mot.BaseMOTModel'),
)


def find_missing_api() -> List[str]:
    """Names of what this package calls and the installation lacks."""
    return [
        name for package, file, name in _HOST_API
        if not _has_file(package, file)
    ]


def _has_file(package: str, file: str) -> bool:
    spec = find_spec(package)
    if spec is None:
        return False
    return any(
        Path(folder, file).is_file()
        for folder in spec.submodule_search_locations or ())


def check_host() -> None:
    """Warn, with the line that helps, where the host is incomplete."""
    missing = find_missing_api()
    if missing:
        warnings.warn(
            f'ipmot_mm needs {", ".join(missing)}, which cannot be found; '
            f'install OpenMMLab\'s packages with: {INSTALL_LINE}',
            stacklevel=3)
