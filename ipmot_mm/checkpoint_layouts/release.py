"""From the checkpoint of a training to the file that others get."""
import hashlib
import io
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor

from ipmot_mm.user_errors import CommandError

PARTS = ('tracker', 'detector', 'all')
DETECTOR = 'detector.'
TRACK_BOOK = 'track_book.'
META_KEYS = ('dataset_meta', 'epoch', 'iter')


@dataclass(frozen=True)
class Release:
    """What goes into a file.

    Attributes:
        weights (dict[str, Tensor]): Parameters that are kept.
        num_dropped (int): Parameters of the checkpoint that are not.
        meta (dict): Of the training: classes, epochs, iterations and, if
            wanted, the config. No paths, times or names of videos.
        part (str): One of ``PARTS``.
    """
    weights: Dict[str, Tensor]
    num_dropped: int
    meta: Dict[str, Any]
    part: str


def select(checkpoint: Dict[str, Any],
           part: str,
           *,
           with_config: bool = False) -> Release:
    """Choose what of a checkpoint is kept.

    Optimisers, schedules, logs and the raw weights beside an exponential
    moving average are not; CLIP is in no checkpoint.

    Args:
        checkpoint (dict): Of a training, or weights alone.
        part (str): ``'tracker'`` for all but the TrackBook, which describes
            the persons of the training data, ``'detector'``, or ``'all'``.
        with_config (bool): Whether to keep the text of the config, which may
            name folders. Defaults to False.

    Returns:
        :obj:`Release`: Tensors of the checkpoint.

    Raises:
        CommandError: If nothing would be left, or weights are not finite.
    """
    weights = checkpoint
    if isinstance(checkpoint, dict):
        weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict):
        raise CommandError(
            f'the checkpoint holds a {type(weights).__name__}, not weights by '
            'name; give the checkpoint of a training')
    kept = {
        key: value
        for key, value in weights.items() if _is_kept(key, part)
    }
    if not kept:
        raise CommandError(
            f'the checkpoint has nothing to keep of "{part}", its keys begin '
            f'with {", ".join(sorted({k.split(".")[0] for k in weights}))}; '
            'give the checkpoint of a training')
    broken = [key for key in kept if not kept[key].isfinite().all()]
    if broken:
        raise CommandError(
            f'the checkpoint holds NaN or infinity in {len(broken)} weights, '
            f'such as {broken[0]}; its training had gone wrong, give an older '
            'one')
    meta = checkpoint.get('meta', {})
    names = (*META_KEYS, 'cfg') if with_config else META_KEYS
    return Release(kept, len(weights) - len(kept),
                   {name: meta[name] for name in names if name in meta}, part)


def _is_kept(key: str, part: str) -> bool:
    if part == 'detector':
        return key.startswith(DETECTOR)
    return part == 'all' or not key.startswith(TRACK_BOOK)


def pack(release: Release) -> Tuple[bytes, str]:
    """The bytes of the file and their SHA-256, the same at every call.

    Args:
        release (:obj:`Release`): What to pack.

    Returns:
        tuple[bytes, str]: Content and 64 hexadecimal digits.
    """
    buffer = io.BytesIO()
    # clones, as a view would bring the rest of its storage
    weights = {
        key: value.detach().cpu().clone()
        for key, value in release.weights.items()
    }
    torch.save(dict(meta=release.meta, state_dict=weights), buffer)
    content = buffer.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def differing(release: Release, loaded: Dict[str, Tensor]) -> List[str]:
    """Compare what was written with what a reader gets.

    Args:
        release (:obj:`Release`): That was written.
        loaded (dict[str, Tensor]): Weights after loading.

    Returns:
        list[str]: Keys that are missing or have other values.
    """
    return [
        key for key, value in release.weights.items()
        if key not in loaded or not torch.equal(loaded[key].cpu(),
                                                value.cpu())
    ]
