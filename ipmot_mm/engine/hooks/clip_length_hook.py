"""Longer clips as training goes on."""
from typing import Sequence, Tuple

from mmengine.hooks import Hook
from mmengine.logging import print_log

from ipmot_mm.registry import HOOKS


@HOOKS.register_module()
class ClipLengthHook(Hook):
    """Set the clip length T of the training sampler by epoch.

    The sampler decides the length of every clip (:obj:`ClipSampler`), so
    persistent workers follow at once, and since the length depends on the
    epoch alone it is right after a resume. For epoch-based training.

    Args:
        schedule (Sequence[tuple[int, int]]): Pairs of an epoch, 0-based, and
            the clip length from that epoch on, in ascending order. The first
            epoch is 0. The lengths 2, 3, 4, 5 from 5, 9, 15 of MOTR's
            DanceTrack schedule read ``[(0, 2), (5, 3), (9, 4), (15, 5)]``.

    Raises:
        ValueError: If the schedule does not begin at epoch 0, is not
            ascending, or a length is not positive.
    """

    def __init__(self, *, schedule: Sequence[Tuple[int, int]]) -> None:
        epochs = [epoch for epoch, _length in schedule]
        if (not epochs or epochs[0] != 0 or epochs != sorted(set(epochs))
                or min(length for _epoch, length in schedule) < 1):
            raise ValueError(
                'schedule of ClipLengthHook must be pairs (epoch, num_frames) '
                'with ascending epochs from 0 on and positive lengths, such '
                f'as [(0, 2), (5, 3)]; got {schedule}.')
        self.schedule = [(int(epoch), int(length))
                         for epoch, length in schedule]

    def num_frames(self, epoch: int) -> int:
        """Clip length in an epoch.

        Args:
            epoch (int): 0-based.

        Returns:
            int: Number of frames T.
        """
        return [length for begin, length in self.schedule
                if begin <= epoch][-1]

    def before_train_epoch(self, runner) -> None:
        """Tell the sampler, before its iterator is made.

        Args:
            runner (Runner): The runner of the training.

        Raises:
            TypeError: If the sampler has no clip length.
        """
        sampler = runner.train_dataloader.sampler
        if not hasattr(sampler, 'set_num_frames'):
            raise TypeError(
                'ClipLengthHook needs train_dataloader.sampler of type '
                f'ClipSampler, got {type(sampler).__name__}. Correct the '
                'sampler, or remove the hook.')
        num_frames = self.num_frames(runner.epoch)
        if num_frames != sampler.num_frames:
            print_log(
                f'Clips have {num_frames} frames from epoch '
                f'{runner.epoch + 1} on.',
                logger='current')
        sampler.set_num_frames(num_frames)
