"""A training that can stop at any iteration and go on as if it had not."""
import logging
from typing import Any, Optional, Union

from mmengine.dist import barrier, get_rank
from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from ipmot_mm.registry import LOOPS
from ipmot_mm.user_errors import TrainingTerminated

from ..checkpoint_files import read_pointer
from ..hooks.epoch_position_hook import EpochPositionHook
from ..stop_request import StopRequest
from .batch_reader import BatchReader
from .iteration_seed import seed_generators

READ, STEP = 0, 1  # streams of random numbers within an iteration


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """mmengine's epochs, which can also begin in the middle.

    mmengine 0.10.7 (runner/loops.py:108-117) repeats the whole epoch after a
    resume from a checkpoint of its middle, and counts beyond the last
    iteration. Here

    - the epoch goes on at the next clip, without loading those before;
    - a validation that was due is run again, since the checkpoint before it
      cannot tell whether it was finished;
    - random numbers of an iteration depend on the seed of the run, the
      iteration and the rank alone;
    - workers of the data loader that die are replaced
      (:class:`BatchReader`);
    - SIGTERM, which clusters send before they end a job, ends the training
      after an iteration, on all ranks together: hooks with a method
      ``before_termination(runner)`` save, then :class:`TrainingTerminated` is
      raised.

    Args:
        runner (:obj:`Runner`): It gets an :class:`EpochPositionHook`.
        dataloader (DataLoader | dict): A data loader or its config.
        max_epochs (int): Total epochs.
        kwargs (dict): Of mmengine's ``EpochBasedTrainLoop``.
    """

    def __init__(self, runner: Runner, dataloader: Union[DataLoader, dict],
                 max_epochs: int, **kwargs: Any) -> None:
        super().__init__(runner, dataloader, max_epochs, **kwargs)
        self._reader: Optional[BatchReader] = None
        runner.register_hook(EpochPositionHook())

    def run(self) -> nn.Module:
        """Train.

        Returns:
            nn.Module: The model.
        """
        with BatchReader(self.dataloader) as self._reader:
            self.runner.call_hook('before_train')
            if 0 < self._iter == self._epoch * len(self.dataloader):
                self._validate()
            while self._epoch < self._max_epochs and not self.stop_training:
                self.run_epoch()
                self._validate()
            self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Train one epoch, or what is left of it."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        begin, length = self._iterations_done(), len(self.dataloader)
        self._seed(READ)
        with StopRequest() as request:
            for index, batch in self._reader.read(begin):
                self.run_iter(index, batch)
                if request.is_due(self._iter, is_last=index + 1 == length):
                    self._terminate()
                self._seed(READ)
            self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Train on one batch.

        Args:
            idx (int): Index of the batch in the epoch.
            data_batch (Any): Of the data loader.
        """
        self._seed(STEP)
        super().run_iter(idx, data_batch)

    def _terminate(self) -> None:
        """Save where the training is, and leave it."""
        self.runner.call_hook('before_termination')
        barrier()  # the others would be killed when the first one is gone
        latest = read_pointer(self.runner.work_dir)
        remedy = (f'--resume goes on from {latest}'
                  if latest else 'no checkpoint was written yet')
        raise TrainingTerminated(
            f'terminated after {self._iter} iterations; {remedy}')

    def _validate(self) -> None:
        """Run the validation if it is due after this many epochs."""
        self._decide_current_val_interval()
        if (self.runner.val_loop is not None and self._epoch >= self.val_begin
                and (self._epoch % self.val_interval == 0
                     or self._epoch == self._max_epochs)):
            self.runner.val_loop.run()

    def _iterations_done(self) -> int:
        """Of the present epoch."""
        length = len(self.dataloader)
        done = self._iter - self._epoch * length
        if 0 <= done <= length:
            return done
        print_log(
            f'iteration {self._iter} is not in epoch {self._epoch + 1} of '
            f'{length} iterations; the epoch is repeated.',
            logger='current',
            level=logging.WARNING)
        self._iter = self._epoch * length
        return 0

    def _seed(self, stream: int) -> None:
        seed_generators((self.runner.seed, self._iter, get_rank(), stream))
