"""What follows from the size of frames is made once."""
import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch

from ipmot_mm.models.layers.size_cache import SizeCache

CPU, GPU = torch.device('cpu'), torch.device('cuda', 0)


def sizes(*numbers):
    return [((number, 1), ) for number in numbers]


def ask(cache, shapes, device, made):
    """Note in a list what had to be made."""
    cache.get(shapes, device, lambda: made.append(shapes) or torch.ones(1))


def test_is_made_once_per_size_and_device():
    cache, made = SizeCache(), []

    def make():
        made.append(torch.zeros(1))
        return made[-1]

    first, second = sizes(3, 4)
    kept = cache.get(first, CPU, make)
    assert cache.get(first, CPU, make) is kept is made[0]
    assert cache.get(second, CPU, make) is made[1]
    assert cache.get(first, torch.device('meta'), make) is made[2]
    assert cache.get(first, CPU, make) is kept and len(made) == 3


def test_the_longest_unused_is_forgotten():
    cache, made = SizeCache(max_sizes=2), []
    a, b, c = sizes(1, 2, 3)
    for shapes in (a, b, a, c, a, b):
        ask(cache, shapes, CPU, made)
    assert made == [a, b, c, b]


def test_what_a_cuda_graph_reads_stays(monkeypatch):
    is_recording = [True]
    monkeypatch.setattr(torch.cuda, 'is_current_stream_capturing',
                        lambda: is_recording[0])
    cache, made = SizeCache(max_sizes=1), []
    a, b, c = sizes(1, 2, 3)
    for shapes in (a, b, c, a, c, b):
        ask(cache, shapes, GPU, made)
        is_recording[0] = False
    assert made == [a, b, c, b]


def test_serves_training_after_inference():
    cache, weight = SizeCache(), torch.ones(2, requires_grad=True)
    shapes, = sizes(1)
    with torch.inference_mode():
        cache.get(shapes, CPU, lambda: torch.arange(2.0))
    kept = cache.get(shapes, CPU, lambda: None)
    (kept * weight).sum().backward()
    assert weight.grad.tolist() == [0, 1]


def test_threads_may_ask_at_once():
    """For more sizes than are kept: each of them removes those of others."""
    cache = SizeCache(max_sizes=1)

    def run(first):
        return all(
            cache.get(shapes, CPU, partial(torch.full, (1, ), shapes[0][0]))
            == shapes[0][0] for _ in range(300)
            for shapes in sizes(first, first + 1))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(4)))


def test_a_copy_starts_empty():
    cache, made = SizeCache(max_sizes=1), []
    a, b = sizes(1, 2)
    ask(cache, a, CPU, made)
    other = copy.deepcopy(cache)
    for shapes in (a, b, a):
        ask(other, shapes, CPU, made)
    ask(cache, a, CPU, made)
    assert made == [a, a, b, a]


def test_a_compiled_function_keeps_nothing():
    cache, made = SizeCache(), []
    shapes, = sizes(3)

    @torch.compile(backend='eager')
    def run(values):
        return values + cache.get(shapes, CPU, lambda: torch.ones(2))

    assert run(torch.ones(2)).tolist() == [2, 2]
    ask(cache, shapes, CPU, made)
    assert made == [shapes]
