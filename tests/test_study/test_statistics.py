"""Against scipy and numbers worked out by hand."""
import numpy as np
import pytest
from scipy import stats

from ipmot_mm.study.statistics import (compare_pairs, confidence_interval,
                                       correct_for_many, mean_and_spread)


def test_mean_and_spread():
    assert mean_and_spread([]) == (None, None)
    assert mean_and_spread([4.0]) == (4.0, None)
    values = [31.2, 29.9, 30.7, 33.0]
    mean, spread = mean_and_spread(values)
    assert mean == pytest.approx(np.mean(values))
    assert spread == pytest.approx(np.std(values, ddof=1))


def test_interval_by_hand():
    assert confidence_interval([1.0, 2.0]) is None
    # sd 1, n 3, t(0.975, 2) = 4.30265
    low, high = confidence_interval([1.0, 2.0, 3.0])
    assert low == pytest.approx(2 - 4.30265 / 3**0.5, abs=1e-4)
    assert high == pytest.approx(2 + 4.30265 / 3**0.5, abs=1e-4)


@pytest.mark.parametrize('count', [3, 5, 12])
def test_comparison_is_that_of_scipy(count):
    random = np.random.default_rng(count)
    others = random.normal(30, 5, count)
    values = others + random.normal(1, 0.5, count)
    found = compare_pairs(values.tolist(), others.tolist())
    expected = stats.ttest_rel(values, others)
    assert found.count == count
    assert found.mean == pytest.approx((values - others).mean())
    assert found.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_few_pairs_say_nothing_of_chance():
    assert compare_pairs([], []) is None
    found = compare_pairs([3.0, 5.0], [1.0, 1.0])
    assert found.mean == 3.0
    assert found.low is found.high is found.p_value is None


def test_equal_differences_have_no_test():
    found = compare_pairs([1.1, 2.1, 3.1], [1.0, 2.0, 3.0])
    assert found.mean == pytest.approx(0.1) and found.p_value is None
    assert compare_pairs([1.0] * 4, [1.0] * 4).p_value is None


def test_holm_by_hand():
    # sorted: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, never falling
    found = correct_for_many([0.04, 0.01, None, 0.03, 0.02])
    assert found[2] is None
    assert [found[i] for i in (1, 4, 3, 0)] == pytest.approx(
        [0.04, 0.06, 0.06, 0.06])
    assert correct_for_many([0.9, 0.8]) == [1.0, 1.0]
    assert correct_for_many([]) == []
