"""The TrackBook of a checkpoint, and which of its persons to look at."""
import inspect
import logging
from typing import Dict, List, Optional, Sequence

import numpy as np
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope

from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.engine.identity_crops import (cut_identity_crops,
                                            missing_identities)
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.registry import DATASETS, MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.structures.identity_map import IdentityKey

PREFIX = 'track_book.'


def load_track_book(cfg: Config, checkpoint: str) -> TrackBookHead:
    """Build the TrackBook of a config and fill it from a checkpoint.

    Args:
        cfg (:obj:`Config`): Of the training.
        checkpoint (str): Its file.

    Returns:
        :obj:`TrackBookHead`: On the CPU, with the identities that the
        checkpoint names.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If config or checkpoint have no TrackBook, or they do not
            fit.
    """
    settings = cfg.get('model', {}).get('track_book')
    if settings is None:
        raise ValueError(
            'The config has no model.track_book; give that of a training '
            'with a TrackBook, not of a baseline.')
    weights = {
        key[len(PREFIX):]: value
        for key, value in load_weights(checkpoint).items()
        if key.startswith(PREFIX)
    }
    if 'tokens' not in weights:
        raise ValueError(
            f'{checkpoint} has no TrackBook: released weights are stripped '
            'of it. Give an epoch_*.pth of the work directory of a training.')
    init_default_scope(cfg.get('default_scope') or 'ipmot_mm')
    track_book = MODELS.build(settings)
    track_book.load_state_dict(weights)
    return track_book.eval()


def untrained_copy(cfg: Config, track_book: TrackBookHead) -> TrackBookHead:
    """The TrackBook as it was before the first step of its training.

    The tokens are drawn from a seed, so that they can be drawn again: what
    untrained prompts say as well is not learned.

    Args:
        cfg (:obj:`Config`): Of the training.
        track_book (:obj:`TrackBookHead`): Of :func:`load_track_book`.

    Returns:
        :obj:`TrackBookHead`: With the same identities.
    """
    untrained = MODELS.build(cfg.model.track_book)
    untrained.set_identity_map(track_book.identity_map)
    return untrained.eval()


def template_of(cfg: Config) -> str:
    """The sentence around the learned tokens, with ``{}`` for them.

    Args:
        cfg (:obj:`Config`): With ``model.track_book``.

    Returns:
        str: That of the config, or the default of :class:`TrackBookHead`.
    """
    default = inspect.signature(TrackBookHead).parameters['template'].default
    return cfg.model.track_book.get('template', default)


def choose_identities(identity_map: IdentityMap,
                      names: Optional[Sequence[str]],
                      num: int) -> List[int]:
    """Rows of the TrackBook.

    Args:
        identity_map (:obj:`IdentityMap`): What there is.
        names (sequence[str], optional): Row numbers, or ``VIDEO:ID`` with
            the id of the annotation. None spreads ``num`` rows evenly.
        num (int): Used without names.

    Returns:
        list[int]: In the order of the names.

    Raises:
        ValueError: If a name is unknown or several data sets have it.
    """
    if names is None:
        steps = np.linspace(0, len(identity_map) - 1,
                            min(num, len(identity_map)))
        return steps.round().astype(int).tolist()
    return [_find_row(identity_map, name) for name in names]


def _find_row(identity_map: IdentityMap, name: str) -> int:
    if name.isdecimal():
        rows = [int(name)] if int(name) < len(identity_map) else []
    else:
        rows = [
            row for row, (_, video, ident) in enumerate(identity_map.keys)
            if f'{video}:{ident}' == name
        ]
    if len(rows) != 1:
        first = identity_map.keys[0] if len(identity_map) else ('', '-', 0)
        raise ValueError(
            f'identity {name!r} means {len(rows)} of the '
            f'{len(identity_map)} persons of the TrackBook; give a row number '
            f'in 0..{len(identity_map) - 1} or VIDEO:ID such as '
            f'{first[1]}:{first[2]}')
    return rows[0]


def name_identity(identity_map: IdentityMap, row: int) -> str:
    """``VIDEO:ID`` of a row, as :func:`choose_identities` reads it.

    Args:
        identity_map (:obj:`IdentityMap`): What there is.
        row (int): Of the TrackBook.

    Returns:
        str: The name.
    """
    _, video, ident = identity_map.keys[row]
    return f'{video}:{ident}'


def load_training_crops(cfg: Config, track_book: TrackBookHead,
                        rows: Sequence[int]) -> Dict[IdentityKey, np.ndarray]:
    """One picture of each of some persons, from the training data.

    Args:
        cfg (:obj:`Config`): Of the training.
        track_book (:obj:`TrackBookHead`): Knows who has which row.
        rows (sequence[int]): Of the TrackBook.

    Returns:
        dict[tuple, np.ndarray]: See :func:`cut_identity_crops`. A warning is
        logged where the data has other persons than the TrackBook.

    Raises:
        FileNotFoundError: If the data is not where the config says.
    """
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    difference = missing_identities(dataset, track_book.identity_map)
    if difference:
        print_log(
            f'The training data has other persons: {difference}. Pictures '
            'may be missing or show somebody else.',
            level=logging.WARNING)
    return cut_identity_crops(
        dataset, [track_book.identity_map.keys[row] for row in rows])
