"""Which detections become false tracks."""
import numpy as np
import pytest

from ipmot_mm.models.task_modules import FalsePositiveSpawner


def spawn(scores, newborns=(), duplicates=(), num_gts=0, **kwargs):
    """Indices of the spawned queries."""
    queries = np.arange(len(scores))
    spawner = FalsePositiveSpawner(**kwargs)
    return spawner(
        np.asarray(scores), np.isin(queries, newborns),
        np.isin(queries, duplicates), num_gts).tolist()


def test_best_first_and_strictly_above_the_threshold():
    assert spawn([0.6, 0.5, 0.9, 0.1, 0.7]) == [2, 4, 0]
    assert spawn([0.6, 0.5, 0.9, 0.1, 0.7], score_thr=0.65) == [2, 4]


def test_newborns_are_not_spawned():
    assert spawn([0.6, 0.9, 0.7], newborns=[1]) == [2, 0]


def test_duplicates_are_spawned_unless_told_otherwise():
    assert spawn([0.6, 0.9, 0.7], duplicates=[1]) == [1, 2, 0]
    assert spawn([0.6, 0.9, 0.7], duplicates=[1],
                 takes_duplicates=False) == [2, 0]


def test_equal_scores_keep_the_order_of_queries():
    assert spawn([0.8, 0.9, 0.8, 0.8], min_cap=3) == [1, 0, 2]


@pytest.mark.parametrize('num_gts, expected', [(0, 3), (6, 3), (8, 4),
                                               (9, 4), (10, 5), (99, 20)])
def test_cap_is_the_larger_of_both(num_gts, expected):
    scores = np.linspace(0.6, 0.9, 20)
    assert len(spawn(scores, num_gts=num_gts, min_cap=3,
                     cap_ratio=0.5)) == expected


def test_cap_drops_the_weakest():
    assert spawn([0.6, 0.9, 0.7], min_cap=2) == [1, 2]


def test_defaults_allow_sixteen():
    assert len(spawn([0.9] * 50)) == 16
    assert len(spawn([0.9] * 50, num_gts=50)) == 25


def test_nothing_to_spawn():
    assert spawn([]) == [] == spawn([0.2, 0.3])
