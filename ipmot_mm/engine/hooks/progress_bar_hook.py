"""One progress bar for a training or a test."""
from typing import Any, Optional, Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner
from tqdm import tqdm

from ipmot_mm.registry import HOOKS


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show iterations, time left and the loss in one line.

    For a person in front of a terminal; lower ``log_level`` to ``WARNING`` so
    that log lines do not break the bar. Only the main rank shows it.

    Args:
        interval (int): Iterations between two readings of the loss, each of
            which waits for the device. Defaults to 10.
        desc (str): What stands before the bar. Defaults to ''.
    """

    priority = 'LOW'

    def __init__(self, *, interval: int = 10, desc: str = '') -> None:
        self.interval = interval
        self.desc = desc
        self.bar: Optional[tqdm] = None

    def _open(self, what: str, total: int, begin: int = 0) -> None:
        self._close()
        self.bar = tqdm(
            desc=f'{self.desc} {what}'.strip(),
            total=total,
            initial=begin,
            mininterval=1.0,
            dynamic_ncols=True)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def before_train(self, runner: Runner) -> None:
        """Open the bar over all epochs."""
        if runner.rank == 0:
            self._open('train', runner.max_iters, runner.iter)

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Advance by one iteration."""
        if self.bar is None:
            return
        self.bar.update(1)
        # a skipped iteration has no loss
        if outputs and 'loss' in outputs and self.every_n_train_iters(
                runner, self.interval):
            self.bar.set_postfix(
                epoch=f'{runner.epoch + 1}/{runner.max_epochs}',
                loss=f'{outputs["loss"].item():.2f}',
                refresh=False)

    def after_train(self, runner: Runner) -> None:
        """Close the bar."""
        self._close()

    def before_test_epoch(self, runner: Runner) -> None:
        """Open the bar over all frames."""
        if runner.rank == 0:
            self._open('track', len(runner.test_dataloader))

    def after_test_iter(self,
                        runner: Runner,
                        batch_idx: int,
                        data_batch: Any = None,
                        outputs: Optional[Sequence] = None) -> None:
        """Advance by one frame."""
        if self.bar is not None:
            self.bar.update(1)

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[dict] = None) -> None:
        """Close the bar."""
        self._close()
