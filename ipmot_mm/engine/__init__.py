"""What drives training: hooks, optimisers and the distributed wrapper."""
from . import hooks, optim
from .distributed import IPMOTDistributedDataParallel

__all__ = ['IPMOTDistributedDataParallel', 'hooks', 'optim']
