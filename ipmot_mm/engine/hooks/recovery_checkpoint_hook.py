"""A checkpoint within the epoch, against losing it."""
import os
import os.path as osp
from typing import Any, Optional

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.registry import HOOKS

from ..checkpoint_files import point_to, read_pointer, report_unwritten

FILE = 'recovery.pth'


@HOOKS.register_module()
class RecoveryCheckpointHook(Hook):
    """Overwrite ``recovery.pth`` in the work dir every so many iterations,
    and when the training is terminated.

    ``--resume`` takes it as long as it is the latest checkpoint. One that
    ``CheckpointHook`` writes at the end of an epoch is later, and
    ``recovery.pth`` is removed. For :class:`ResumableTrainLoop`; the loops of
    mmengine would repeat the epoch.

    Args:
        interval (int): Iterations from one to the next, -1 for never.
            Defaults to 1000.

    Raises:
        ValueError: If the interval is neither.
    """

    # after all that change what is saved, and after CheckpointHook
    priority = 'LOWEST'

    def __init__(self, *, interval: int = 1000) -> None:
        if interval < 1 and interval != -1:
            raise ValueError(
                'interval of RecoveryCheckpointHook must be at least 1 '
                f'iteration, or -1 for never, got {interval}.')
        self.interval = interval

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Save, if it is time.

        Args:
            runner (:obj:`Runner`): Of the training.
            batch_idx (int): Not used.
            data_batch (Any): Not used.
            outputs (dict, optional): Not used.
        """
        if self.every_n_train_iters(runner, self.interval):
            self._save(runner, runner.iter + 1)

    def before_termination(self, runner: Runner) -> None:
        """Save; called by :class:`ResumableTrainLoop` on SIGTERM.

        Args:
            runner (:obj:`Runner`): Of the training, between two iterations.
        """
        if self.interval != -1:
            self._save(runner, runner.iter)

    def after_train_epoch(self, runner: Runner) -> None:
        """Remove the file once there is a later one.

        Args:
            runner (:obj:`Runner`): Of the training.
        """
        self._remove(runner)

    def _save(self, runner: Runner, num_iters: int) -> None:
        meta = dict(epoch=runner.epoch, iter=num_iters)
        try:
            runner.save_checkpoint(
                runner.work_dir, FILE, meta=meta, by_epoch=False)
            point_to(runner.work_dir, osp.join(runner.work_dir, FILE))
        except NotWrittenError as error:
            report_unwritten(error, runner.work_dir)

    @master_only
    def _remove(self, runner: Runner) -> None:
        file = osp.join(runner.work_dir, FILE)
        # By its name: the folder may have been moved.
        latest = osp.basename(read_pointer(runner.work_dir) or FILE)
        if latest != FILE and osp.isfile(file):
            os.remove(file)
