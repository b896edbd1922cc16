"""Go on with a training on its own data only."""
from typing import Any, Dict, List, Optional

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS

from ..training_data import data_difference, describe_data
from .training_parts import find_training_parts

META_KEY = 'training_data'
DROP_ROWS = (', after tools/model_converters/publish_model.py --plain, which '
             'removes the rows of the TrackBook')
_IDENTITY_KEYS = 'track_book.identity_keys'


@HOOKS.register_module()
class TrainingDataHook(Hook):
    """Write into every checkpoint which data it was trained on, and compare.

    Other videos, lengths, annotations or identities are refused on a resume,
    before the shapes of the TrackBook are compared. Other settings of the
    sampler are warned of. Weights to start from (``load_from``) may come from
    any data, and checkpoints without the description are taken as they are.
    """

    # before CheckpointLayoutHook, which would only name a shape
    priority = 'VERY_HIGH'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add ``meta['training_data']``."""
        parts = find_training_parts(runner)
        description = parts and describe_data(parts[1])
        if description:
            checkpoint['meta'][META_KEY] = dict(
                description, sampler=_describe_sampler(runner))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare, if the training goes on from this checkpoint.

        Raises:
            ValueError: The data differs.
        """
        parts = find_training_parts(runner)
        if parts is None or not runner._resume:
            return
        model, dataset = parts
        saved = checkpoint.get('meta', {}).get(META_KEY)
        now = describe_data(dataset)
        other_rows = _compare_identities(model, checkpoint)
        differences = [other_rows]
        if saved and now:
            differences.append(data_difference(saved, now))
            _warn_of_settings(runner, saved.get('sampler', {}))
        difference = '; '.join(filter(None, differences))
        if difference:
            source = runner._load_from or f'the latest in {runner.work_dir}'
            raise ValueError(
                f'resume: {source} was trained on other data: {difference}. '
                'Give the data of its training, or start a new training from '
                'its weights with load_from'
                f'{DROP_ROWS if other_rows else ""}')


def _compare_identities(model: Any, checkpoint: dict) -> str:
    """The difference of the TrackBook, which the shapes alone do not say."""
    track_book = getattr(model, 'track_book', None)
    saved = checkpoint.get('state_dict', {}).get(_IDENTITY_KEYS)
    if track_book is None or saved is None:
        return ''
    difference = track_book.compare_identities(saved)
    return difference and f'the TrackBook has {difference}'


def _describe_sampler(runner: Runner) -> Dict[str, str]:
    """Settings of the config as text; the seed is compared elsewhere."""
    loader: Optional[dict] = runner.cfg.get('train_dataloader')
    sampler = loader.get('sampler') if isinstance(loader, dict) else None
    if not isinstance(sampler, dict):
        return {}
    return {
        str(key): repr(value)
        for key, value in sampler.items() if key != 'seed'
    }


def _warn_of_settings(runner: Runner, before: Dict[str, str]) -> None:
    now = _describe_sampler(runner)
    changes: List[str] = [
        f'{key} was {before.get(key, "not set")}, now '
        f'{now.get(key, "not set")}'
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    if before and now and changes:
        runner.logger.warning(
            f'resume: train_dataloader.sampler differs: {"; ".join(changes)}. '
            'The run is no longer what it would have been')
