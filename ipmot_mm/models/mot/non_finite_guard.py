"""What is not finite never reaches the weights, on no rank."""
import logging
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import Tensor

from ipmot_mm.user_errors import some

from .gradient_norm import gradient_norm

PARTS = dict(track_book='TrackBook', tracker='tracker')
"""Key in ``optim_wrapper``: how a message calls it; in order of training."""


class _Check(NamedTuple):
    """A number that has to be finite."""
    part: str  # key of PARTS
    kind: str  # loss or gradient
    value: Tensor  # shape ()
    images: Tuple[str, ...]  # that it was made of, on this rank


class _Cause(NamedTuple):
    """What went wrong first."""
    part: str
    kind: str
    images: Tuple[str, ...]  # of all ranks where it did


class Attempt:
    """One iteration: what has to be finite in it, and how to take it back.

    No loss is read from the device before :meth:`NonFiniteGuard.accepts`.

    Attributes:
        norms (dict[str, Tensor]): Of the gradients of each part, by its key
            in ``PARTS``, as far as they were noted.
    """

    def __init__(self) -> None:
        self.checks: List[_Check] = []
        self.norms: Dict[str, Tensor] = {}
        self._undo: List[Callable[[], None]] = []

    def on_failure(self, undo: Callable[[], None]) -> None:
        """Note how to take back what was done before the iteration is judged.

        Args:
            undo (Callable): Called without arguments.
        """
        self._undo.append(undo)

    def take_back(self) -> None:
        """Undo what was noted, the last first."""
        while self._undo:
            self._undo.pop()()

    def expect_finite(self, part: str, loss: Tensor,
                      images: Sequence[str]) -> None:
        """Note a loss.

        Args:
            part (str): ``'track_book'`` or ``'tracker'``.
            loss (Tensor): A scalar.
            images (sequence[str]): Names of its images on this rank.
        """
        self.checks.append(
            _Check(part, 'loss', loss.detach(), tuple(images)))

    def expect_finite_gradients(self, part: str, optim_wrapper: OptimWrapper,
                                images: Sequence[str]) -> None:
        """Note the gradients, which all ranks share.

        A loss scaler looks for infinite gradients by itself and halves its
        scale; these are normal, and not noted. Where the scale came down to
        1, it is not to blame, and would go on like this for ever.

        Args:
            part (str): ``'track_book'`` or ``'tracker'``.
            optim_wrapper (:obj:`OptimWrapper`): After the backward pass.
            images (sequence[str]): Names of the images of this rank.
        """
        scaler = getattr(optim_wrapper, 'loss_scaler', None)
        if (scaler is not None and scaler.is_enabled()
                and scaler.get_scale() > 1):
            return
        norm = gradient_norm(optim_wrapper.optimizer)
        if norm is not None:
            self.norms[part] = norm
            self.checks.append(_Check(part, 'gradient', norm, tuple(images)))


class NonFiniteGuard:
    """Skip an iteration on all ranks together, and stop when they repeat.

    Costs one collective of a scalar and one look at it per iteration. Names
    of images are only exchanged when there is something to report.

    Args:
        max_in_row (int): Skipped iterations in a row that stop the training.
            Defaults to 10.

    Attributes:
        num_in_row (int): Iterations skipped since the last good one.
        num_skipped (int): Iterations skipped since the process began.
    """

    def __init__(self, max_in_row: int = 10) -> None:
        if isinstance(max_in_row, bool) or not isinstance(
                max_in_row, int) or max_in_row < 1:
            raise ValueError('model.max_non_finite must be a whole number of '
                             f'iterations from 1 on, got {max_in_row!r}.')
        self.max_in_row = max_in_row
        self.num_in_row = 0
        self.num_skipped = 0

    def accepts(self, attempt: Attempt) -> bool:
        """Judge an iteration before its step; undo it if it failed.

        A collective operation: all ranks get the same answer.

        Args:
            attempt (:obj:`Attempt`): Of this rank.

        Returns:
            bool: Whether the step may be taken.

        Raises:
            ValueError: If too many in a row failed, with the same message on
                all ranks.
        """
        if not _fails_on_any_rank(attempt.checks):
            self.num_in_row = 0
            return True
        attempt.take_back()
        self.num_in_row += 1
        self.num_skipped += 1
        cause = _find_cause(attempt.checks)
        if self.num_in_row >= self.max_in_row:
            raise ValueError(self._last_words(cause))
        print_log(
            f'Iteration skipped, nothing was changed: the {cause.kind} of '
            f'the {PARTS[cause.part]} is not finite (NaN or infinity). Its '
            f'images: {some(cause.images)}. {self.num_in_row} in a row, '
            f'training stops at {self.max_in_row}.',
            logger='current',
            level=logging.WARNING)
        return False

    def _last_words(self, cause: _Cause) -> str:
        return (
            f'Training stopped: the {cause.kind} of the {PARTS[cause.part]} '
            f'was not finite (NaN or infinity) in {self.num_in_row} '
            'iterations in a row. Images of the last one: '
            f'{some(cause.images)}. The weights are those from before. Check '
            'the boxes of these images, lower '
            f'optim_wrapper.{cause.part}.optimizer.lr or leave out --amp, '
            'then go on with --resume CHECKPOINT; model.max_non_finite sets '
            'the number.')


def _fails_on_any_rank(checks: Sequence[_Check]) -> bool:
    values = torch.stack([check.value.float() for check in checks])
    failed = (~values.isfinite().all()).float()
    all_reduce(failed, op='sum')
    return bool(failed)


def _find_cause(checks: Sequence[_Check]) -> _Cause:
    """The first stage that failed on any rank, and its images of all ranks.

    What follows a failure fails as well, on all ranks: the average of the
    gradients carries it there.
    """
    stages = [(part, kind) for part in PARTS for kind in ('loss', 'gradient')]
    failed = [
        _Cause(check.part, check.kind, check.images) for check in checks
        if not check.value.isfinite()
    ]
    everywhere = [cause for rank in all_gather_object(failed)
                  for cause in rank]
    first = min(everywhere, key=lambda cause: stages.index(cause[:2]))
    images: List[str] = []
    for cause in everywhere:
        if cause[:2] == first[:2]:
            images.extend(name for name in cause.images if name not in images)
    return first._replace(images=tuple(images))
