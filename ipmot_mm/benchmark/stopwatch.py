"""Seconds of named stages, lap by lap."""
import time
from collections import defaultdict
from contextlib import contextmanager
from statistics import median
from typing import Callable, Dict, Iterator, List

CLOCKS = {'wall': time.perf_counter, 'cpu': time.thread_time}
"""Time that passes; time during which this thread had a core, which other
processes of a busy machine disturb less."""


class Stopwatch:
    """Adds up the seconds of each stage within a lap.

    A lap is one clip. A stage that is entered twice in a lap, such as a
    transform that a pipeline holds twice, counts with the sum; one that is
    not entered, such as a branch not taken, does not count.

    Args:
        clock (callable): Returns seconds. Defaults to the time that passes.

    Example:
        >>> watch = Stopwatch()
        >>> with watch.lap():
        ...     with watch.stage('read'):
        ...         pass
        >>> list(watch.laps[0])
        ['read']
    """

    def __init__(self,
                 clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.laps: List[Dict[str, float]] = []
        self._lap: Dict[str, float] = defaultdict(float)

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Start anew, and keep the stages of this lap at its end."""
        self._lap = defaultdict(float)
        yield
        self.laps.append(dict(self._lap))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage.

        Args:
            name (str): Under which its seconds are added.
        """
        begin = self.clock()
        yield
        self._lap[name] += self.clock() - begin

    def names(self) -> List[str]:
        """Stages in the order in which they were first left."""
        return list(dict.fromkeys(name for lap in self.laps for name in lap))

    def median(self, name: str) -> float:
        """Median seconds of a stage over the laps that it was part of."""
        return median(lap[name] for lap in self.laps if name in lap)

    def share(self, name: str) -> float:
        """Share of the laps that a stage was part of, in [0, 1]."""
        return sum(name in lap for lap in self.laps) / len(self.laps)

    def mean(self, name: str) -> float:
        """Mean seconds of a stage over all laps, 0 where it is no part."""
        return sum(lap.get(name, 0) for lap in self.laps) / len(self.laps)
