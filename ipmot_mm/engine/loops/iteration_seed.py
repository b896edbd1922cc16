"""Random numbers that depend on the iteration, not on what came before."""
import random
from typing import Sequence

import numpy as np
import torch


def seed_generators(key: Sequence[int]) -> None:
    """Seed ``random``, NumPy and torch of this process.

    ``torch.manual_seed`` would format a stack trace for a GPU that is not in
    use yet (230 microseconds); this takes about 30.

    Args:
        key (Sequence[int]): Not negative. Other keys give streams that have
            nothing to do with each other.
    """
    words = np.random.SeedSequence(tuple(key)).generate_state(3)
    seeds = [int(word) for word in words]
    random.seed(seeds[0])
    np.random.seed(seeds[1])
    torch.default_generator.manual_seed(seeds[2])
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(seeds[2])
