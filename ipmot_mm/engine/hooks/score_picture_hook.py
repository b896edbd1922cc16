"""What hooks have in common that draw how a validation was scored."""
from abc import abstractmethod
from typing import Optional

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.evaluation import TrackEvalMetric


class ScorePictureHook(Hook):
    """Draws after a validation or a test, when the metric has its scores.

    Pictures and numbers go to ``runner.visualizer``, and so to all of its
    backends: TensorBoard, W&B, MLflow and the others.

    Args:
        interval (int): Validations from one picture to the next; the first
            has one. Defaults to 1.
    """

    def __init__(self, *, interval: int = 1) -> None:
        if not (isinstance(interval, int) and interval > 0):
            raise ValueError(
                f'{type(self).__name__}: interval must be a positive integer,'
                f' got {interval!r}; 1 draws at every validation')
        self.interval = interval
        self.is_due = False
        self._num_epochs = 0

    @abstractmethod
    def draw(self, runner: Runner, metric: Optional[TrackEvalMetric],
             prefix: str, step: int) -> None:
        """Give pictures to the visualizer; on the first rank.

        Args:
            runner (:obj:`Runner`): Has the visualizer.
            metric (:obj:`TrackEvalMetric`, optional): Has the scores. None if
                there is another metric only.
            prefix (str): ``'val'`` or ``'test'``.
            step (int): Number of the epoch, or of the iteration in a
                training without epochs.
        """

    def gather(self) -> None:
        """Called on all ranks before :meth:`draw`."""

    def before_val_epoch(self, runner: Runner) -> None:
        """Count."""
        self.is_due = self._num_epochs % self.interval == 0
        self._num_epochs += 1

    def before_test_epoch(self, runner: Runner) -> None:
        """Count."""
        self.before_val_epoch(runner)

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[dict] = None) -> None:
        """Draw if a picture is due.

        Args:
            runner (:obj:`Runner`): Has the visualizer.
            metrics (dict, optional): Not used.
        """
        self._finish(runner, 'val')

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[dict] = None) -> None:
        """Draw if a picture is due; see :meth:`after_val_epoch`."""
        self._finish(runner, 'test')

    def _finish(self, runner: Runner, prefix: str) -> None:
        if not self.is_due:
            return
        self.gather()
        if is_main_process():
            loop = runner.val_loop if prefix == 'val' else runner.test_loop
            metric = next((each for each in loop.evaluator.metrics
                           if isinstance(each, TrackEvalMetric)), None)
            self.draw(runner, metric, prefix, step_of(runner))


def step_of(runner: Runner) -> int:
    """Where backends put a picture, beside the scores of the validation.

    Args:
        runner (:obj:`Runner`): Training, validating or testing.

    Returns:
        int: Epochs done, or iterations in a training without epochs; 0 in a
        run without training.
    """
    if isinstance(runner._train_loop, dict) or runner._train_loop is None:
        return 0
    by_epoch = runner.log_processor.by_epoch
    return runner.epoch if by_epoch else runner.iter
