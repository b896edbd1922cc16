"""Tell the TrackBook of the persons of the training data."""
from typing import Any, Optional, Tuple

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS
from ipmot_mm.structures import IdentityMap

from ..crop_features import open_crop_features
from ..training_persons import unwrap
from .training_parts import find_training_parts

FLOATS_PER_NUMBER = 3  # the token and both moments of RowwiseAdamW


@HOOKS.register_module()
class TrackBookHook(Hook):
    """Give ``model.track_book`` one row per identity of the training data.

    The rows are made in ``before_run``, the only point of ``Runner.train``
    (mmengine 0.10.7, runner.py:1745) that knows the data and lies before
    weights are synchronised over ranks and before a checkpoint is loaded. The
    priority puts it before hooks that copy the model there, such as
    ``EMAHook``. In ``before_train``, when the model is on its device, the
    features of all crops are opened, if the TrackBook has a ``feature_dir``.
    Does nothing for a model without a TrackBook and in validation or test.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Allocate the rows.

        Args:
            runner (:obj:`Runner`): Its training data set, or one it wraps,
                has an ``identity_map``.

        Raises:
            ValueError: If the data set cannot tell its identities.
        """
        parts = _find_track_book(runner)
        if parts is None:
            return
        track_book, dataset = parts
        identity_map = find_identity_map(dataset)
        track_book.set_identity_map(identity_map)
        num_bytes = (
            track_book.tokens.numel() * track_book.tokens.element_size() *
            FLOATS_PER_NUMBER)
        runner.logger.info(
            f'TrackBook: {len(identity_map)} identities, '
            f'{num_bytes / 2**20:.1f} MiB with optimizer state.')

    def before_train(self, runner: Runner) -> None:
        """Open the features of all crops, if the TrackBook reads them.

        Where they are not on the disk yet they are encoded first. That draws
        no random number: a training goes on as one that found them.

        Args:
            runner (:obj:`Runner`): With the model on its device.
        """
        parts = _find_track_book(runner)
        if parts is None or parts[0].feature_dir is None:
            return
        track_book, dataset = parts
        track_book.feature_cache = open_crop_features(
            track_book, dataset,
            track_book.feature_dir.replace('{work_dir}', runner.work_dir))


def _find_track_book(runner: Runner) -> Optional[Tuple[Any, Any]]:
    """TrackBook and data set of a training; None where there is none."""
    parts = find_training_parts(runner)
    if parts is None:
        return None
    track_book = getattr(parts[0], 'track_book', None)
    return None if track_book is None else (track_book, parts[1])


def find_identity_map(dataset: Any) -> IdentityMap:
    """Look for ``identity_map`` on a data set and on those it wraps.

    Args:
        dataset (Dataset): Of the training data loader.

    Returns:
        :obj:`IdentityMap`: Of the outermost data set that has one.
    """
    found = unwrap(dataset)
    if not hasattr(found, 'identity_map'):
        raise ValueError(
            f'The training data set {type(dataset).__name__} has no '
            '"identity_map", which the TrackBook needs. Use a clip data set '
            'of ipmot_mm, or set track_book=None in the model.')
    return found.identity_map
