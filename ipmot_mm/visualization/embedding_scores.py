"""How well embeddings tell persons apart, as a number."""
from dataclasses import dataclass
from typing import Sequence

import numpy as np
from numpy import ndarray


@dataclass(frozen=True)
class NeighbourScore:
    """How often the nearest embedding of another time is the same person's.

    Attributes:
        accuracy (float): In [0, 1]; NaN without any row to ask.
        chance (float): What a random neighbour would reach.
        num_rows (int): Rows that were asked: those whose person is there at
            another time.
    """
    accuracy: float
    chance: float
    num_rows: int


def neighbour_accuracy(embeddings: ndarray,
                       identities: ndarray,
                       frames: ndarray,
                       min_gap: int = 10) -> NeighbourScore:
    """Whether the nearest neighbour at another time is the same person.

    In the next frame hardly anything has changed, so that neighbours are
    taken from frames at least ``min_gap`` away. Distances are Euclidean and
    embeddings are not normalised, as in the triplet loss (Eq. 9).

    Args:
        embeddings (ndarray): Has shape (num_rows, dims).
        identities (ndarray): Who each row is, has shape (num_rows, ).
        frames (ndarray): Has shape (num_rows, ).
        min_gap (int): In frames. Defaults to 10.

    Returns:
        :obj:`NeighbourScore`: Of all rows.

    Example:
        >>> where = np.array([[0.], [9.], [1.], [8.]])
        >>> who, when = np.array([1, 2, 1, 2]), np.array([0, 0, 5, 5])
        >>> neighbour_accuracy(where, who, when, min_gap=5)
        NeighbourScore(accuracy=1.0, chance=0.5, num_rows=4)
    """
    hits, shares = [], []
    for row in range(len(frames)):
        others = np.flatnonzero(np.abs(frames - frames[row]) >= min_gap)
        same = identities[others] == identities[row]
        if not same.any():
            continue
        distances = np.square(embeddings[others] - embeddings[row]).sum(1)
        hits.append(same[distances.argmin()])
        shares.append(same.mean())
    if not hits:
        return NeighbourScore(float('nan'), float('nan'), 0)
    return NeighbourScore(
        float(np.mean(hits)), float(np.mean(shares)), len(hits))


def pool_scores(scores: Sequence[NeighbourScore]) -> NeighbourScore:
    """One score of all rows of several videos.

    Args:
        scores (sequence[:obj:`NeighbourScore`]): Of each video.

    Returns:
        :obj:`NeighbourScore`: Averages over rows; NaN without any.
    """
    asked = [score for score in scores if score.num_rows]
    total = sum(score.num_rows for score in asked)
    if not total:
        return NeighbourScore(float('nan'), float('nan'), 0)
    return NeighbourScore(
        sum(score.accuracy * score.num_rows for score in asked) / total,
        sum(score.chance * score.num_rows for score in asked) / total, total)
