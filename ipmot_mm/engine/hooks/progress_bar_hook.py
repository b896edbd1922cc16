"""One progress bar for a training or a test."""
import logging
import time
from collections import deque
from typing import Any, Deque, Dict, List, Optional, TextIO, Tuple

from mmdet.structures import TrackDataSample
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from torch import Tensor
from tqdm import tqdm

from ipmot_mm.registry import HOOKS

from ..deferred_scalars import DeferredHistory

FORMAT = ('{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} '
          '[{elapsed}<{remaining}{postfix}]')
WINDOW = 50
"""Iterations that the speed and the loss are averages of."""


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show what is done, the time left, frames per second and the loss.

    Lines of the log appear above the bar; ``log_level='WARNING'`` leaves the
    bar alone. The speed is that of all ranks, as the first one has it. The
    loss is the average that was logged last, so that no device is waited for.
    A validation within the training has a bar of its own below.

    Args:
        only_in_terminal (bool): Show nothing where the output goes to a file
            or to another program. Defaults to False.
        desc (str): What stands before the bar. Defaults to ''.
    """

    priority = 'LOW'  # after LoggerHook

    def __init__(self,
                 *,
                 only_in_terminal: bool = False,
                 desc: str = '') -> None:
        self.only_in_terminal = only_in_terminal
        self.desc = desc
        self.bars: List[tqdm] = []  # a validation is within a training
        self.speed = FrameSpeed()
        self._lines = _LinesAboveBars()

    def before_train(self, runner: Runner) -> None:
        """Open the bar over all epochs."""
        self._open(runner, 'train', runner.max_iters, runner.iter)

    def before_train_epoch(self, runner: Runner) -> None:
        """Do not count the validation in between as slow training."""
        self.speed.reset()

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Advance by one iteration."""
        if not self.bars:
            return
        inputs = data_batch.get('inputs') if isinstance(data_batch,
                                                        dict) else None
        self.speed.add(_count_frames(inputs))
        values = dict(epoch=f'{runner.epoch + 1}/{runner.max_epochs}')
        history = runner.message_hub.log_scalars.get('train/loss')
        if isinstance(history, DeferredHistory):
            loss = history.known_mean(WINDOW)
            if loss is not None:
                values['loss'] = f'{loss:.2f}'
        self._advance(values)

    def after_train(self, runner: Runner) -> None:
        """Close the bar."""
        self._close()

    def before_val_epoch(self, runner: Runner) -> None:
        """Open a bar over the frames of the validation."""
        self._open(runner, 'validate', len(runner.val_dataloader))

    def before_test_epoch(self, runner: Runner) -> None:
        """Open the bar over all frames."""
        self._open(runner, 'track', len(runner.test_dataloader))

    def _after_iter(self,
                    runner: Runner,
                    batch_idx: int,
                    data_batch: Any = None,
                    outputs: Any = None,
                    mode: str = 'test') -> None:
        """Advance by one iteration of a validation or a test."""
        if not self.bars:
            return
        self.speed.add(_count_frames(outputs))
        bar = self.bars[-1]
        # what comes next has no iterations: the metrics get all frames
        is_last = bar.n + 1 >= (bar.total or 0)
        self._advance(dict(state='scoring') if is_last else {})

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[dict] = None) -> None:
        """Close the bar of the validation."""
        self._close()

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[dict] = None) -> None:
        """Close the bar."""
        self._close()

    def _open(self, runner: Runner, what: str, total: int,
              begin: int = 0) -> None:
        if runner.rank != 0:
            return
        bar = tqdm(
            desc=f'{self.desc} {what}'.strip(),
            total=total,
            initial=begin,
            mininterval=0.5,
            dynamic_ncols=True,
            bar_format=FORMAT,
            leave=not self.bars,
            # None: whether it is a terminal
            disable=None if self.only_in_terminal else False)
        if bar.disable:
            return
        self.bars.append(bar)
        self.speed.reset()
        self._lines.begin(runner.logger)

    def _advance(self, values: Dict[str, str]) -> None:
        speed = self.speed.value()
        parts = [f'{speed * get_world_size():.1f} frames/s'] if speed else []
        parts += [f'{key}={value}' for key, value in values.items()]
        self.bars[-1].set_postfix_str(', '.join(parts), refresh=False)
        self.bars[-1].update(1)

    def _close(self) -> None:
        if self.bars:
            self.bars.pop().close()
        if not self.bars:
            self._lines.end()


class FrameSpeed:
    """Frames per second of the last iterations."""

    def __init__(self) -> None:
        self._marks: Deque[Tuple[float, int]] = deque(maxlen=WINDOW + 1)
        self.reset()

    def reset(self) -> None:
        """Begin now."""
        self._marks.clear()
        self._marks.append((time.perf_counter(), 0))

    def add(self, num_frames: int) -> None:
        """An iteration is over.

        Args:
            num_frames (int): Frames in it.
        """
        self._marks.append(
            (time.perf_counter(), self._marks[-1][1] + num_frames))

    def value(self) -> float:
        """float: Frames per second, 0 where nothing is known."""
        (begin, before), (end, now) = self._marks[0], self._marks[-1]
        return (now - before) / (end - begin) if end > begin else 0.0


class _LinesAboveBars:
    """Has the log write its lines above the bars, and not into them."""

    def __init__(self) -> None:
        self._handlers: List[Tuple[logging.StreamHandler, TextIO]] = []

    def begin(self, logger: MMLogger) -> None:
        if self._handlers:
            return
        for handler in logger.handlers:
            if (isinstance(handler, logging.StreamHandler)
                    and not isinstance(handler, logging.FileHandler)):
                stream = handler.stream
                self._handlers.append((handler, stream))
                handler.setStream(_AboveBars(stream))

    def end(self) -> None:
        for handler, stream in self._handlers:
            handler.setStream(stream)
        self._handlers = []


class _AboveBars:
    """A stream that removes the bars while it writes."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        with tqdm.external_write_mode(file=self.stream):
            self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()


def _count_frames(clips: Any) -> int:
    """Frames of clips or of their results; 0 where it cannot be said."""
    if isinstance(clips, Tensor) and clips.ndim == 5:  # stacked
        return clips.shape[0] * clips.shape[1]
    if not isinstance(clips, (list, tuple)):
        return 0
    return sum(
        len(clip) for clip in clips if isinstance(clip, TrackDataSample) or (
            isinstance(clip, Tensor) and clip.ndim == 4))
