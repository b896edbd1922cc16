"""Spread of scores over seeds, and paired comparisons of rows."""
import math
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

MIN_PAIRS = 3
"""Below it there is a difference, but no word on how sure it is."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """Differences of pairs.

    Attributes:
        count (int): Number of pairs.
        mean (float): Of the differences.
        low (float, optional): Lower end of the 95 % confidence interval of
            the mean, None for too few pairs.
        high (float, optional): Its upper end.
        p_value (float, optional): Of the two-sided paired t-test; None for too
            few pairs, or where all differences are the same.
    """
    count: int
    mean: float
    low: Optional[float] = None
    high: Optional[float] = None
    p_value: Optional[float] = None


def mean_and_spread(
        values: Sequence[float]) -> Tuple[Optional[float], Optional[float]]:
    """Mean and standard deviation of a sample (divided by n - 1).

    Args:
        values (sequence[float]): One per seed.

    Returns:
        tuple[float | None, float | None]: None where there are too few.

    Example:
        >>> mean_and_spread([1.0, 2.0, 3.0])
        (2.0, 1.0)
    """
    count = len(values)
    if count == 0:
        return None, None
    mean = math.fsum(values) / count
    if count == 1:
        return mean, None
    squares = math.fsum((value - mean)**2 for value in values)
    return mean, math.sqrt(squares / (count - 1))


def confidence_interval(
        values: Sequence[float]) -> Optional[Tuple[float, float]]:
    """Interval of the mean by Student's t.

    Args:
        values (sequence[float]): One per seed.

    Returns:
        tuple[float, float] | None: None for fewer than ``MIN_PAIRS``.
    """
    if len(values) < MIN_PAIRS:
        return None
    from scipy.stats import t as student
    mean, spread = mean_and_spread(values)
    factor = student.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
    width = float(factor) * spread / math.sqrt(len(values))
    return mean - width, mean + width


def compare_pairs(values: Sequence[float],
                  others: Sequence[float]) -> Optional[Comparison]:
    """Compare two rows over the seeds that both have.

    Args:
        values (sequence[float]): One per seed.
        others (sequence[float]): Of the same seeds, to be subtracted.

    Returns:
        :obj:`Comparison` | None: None without pairs.
    """
    differences = [one - two for one, two in zip(values, others, strict=True)]
    if not differences:
        return None
    mean, spread = mean_and_spread(differences)
    interval = confidence_interval(differences)
    if interval is None:
        return Comparison(len(differences), mean)
    p_value = None
    # equal up to rounding: the test would divide by noise
    if spread > 1e-9 * max(map(abs, (*values, *others))):
        from scipy.stats import ttest_rel
        p_value = float(ttest_rel(values, others).pvalue)
    return Comparison(len(differences), mean, *interval, p_value)


def correct_for_many(
        p_values: Sequence[Optional[float]]) -> List[Optional[float]]:
    """Holm's correction: the more comparisons, the rarer a small p by chance.

    Args:
        p_values (sequence[float | None]): One per comparison; None does not
            count.

    Returns:
        list[float | None]: In the same order.

    Example:
        >>> correct_for_many([0.01, None, 0.04])
        [0.02, None, 0.04]
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    corrected: List[Optional[float]] = [None] * len(p_values)
    largest = 0.0
    for rank, (p_value, index) in enumerate(known):
        largest = max(largest, min(1.0, p_value * (len(known) - rank)))
        corrected[index] = largest
    return corrected
