"""What a test of a run keeps; whole runs are in test_real_study.py."""
from types import SimpleNamespace

from ipmot_mm.study.work import _scores_of_sequences


def test_sequences_are_those_of_the_evaluator_that_knows_them():
    scores = dict(HOTA=0.5, IDSW=3, Frag=7)
    metrics = [
        SimpleNamespace(),
        SimpleNamespace(
            sequence_results=dict(a=scores, COMBINED=dict(HOTA=0.4)))
    ]
    runner = SimpleNamespace(test_evaluator=SimpleNamespace(metrics=metrics))
    assert _scores_of_sequences(runner) == dict(a=dict(HOTA=0.5, IDSW=3.0))
    del metrics[1]
    assert _scores_of_sequences(runner) == {}
