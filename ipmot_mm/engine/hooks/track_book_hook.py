"""Tell the TrackBook which identities the training data has."""
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS
from ipmot_mm.structures import IdentityMap

from .training_parts import find_training_parts

FLOATS_PER_NUMBER = 3  # the token and both moments of RowwiseAdamW


@HOOKS.register_module()
class TrackBookHook(Hook):
    """Give ``model.track_book`` one row per identity of the training data.

    Runs in ``before_run``, the only point of ``Runner.train`` (mmengine
    0.10.7, runner.py:1745) that knows the data and lies before weights are
    synchronised over ranks and before a checkpoint is loaded. The priority
    puts it before hooks that copy the model there, such as ``EMAHook``. Does
    nothing for a model without a TrackBook and in validation or test.
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
        parts = find_training_parts(runner)
        if parts is None:
            return
        model, dataset = parts
        track_book = getattr(model, 'track_book', None)
        if track_book is None:
            return
        identity_map = find_identity_map(dataset)
        track_book.set_identity_map(identity_map)
        num_bytes = (
            track_book.tokens.numel() * track_book.tokens.element_size() *
            FLOATS_PER_NUMBER)
        runner.logger.info(
            f'TrackBook: {len(identity_map)} identities, '
            f'{num_bytes / 2**20:.1f} MiB with optimizer state.')


def find_identity_map(dataset: Any) -> IdentityMap:
    """Look for ``identity_map`` on a data set and on those it wraps.

    Args:
        dataset (Dataset): Of the training data loader.

    Returns:
        :obj:`IdentityMap`: Of the outermost data set that has one.
    """
    found = dataset
    while not hasattr(found, 'identity_map') and hasattr(found, 'dataset'):
        found = found.dataset
    if not hasattr(found, 'identity_map'):
        raise ValueError(
            f'The training data set {type(dataset).__name__} has no '
            '"identity_map", which the TrackBook needs. Use a clip data set '
            'of ipmot_mm, or set track_book=None in the model.')
    return found.identity_map
