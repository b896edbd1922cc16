"""What hooks have in common that draw how a validation was scored."""
from abc import abstractmethod
from typing import Optional

from mmengine.dist import is_main_process
from mmengine.runner import Runner

from ipmot_mm.evaluation import TrackEvalMetric

from .picture_hook import PictureHook, step_of


class ScorePictureHook(PictureHook):
    """Draws after a validation or a test, when the metric has its scores.

    Args:
        interval (int): See :class:`PictureHook`. Defaults to 1.
    """

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

    def finish(self, runner: Runner, prefix: str) -> None:
        """See :meth:`PictureHook.finish`."""
        self.gather()
        if is_main_process():
            loop = runner.val_loop if prefix == 'val' else runner.test_loop
            metric = next((each for each in loop.evaluator.metrics
                           if isinstance(each, TrackEvalMetric)), None)
            self.draw(runner, metric, prefix, step_of(runner))
