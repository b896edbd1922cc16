"""Where in an epoch a checkpoint was written, and where it goes on."""
import logging
from typing import Tuple

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS

from ..epoch_layout import EpochLayout, can_skip
from ..schedule_replay import replay_schedules

META_KEY = 'epoch_layout'


@HOOKS.register_module()
class EpochPositionHook(Hook):
    """Go on at the right clip with another number of ranks or clips.

    Writes the :class:`EpochLayout` into ``meta`` of every checkpoint. Before
    a run is resumed, the iteration of the checkpoint is replaced by that of
    this run, and so are learning rates if epochs have another length.
    :class:`ResumableTrainLoop` registers it.
    """

    priority = 'VERY_HIGH'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note the layout.

        Args:
            runner (:obj:`Runner`): Of the training.
            checkpoint (dict): Changed in place.
        """
        layout = EpochLayout.of(runner.train_dataloader)
        checkpoint['meta'][META_KEY] = layout.to_dict()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Correct ``meta['iter']``, which the Runner reads next.

        Args:
            runner (:obj:`Runner`): About to load it.
            checkpoint (dict): Changed in place.
        """
        meta = checkpoint.get('meta', {})
        if not runner._resume or 'epoch' not in meta:
            return  # weights to start from
        loader = runner.train_dataloader
        now = EpochLayout.of(loader)
        # Of a checkpoint of mmengine's loop nothing is known.
        saved = EpochLayout(**meta.get(META_KEY, now.to_dict()))
        if saved.sampler_seed is not None:
            # The seed of the checkpoint is that of the run from now on, but
            # the sampler was built with the one of the config.
            loader.sampler.seed = saved.sampler_seed
        done = meta['iter'] - meta['epoch'] * saved.num_batches
        begin, note = _go_on(done, saved, now, can_skip(loader))
        meta['iter'] = meta['epoch'] * now.num_batches + begin
        if note:
            print_log(note, logger='current', level=logging.WARNING)
        if (begin, now.num_batches) != (done, saved.num_batches):
            replay_schedules(runner, checkpoint, meta['epoch'], meta['iter'])


def _go_on(done: int, saved: EpochLayout, now: EpochLayout,
           skips: bool) -> Tuple[int, str]:
    """Iterations of this run's epoch that are done, and what to tell."""
    whole = done in (0, saved.num_batches)
    if not 0 <= done <= saved.num_batches or (
            not whole and saved.num_samples != now.num_samples):
        return 0, ('resume: the checkpoint is not of epochs of '
                   f'{now.num_samples} clips in {now.num_batches} iterations; '
                   'the epoch is repeated.')
    if not whole and not skips:
        return 0, ('resume: the order of train_dataloader cannot be repeated, '
                   'so the epoch is; use ClipSampler or DefaultSampler '
                   'without a batch sampler to go on within it.')
    begin, repeated = now.position_of(done, saved)
    if saved.total_batch_size == now.total_batch_size:
        return begin, ''
    return begin, (
        f'resume: {saved.total_batch_size} clips in an iteration before, '
        f'{now.total_batch_size} now; {repeated} clips are repeated, '
        'schedules are those of the new length, and the run is no longer what '
        'it would have been.')
