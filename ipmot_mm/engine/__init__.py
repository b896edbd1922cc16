"""What drives training: loop, hooks, optimisers and wrapper."""
from . import hooks, loops, optim
from .distributed import IPMOTDistributedDataParallel

__all__ = ['IPMOTDistributedDataParallel', 'hooks', 'loops', 'optim']
