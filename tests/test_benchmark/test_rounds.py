"""Things that are compared are timed in turn."""
from itertools import count

import pytest

from ipmot_mm.benchmark.rounds import time_in_turn
from ipmot_mm.benchmark.stopwatch import CLOCKS


def test_rounds_take_turns_and_the_median_counts(monkeypatch):
    log = []
    now = [0.0]
    lengths = dict(a=iter([9, 9, 1, 1, 5, 5, 2, 2]), b=count(1))

    def call(name):
        def run():
            log.append(name)
            now[0] += next(lengths[name])
        return run

    monkeypatch.setitem(CLOCKS, 'wall', lambda: now[0])
    found = time_in_turn(
        dict(a=call('a'), b=call('b')), num_rounds=3, num_calls=2)
    assert ''.join(log) == 'aabb' * 4
    assert found['a'] == 2  # of 1, 5 and 2; the warm-up took 9
    assert found['b'] == pytest.approx((5 + 6) / 2)
