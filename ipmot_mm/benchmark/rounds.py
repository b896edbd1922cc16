"""Times of things to compare, in turn: a busy machine disturbs all."""
from statistics import median
from typing import Any, Callable, Dict, List

import torch

from .stopwatch import CLOCKS


def time_in_turn(calls: Dict[str, Callable[[], Any]],
                 *,
                 num_rounds: int,
                 num_calls: int = 1,
                 num_warm_ups: int = 1,
                 clock: str = 'wall') -> Dict[str, float]:
    """Time several calls, round by round.

    In a round each is called ``num_calls`` times on end. The GPU, if there is
    one, is waited for before and after.

    Args:
        calls (dict[str, callable]): What to time, by name.
        num_rounds (int): Rounds; the median of them counts.
        num_calls (int): Calls in a round. Defaults to 1.
        num_warm_ups (int): Rounds before, which do not count. Defaults to 1.
        clock (str): ``'wall'`` or ``'cpu'``, see ``CLOCKS``. A GPU needs
            ``'wall'``. Defaults to ``'wall'``.

    Returns:
        dict[str, float]: Median seconds of one call, by name.
    """
    now = CLOCKS[clock]
    seconds: Dict[str, List[float]] = {name: [] for name in calls}
    for number in range(num_warm_ups + num_rounds):
        for name, call in calls.items():
            synchronize()
            start = now()
            for _ in range(num_calls):
                call()
            synchronize()
            if number >= num_warm_ups:
                seconds[name].append((now() - start) / num_calls)
    return {name: median(values) for name, values in seconds.items()}


def synchronize() -> None:
    """Wait for the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def default_clock() -> str:
    """str: ``'wall'`` with a GPU, else ``'cpu'``."""
    return 'wall' if torch.cuda.is_available() else 'cpu'
