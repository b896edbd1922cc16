"""The number beside the picture of embeddings."""
import math

import numpy as np
import pytest

from ipmot_mm.visualization.embedding_scores import (NeighbourScore,
                                                     neighbour_accuracy,
                                                     pool_scores)


def naive_score(embeddings, identities, frames, min_gap):
    hits, chances = [], []
    for i in range(len(frames)):
        others = [j for j in range(len(frames))
                  if abs(frames[i] - frames[j]) >= min_gap]
        same = [j for j in others if identities[j] == identities[i]]
        if not same:
            continue
        nearest = min(others, key=lambda j: math.dist(
            embeddings[i], embeddings[j]))
        hits.append(nearest in same)
        chances.append(len(same) / len(others))
    return sum(hits) / len(hits), sum(chances) / len(chances), len(hits)


@pytest.mark.parametrize('min_gap', [1, 4])
@pytest.mark.parametrize('seed', range(3))
def test_equals_a_loop(seed, min_gap):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(40, 3))
    who, when = random.integers(0, 9, 40), random.integers(0, 8, 40)
    rows += 0.7 * random.normal(size=(9, 3))[who]
    found = neighbour_accuracy(rows, who, when, min_gap)
    expected = naive_score(rows.tolist(), who, when, min_gap)
    assert (found.accuracy, found.chance, found.num_rows) == pytest.approx(
        expected)
    assert 0 < found.num_rows


def test_persons_who_are_never_there_again_are_not_asked():
    rows, when = np.eye(3), np.array([0, 0, 9])
    found = neighbour_accuracy(rows, np.array([1, 2, 1]), when, 5)
    assert found.num_rows == 2


@pytest.mark.parametrize('num', [0, 1])
def test_nobody_to_ask(num):
    found = neighbour_accuracy(
        np.zeros((num, 2)), np.zeros(num), np.zeros(num))
    assert math.isnan(found.accuracy) and found.num_rows == 0


def test_pooled_by_rows():
    nan = float('nan')
    pooled = pool_scores([
        NeighbourScore(1.0, 0.5, 1),
        NeighbourScore(nan, nan, 0),
        NeighbourScore(0.0, 0.1, 3)])
    assert pooled == NeighbourScore(0.25, pytest.approx(0.2), 4)
    assert pool_scores([]).num_rows == 0
