"""Scoring is timed beside TrackEval, and the scores are compared."""
import numpy as np

from ipmot_mm.benchmark import evaluation, measure_evaluation
from ipmot_mm.evaluation.mot_scoring import FIELDS


def test_all_are_timed_and_agree():
    measured = measure_evaluation((5, 4), 3, 1)
    assert 0 <= measured.pop('largest_difference') < 1e-12
    assert set(measured) == {
        'trackeval', 'one_process', 'default', 'trackeval_cpu',
        'one_process_cpu'}
    assert all(seconds > 0 for seconds in measured.values())


def test_in_turn(monkeypatch):
    calls = []

    def note(name):
        return lambda *args, **kwargs: calls.append((name, kwargs))

    monkeypatch.setattr(evaluation, '_run_trackeval', note('peer'))
    monkeypatch.setattr(evaluation, 'score_folder', note('ours'))
    monkeypatch.setattr(evaluation, 'largest_difference', lambda *scores: 0)
    measure_evaluation((5, ), 3, 2)
    assert calls == 2 * [('peer', {}), ('ours', dict(num_workers=1)),
                         ('ours', {})]


def test_difference_sees_every_field():
    theirs = dict(a=dict(HOTA={}, CLEAR={}, Identity={}))
    ours = dict(a=dict(curves={}))
    for name, (family, field) in FIELDS.items():
        is_curve = family == 'HOTA'
        theirs['a'][family][field] = np.arange(19.) if is_curve else 3
        scores = ours['a']['curves'] if is_curve else ours['a']
        scores[name] = list(range(19)) if is_curve else 3
    assert evaluation.largest_difference(theirs, ours) == 0
    for family, field in FIELDS.values():
        fields = theirs['a'][family]
        before = fields[field]
        fields[field] = before + 0.25
        assert evaluation.largest_difference(theirs, ours) == 0.25
        fields[field] = before
