"""How an epoch is cut into iterations, and where one goes on."""
from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional, Tuple

from mmengine.dist import get_world_size
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler


@dataclass(frozen=True)
class EpochLayout:
    """The order of an epoch, dealt out to ranks and iterations.

    Attributes:
        num_samples (int): Of the data set.
        num_batches (int): Iterations of an epoch.
        batch_size (int): Samples of a rank in an iteration.
        world_size (int): Number of ranks.
        sampler_seed (int, optional): Decides the order.
    """
    num_samples: int
    num_batches: int
    batch_size: int
    world_size: int
    sampler_seed: Optional[int] = None

    @classmethod
    def of(cls, dataloader: DataLoader) -> 'EpochLayout':
        """The layout of a data loader in this run."""
        batch_size = dataloader.batch_size
        if batch_size is None:  # a batch sampler of the user's
            batch_size = getattr(dataloader.batch_sampler, 'batch_size', 1)
        return cls(
            len(dataloader.dataset), len(dataloader), batch_size,
            get_world_size(), getattr(dataloader.sampler, 'seed', None))

    @property
    def total_batch_size(self) -> int:
        """Samples of all ranks in an iteration."""
        return self.batch_size * self.world_size

    def to_dict(self) -> Dict[str, Any]:
        """Plain numbers, for a checkpoint."""
        return asdict(self)

    def position_of(self, iterations: int,
                    other: 'EpochLayout') -> Tuple[int, int]:
        """Where in this layout an epoch of another one goes on.

        The ranks take turns in one order, so the samples of the first
        iterations are its first samples for any number of ranks.

        Args:
            iterations (int): Done in the other layout.
            other (:obj:`EpochLayout`): Of the same samples.

        Returns:
            tuple[int, int]: Iterations of this layout that need no repeat,
            and the samples that are seen twice.
        """
        if iterations >= other.num_batches:
            return self.num_batches, 0
        samples = iterations * other.total_batch_size
        done = min(samples // self.total_batch_size, self.num_batches)
        return done, samples - done * self.total_batch_size


def can_skip(dataloader: DataLoader) -> bool:
    """Whether an epoch can begin in the middle without loading the rest.

    That needs an order which is the same whenever it is asked for. Samplers
    with ``set_epoch`` draw it from seed and epoch; a ``RandomSampler`` of
    torch, or a batch sampler that groups samples, promise nothing.
    """
    sampler = dataloader.sampler
    repeats = hasattr(sampler, 'set_epoch') or isinstance(
        sampler, SequentialSampler)
    return repeats and type(dataloader.batch_sampler) is BatchSampler
