import random

import numpy as np
import torch

from ipmot_mm.engine.loops.iteration_seed import seed_generators


def draw(*key):
    seed_generators(key)
    return (random.random(), np.random.rand(), torch.rand(()).item(),
            torch.nn.functional.dropout(torch.ones(16)).sum().item())


def test_numbers_depend_on_the_key_alone():
    first = draw(42, 7, 0, 1)
    draw(1)  # what came before
    assert draw(42, 7, 0, 1) == first


def test_seeds_iterations_ranks_and_streams_differ():
    keys = [(42, 7, 0, 1), (43, 7, 0, 1), (42, 8, 0, 1), (42, 7, 1, 1),
            (42, 7, 0, 0), (7, 42, 0, 1)]
    for column in list(zip(*map(lambda key: draw(*key), keys)))[:3]:
        assert len(set(column)) == len(keys)


def test_nothing_is_queued_for_a_gpu_not_in_use(monkeypatch):
    """torch.manual_seed would format a stack trace for it each time."""
    monkeypatch.setattr(torch.cuda, 'is_initialized', lambda: False)
    monkeypatch.setattr(torch.cuda, 'manual_seed', None)
    draw(1, 2)
