"""What hooks have in common that draw at validations and tests."""
from abc import abstractmethod
from typing import Optional, Sequence

from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.hooks import Hook
from mmengine.runner import Runner


class PictureHook(Hook):
    """Draws at every so many validations; a test counts as one.

    Pictures and numbers go to ``runner.visualizer``, and so to all of its
    backends: TensorBoard, W&B, MLflow and the others.

    Args:
        interval (int): Validations from one picture to the next; the first
            has one. Defaults to 1.

    Raises:
        ValueError: If the interval is not positive.
    """

    def __init__(self, *, interval: int = 1) -> None:
        check_interval(self, interval, 'validation')
        self.interval = interval
        self.is_due = False
        self._num_epochs = 0

    @abstractmethod
    def finish(self, runner: Runner, prefix: str) -> None:
        """Draw, on whatever ranks; called on all where a picture is due.

        Args:
            runner (:obj:`Runner`): Has the visualizer.
            prefix (str): ``'val'`` or ``'test'``.
        """

    def take(self, frame: DetDataSample, place: int) -> None:
        """Look at one frame, on all ranks, where a picture is due.

        Args:
            frame (:obj:`DetDataSample`): With ``pred_track_instances``.
            place (int): Which of the frames of this iteration it is.
        """

    def before_val_epoch(self, runner: Runner) -> None:
        """Count.

        Args:
            runner (:obj:`Runner`): Not used.
        """
        self.is_due = self._num_epochs % self.interval == 0
        self._num_epochs += 1

    def after_val_iter(self,
                       runner: Runner,
                       batch_idx: int,
                       data_batch: Optional[dict] = None,
                       outputs: Optional[Sequence[TrackDataSample]] = None
                       ) -> None:
        """Take the frames of one iteration if a picture is due.

        Args:
            runner (:obj:`Runner`): Not used.
            batch_idx (int): Not used.
            data_batch (dict, optional): Not used.
            outputs (Sequence[TrackDataSample], optional): Predictions.
        """
        if self.is_due:
            frames = [frame for sample in outputs or ()
                      for frame in sample.video_data_samples]
            for place, frame in enumerate(frames):
                self.take(frame, place)

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[dict] = None) -> None:
        """Draw if a picture is due.

        Args:
            runner (:obj:`Runner`): Has the visualizer.
            metrics (dict, optional): Not used.
        """
        if self.is_due:
            self.finish(runner, 'val')

    def before_test_epoch(self, runner: Runner) -> None:
        """See :meth:`before_val_epoch`."""
        self.before_val_epoch(runner)

    def after_test_iter(self,
                        runner: Runner,
                        batch_idx: int,
                        data_batch: Optional[dict] = None,
                        outputs: Optional[Sequence[TrackDataSample]] = None
                        ) -> None:
        """See :meth:`after_val_iter`."""
        self.after_val_iter(runner, batch_idx, data_batch, outputs)

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[dict] = None) -> None:
        """See :meth:`after_val_epoch`."""
        if self.is_due:
            self.finish(runner, 'test')


def check_interval(hook: Hook, interval: int, unit: str) -> None:
    """Refuse what is no number of validations or epochs.

    Args:
        hook (:obj:`Hook`): Whose it is.
        interval (int): From one picture to the next.
        unit (str): What is counted.

    Raises:
        ValueError: If it is not positive.
    """
    if not (isinstance(interval, int) and interval > 0):
        raise ValueError(
            f'{type(hook).__name__}: interval must be a positive integer, '
            f'got {interval!r}; 1 draws at every {unit}')


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
