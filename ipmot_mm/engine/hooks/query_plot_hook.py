"""What hooks have in common that draw the queries of one video."""
from abc import abstractmethod
from typing import Any, Optional

from mmdet.structures import DetDataSample
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn

from ipmot_mm.visualization.frame_recorder import FrameRecorder

from ..distributed import unwrap
from .picture_hook import PictureHook, step_of


class QueryPlotHook(PictureHook):
    """Records the queries of one video of a validation or a test.

    The first rank draws, of the videos that it tracks.

    Args:
        video (str, optional): Name of the video. Defaults to None, for the
            first one.
        interval (int): See :class:`PictureHook`.
    """

    def __init__(self, *, video: Optional[str], interval: int) -> None:
        super().__init__(interval=interval)
        self.video = video
        self.recorder: Optional[Any] = None
        self._chosen: Optional[tuple] = None

    @abstractmethod
    def make_recorder(self, model: nn.Module) -> FrameRecorder:
        """What looks at the model during the epoch."""

    @abstractmethod
    def see(self, frame: DetDataSample, place: int) -> None:
        """Take one frame of the video.

        Args:
            frame (:obj:`DetDataSample`): With ``pred_track_instances``.
            place (int): Which of the frames of this iteration it is.
        """

    @abstractmethod
    def draw(self, runner: Runner, prefix: str, step: int) -> bool:
        """Give pictures and numbers to the visualizer.

        Args:
            runner (:obj:`Runner`): Has the visualizer.
            prefix (str): ``'val'`` or ``'test'``.
            step (int): Number of the epoch or iteration.

        Returns:
            bool: False if there was nothing to draw.
        """

    def before_run(self, runner: Runner) -> None:
        """Refuse what the model does not have, not after an epoch.

        Args:
            runner (:obj:`Runner`): Has the model.
        """
        self.make_recorder(unwrap(runner.model))

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin to record, where a picture is due.

        Args:
            runner (:obj:`Runner`): Has the model.
        """
        super().before_val_epoch(runner)
        self._chosen = None
        if self.is_due and is_main_process():
            self.recorder = self.make_recorder(unwrap(runner.model))
            self.recorder.attach()

    def take(self, frame: DetDataSample, place: int) -> None:
        """See :meth:`PictureHook.take`."""
        if self.recorder is None:
            return
        # names repeat over data sets
        video = (frame.get('dataset_name'), frame.video_name)
        if self._chosen is None and self.video in (None, video[1]):
            self._chosen = video
        if video == self._chosen:
            self.see(frame, place)

    def finish(self, runner: Runner, prefix: str) -> None:
        """Draw, and leave the model as it was."""
        if self.recorder is None:
            return
        self.recorder.detach()
        self.recorder = None
        if not self.draw(runner, prefix, step_of(runner)):
            video = self.video or (self._chosen or ('', 'no video'))[1]
            print_log(
                f'{type(self).__name__}: nothing to draw of {video}; it has '
                'no track yet, or is not among the videos of the first rank',
                'current')
