"""Scores of Eq. 6 and the views over detect and track queries."""
import math
from dataclasses import FrozenInstanceError

import pytest
import torch

from ipmot_mm.structures import QueryOutputs


def make_outputs(num_classes=3, **changes):
    fields = dict(
        num_detect_queries=5,
        num_detect_only_layers=1,
        valid=torch.ones(2, 7, dtype=torch.bool),
        cls_logits=torch.randn(3, 2, 7, num_classes, requires_grad=True),
        bboxes=torch.rand(3, 2, 7, 4),
        hidden_states=torch.randn(3, 2, 7, 11),
        last_content=torch.randn(2, 7, 11),
        last_anchors=torch.rand(2, 7, 4))
    return QueryOutputs(**{**fields, **changes})


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_scores_without_deduplication_are_those_of_the_best_class():
    outputs = make_outputs()
    for n in range(2):
        for q in range(7):
            logits = outputs.cls_logits[-1, n, q].tolist()
            best = sigmoid(max(logits))
            assert outputs.scores[n, q].item() == pytest.approx(best, 1e-5)
            assert outputs.labels[n, q].item() == logits.index(max(logits))
    assert not outputs.scores.requires_grad


def test_score_is_the_geometric_mean_with_the_deduplication():
    dedup_logits = torch.randn(2, 7, requires_grad=True)
    outputs = make_outputs(dedup_logits=dedup_logits)
    for n in range(2):
        for q in range(7):
            c = sigmoid(outputs.cls_logits[-1, n, q].max().item())
            d = sigmoid(dedup_logits[n, q].item())
            assert outputs.scores[n, q].item() == pytest.approx(
                math.sqrt(c * d), 1e-5)
    assert not outputs.scores.requires_grad
    assert outputs.cls_scores.requires_grad


def test_score_of_one_half_is_a_product_of_one_quarter():
    logits = torch.linspace(-4, 4, 7).expand(3, 2, 7)[..., None]
    shifts = torch.linspace(-3, 3, 14).view(2, 7)
    outputs = make_outputs(cls_logits=logits, dedup_logits=shifts)
    product = logits[-1, ..., 0].sigmoid() * shifts.sigmoid()
    passes = outputs.scores >= 0.5
    assert torch.equal(passes, product >= 0.25)
    assert passes.any() and not passes.all()


def test_replace_does_not_keep_the_old_scores():
    outputs = make_outputs()
    plain = outputs.scores
    changed = outputs.replace(dedup_logits=torch.full((2, 7), -50.0))
    assert changed.scores.max() < 1e-6
    assert outputs.scores is plain and outputs.dedup_logits is None


def test_detect_queries_come_first():
    outputs = make_outputs()
    assert outputs.num_queries == 7
    assert outputs.is_detect.tolist() == [True] * 5 + [False] * 2
    with pytest.raises(FrozenInstanceError):
        outputs.valid = None
