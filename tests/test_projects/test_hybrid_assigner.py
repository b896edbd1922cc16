"""Hybrid matching: several queries per object, and what stays as it is."""
from itertools import permutations

import pytest
import torch

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.models.task_modules.match_cost import match_costs
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import NO_GT, TargetBatch
from ipmot_mm.testing import (make_clip, make_outputs, make_targets,
                              make_tracks, tiny_model_cfg)
from projects.hybrid_matching.hybrid_matching import HybridAssigner

NUM_LAYERS, NUM_DETECT = 3, 7


def make_frame(num_objects, num_tracks):
    """Outputs of random queries, tracks of the first objects, the objects."""
    targets = make_targets(0.2 + 0.6 * torch.rand(num_objects, 4))
    tracks = make_tracks(list(range(1, num_tracks + 1)))
    num_queries = NUM_DETECT + num_tracks
    outputs = make_outputs(
        0.2 + 0.6 * torch.rand(NUM_LAYERS, 1, num_queries, 4),
        torch.rand(NUM_LAYERS, 1, num_queries, 1),
        NUM_DETECT,
        num_detect_only_layers=1)
    return outputs, tracks, [targets]


def cheapest(cost, repeats):
    """Least sum of costs with ``repeats`` queries for each object, by trying
    every choice."""
    num_queries, num_gts = cost.shape
    copies = [g for g in range(num_gts) for _ in range(repeats)]
    return min(
        sum(float(cost[q, g]) for q, g in zip(queries, copies))
        for queries in permutations(range(num_queries), len(copies)))


@pytest.mark.parametrize('num_gts, wanted, repeats', [
    (1, 3, 3), (2, 2, 2), (2, 9, 3), (3, 2, 2), (4, 2, 1), (5, 3, 1)])
def test_matching_is_the_cheapest_with_that_many_queries(
        num_gts, wanted, repeats):
    cost = torch.randn(NUM_DETECT, num_gts)
    gt_inds = HybridAssigner(num_repeats=wanted).match(cost)
    queries = (gt_inds != NO_GT).nonzero().flatten()
    counts = torch.bincount(gt_inds[queries], minlength=num_gts)
    assert counts.tolist() == [repeats] * num_gts
    found = sum(float(cost[q, gt_inds[q]]) for q in queries)
    assert found == pytest.approx(cheapest(cost, repeats), abs=1e-5)


def test_more_objects_than_queries_and_none():
    assigner = HybridAssigner()
    gt_inds = assigner.match(torch.randn(3, 5))
    assert (gt_inds != NO_GT).all() and len(gt_inds.unique()) == 3
    assert (assigner.match(torch.randn(3, 0)) == NO_GT).all()
    broken = assigner.match(torch.full((4, 2), float('nan')))
    assert torch.bincount(broken).tolist() == [2, 2]


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
@pytest.mark.parametrize('num_hybrid_layers', [None, 0, 1])
def test_only_detections_of_hybrid_layers_change(policy, num_hybrid_layers):
    frame = make_frame(num_objects=3, num_tracks=2)
    plain, selection = ClipAssigner(policy=policy)(*frame)
    assigner = HybridAssigner(
        policy=policy, num_repeats=2, num_hybrid_layers=num_hybrid_layers)
    hybrid, chosen = assigner(*frame)
    layers = {None: 2}.get(num_hybrid_layers, num_hybrid_layers)
    assert torch.equal(hybrid.gt_inds[layers:], plain.gt_inds[layers:])
    assert torch.equal(hybrid.gt_inds[:, :, NUM_DETECT:],
                       plain.gt_inds[:, :, NUM_DETECT:])
    costs = match_costs(
        frame[0], TargetBatch.of(frame[2], 'cpu'), assigner.cost_weights)
    for layer in range(layers):
        found = hybrid.gt_inds[layer, 0, :NUM_DETECT]
        assert torch.equal(found, assigner.match(costs[layer, 0]))
        assert torch.bincount(found[found != NO_GT]).tolist() == [2, 2, 2]
    assert torch.equal(hybrid.dedup_targets, plain.dedup_targets)
    assert torch.equal(hybrid.is_supervised, plain.is_supervised)
    for name, value in vars(selection).items():
        assert torch.equal(getattr(chosen, name), value), name


def test_one_copy_is_the_query_balanced_strategy():
    frame = make_frame(num_objects=4, num_tracks=1)
    plain, _ = ClipAssigner(policy='qbs')(*frame)
    hybrid, _ = HybridAssigner(num_repeats=1)(*frame)
    assert torch.equal(hybrid.gt_inds, plain.gt_inds)


def test_a_model_learns_with_it():
    """Clips of different numbers of objects, one of them without any."""
    cfg = tiny_model_cfg(num_layers=3)
    cfg.assigner.update(type='HybridAssigner', num_repeats=3)
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    data = model.data_preprocessor(make_clip(2, 0, num_frames=2), True)
    losses = model(**data, mode='loss')
    assert all(torch.as_tensor(loss).isfinite().all()
               for loss in losses.values())
    sum(loss for key, loss in losses.items() if 'loss' in key).backward()


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match='num_repeats must be 1 or more, got'):
        HybridAssigner(num_repeats=0)
    assigner = HybridAssigner(num_hybrid_layers=3)
    with pytest.raises(
            ValueError,
            match='num_hybrid_layers must leave the last of the 3 decoder'):
        assigner(*make_frame(num_objects=1, num_tracks=0))
