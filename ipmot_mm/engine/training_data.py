"""What a training was fed with, small enough for a checkpoint."""
from typing import Any, Dict, List, Optional

from torch.utils.data import Dataset

from ipmot_mm.user_errors import some

Description = Dict[str, Any]

_COUNTS = ('frames', 'objects', 'ids')


def describe_data(dataset: Dataset) -> Optional[Description]:
    """Names and numbers of a data set.

    Args:
        dataset (Dataset): Of the training data loader; a clip data set,
            several of them as one, or one that wraps another.

    Returns:
        dict, optional: ``classes``, a list of names, and ``videos``: by data
        set and video the numbers of frames, objects and ids. None for data
        sets of other packages.
    """
    while not hasattr(dataset, 'count_by_video') and hasattr(
            dataset, 'dataset'):
        dataset = dataset.dataset
    parts = getattr(dataset, 'datasets', [dataset])
    if not all(hasattr(part, 'count_by_video') for part in parts):
        return None
    return dict(
        classes=[str(name) for name in parts[0].metainfo.get('classes', ())],
        videos={part.dataset_name: part.count_by_video()
                for part in parts})


def data_difference(before: Description, now: Description) -> str:
    """Say in one line how two trainings differ in their data.

    Args:
        before (dict): Of :func:`describe_data`, in the checkpoint.
        now (dict): The same of this training.

    Returns:
        str: Empty where they are the same.
    """
    parts: List[str] = []
    if before['classes'] != now['classes']:
        parts.append(f'its classes were {before["classes"]}, now '
                     f'{now["classes"]}')
    old, new = before['videos'], now['videos']
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            parts.append(f'data set "{name}" is missing')
        elif name not in old:
            parts.append(f'data set "{name}" is new')
        else:
            changes = _video_changes(old[name], new[name])
            if changes:
                parts.append(f'in "{name}" {", ".join(changes)}')
    return '; '.join(parts)


def _video_changes(old: Dict[str, List[int]],
                   new: Dict[str, List[int]]) -> List[str]:
    """In words; ``some`` cuts long lists."""
    changes = []
    missing, added = sorted(old.keys() - new.keys()), sorted(new.keys() -
                                                             old.keys())
    if missing:
        changes.append(f'videos missing: {some(missing)}')
    if added:
        changes.append(f'videos new: {some(added)}')
    others = [
        f'{name} ({_count_change(old[name], new[name])})'
        for name in sorted(old.keys() & new.keys()) if old[name] != new[name]
    ]
    if others:
        changes.append(f'videos changed: {some(others)}')
    return changes


def _count_change(old: List[int], new: List[int]) -> str:
    return ', '.join(f'{before} {what} before, {now} now'
                     for what, before, now in zip(_COUNTS, old, new)
                     if before != now)
