"""Each rule of the assigner on random frames, against slow references."""
from itertools import permutations

import pytest
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.models.task_modules.match_cost import match_costs
from ipmot_mm.structures import NO_GT, NO_ID, TargetBatch, TrackQueries
from ipmot_mm.testing import make_outputs, make_targets, make_tracks

QD = 5  # detect queries


def random_case(track_ids, gt_ids, *, num_layers=4, detect_only=1, **kwargs):
    """Predictions for QD detect queries and the tracks, and objects."""
    num_queries = QD + len(track_ids)
    outputs = make_outputs(
        torch.rand(num_layers, 1, num_queries, 4) * 0.4 + 0.3,
        torch.rand(num_layers, 1, num_queries, 1),
        QD,
        dedup_scores=torch.rand(1, num_queries),
        num_detect_only_layers=detect_only)
    boxes = (torch.rand(len(gt_ids), 4) * 0.4 + 0.3).tolist()
    return outputs, make_tracks(track_ids, **kwargs), make_targets(
        boxes, gt_ids)


def best_matching(costs, candidates):
    """Try every one-to-one matching: query of each candidate."""
    best = min(
        permutations(range(len(costs)), len(candidates)),
        key=lambda queries: sum(
            float(costs[q, g]) for q, g in zip(queries, candidates)))
    return dict(zip(best, candidates))


def all_or_unowned(policy, layer, num_layers, detect_only):
    """Table of semantics: does this layer give detect queries all objects?"""
    if policy == 'qbs' or layer < detect_only:
        return True
    return policy == 'cola' and layer != num_layers - 1


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
@pytest.mark.parametrize('detect_only', [0, 1, 2])
def test_policy_decides_what_each_layer_learns(policy, detect_only):
    outputs, tracks, targets = random_case([7, NO_ID, 9, 4], [3, 9, 8, 7],
                                           detect_only=detect_only)
    assigner = ClipAssigner(policy=policy)
    assignment, _ = assigner(outputs, tracks, [targets])
    costs = match_costs(outputs, TargetBatch.of([targets], 'cpu'),
                        (2, 5, 2))[:, 0]
    for layer in range(4):
        everything = all_or_unowned(policy, layer, 4, detect_only)
        candidates = [0, 1, 2, 3] if everything else [0, 2]  # ids 3 and 8
        expected = [NO_GT] * QD
        for query, gt in best_matching(costs[layer], candidates).items():
            expected[query] = gt
        joint = layer >= detect_only
        expected += [3, NO_GT, 1, NO_GT] if joint else [NO_GT] * 4
        assert assignment.gt_inds[layer, 0].tolist() == expected


@pytest.mark.parametrize('detect_only', [0, 1, 3])
def test_supervision_leaves_out_padding_and_detect_only_layers(detect_only):
    outputs, tracks, targets = random_case([7, 9, NO_ID], [9],
                                           detect_only=detect_only)
    valid = outputs.valid.clone()
    valid[0, -1] = False
    tracks = tracks.replace(valid=valid[:, QD:])
    outputs = outputs.replace(valid=valid)
    assignment, _ = ClipAssigner()(outputs, tracks, [targets])
    for layer in range(4):
        joint = layer >= detect_only
        assert assignment.is_supervised[layer, 0].tolist() == [True] * QD + [
            joint, joint, False
        ]


def test_balanced_strategy_gives_an_owned_object_two_positives():
    outputs, tracks, targets = random_case([7, 4, 9], [9, 7, 1, 2])
    assignment, _ = ClipAssigner(policy='qbs')(outputs, tracks, [targets])
    for layer in range(1, 4):
        inds = assignment.gt_inds[layer, 0].tolist()
        for gt, tracked in enumerate([1, 1, 0, 0]):
            assert inds[:QD].count(gt) == 1
            assert inds[QD:].count(gt) == tracked


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
def test_one_carrier_for_every_visible_object(policy):
    outputs, tracks, targets = random_case([7, 4, 9, NO_ID], [9, 7, 1, 2])
    assignment, _ = ClipAssigner(policy=policy)(outputs, tracks, [targets])
    dedup, last = assignment.dedup_targets[0], assignment.gt_inds[-1, 0]
    assert dedup.sum() == 4
    assert sorted(last[dedup > 0].tolist()) == [0, 1, 2, 3]
    # owned objects 0 and 1 are carried by their tracks, never by detection
    assert dedup[QD:].tolist() == [1, 0, 1, 0]


def selected(selection, n=0):
    """(query, id) of the valid rows of one sample."""
    rows = zip(selection.query_inds[n].tolist(), selection.ids[n].tolist())
    return [row for row, valid in zip(rows, selection.valid[n]) if valid]


def test_selection_against_the_rules_one_by_one():
    outputs, tracks, targets = random_case(
        [7, 4, 9, NO_ID, NO_ID], [9, 7, 1, 2], ious=[0.9, 0.8, 0.1, 0.7, 0.7])
    outputs = outputs.replace(
        dedup_logits=torch.full((1, QD + 5), 20.0),
        cls_logits=outputs.cls_logits.clone())
    outputs.cls_logits[-1, 0, QD + 3:, 0] = torch.tensor([0.4, -1.5])
    assigner = ClipAssigner(
        false_positives=dict(type='FalsePositiveSpawner', score_thr=0.3))
    assignment, selection = assigner(outputs, tracks, [targets])
    inds = assignment.gt_inds[-1, 0]
    overlaps = bbox_overlaps(
        bbox_cxcywh_to_xyxy(outputs.bboxes[-1, 0]),
        bbox_cxcywh_to_xyxy(targets.bboxes_cxcywh))
    expected = {}
    for q in range(QD):
        gt = int(inds[q])
        if gt in (2, 3):  # newborn
            good = overlaps[q, gt] >= 0.5
            expected[q] = int(targets.instance_ids[gt]) if good else NO_ID
        elif outputs.scores[0, q] > 0.3:
            expected[q] = NO_ID
    expected[QD] = 7 if overlaps[QD, 1] >= 0.5 else NO_ID
    expected[QD + 1] = 4  # not visible: judged by its old IoU 0.8
    expected[QD + 2] = 9 if overlaps[QD + 2, 0] >= 0.5 else NO_ID
    expected[QD + 3] = NO_ID  # confident false positive; the other is gone
    assert dict(selected(selection)) == expected
    assert len(selected(selection)) == len(expected)


def test_selection_carries_scores_ious_and_labels():
    outputs, tracks, targets = random_case([7, 4], [7, 1], ious=[0.9, 0.75])
    tracks = tracks.replace(labels=torch.tensor([[3, 5]]))
    _, selection = ClipAssigner(iou_thr=0.0)(outputs, tracks, [targets])
    rows = {q: i for i, q in enumerate(selection.query_inds[0].tolist())}
    torch.testing.assert_close(
        selection.scores[0], outputs.scores[0][selection.query_inds[0]])
    assert selection.labels[0, rows[QD]] == 3
    assert selection.labels[0, rows[QD + 1]] == 5
    assert float(selection.ious[0, rows[QD + 1]]) == 0.75  # not visible
    visible = bbox_overlaps(
        bbox_cxcywh_to_xyxy(outputs.bboxes[-1, 0, QD:QD + 1]),
        bbox_cxcywh_to_xyxy(targets.bboxes_cxcywh[:1]))
    torch.testing.assert_close(selection.ious[0, rows[QD]], visible[0, 0])
    assert selection.num_frames_missed.eq(0).all()


def test_cap_drops_queries_with_an_id_last():
    outputs, tracks, targets = random_case([NO_ID, 7, NO_ID, 8], [1])
    outputs = outputs.replace(
        cls_logits=torch.full_like(outputs.cls_logits, 3.0), dedup_logits=None)
    spawn = dict(type='FalsePositiveSpawner')
    for cap in range(8):
        assigner = ClipAssigner(
            max_track_queries=cap, iou_thr=0.0, false_positives=spawn)
        assignment, selection = assigner(outputs, tracks, [targets])
        newborn = int((assignment.gt_inds[-1, 0, :QD] == 0).nonzero())
        order = [(QD + 1, 7), (QD + 3, 8), (newborn, 1), (QD, NO_ID),
                 (QD + 2, NO_ID)]
        assert selected(selection)[:5] == order[:cap]
        assert len(selected(selection)) == cap


def test_unknown_policy_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*got 'hota'"):
        ClipAssigner(policy='hota')


def test_padding_is_no_track():
    outputs, tracks, targets = random_case([7, 4], [7, 4])
    tracks = tracks.replace(valid=torch.tensor([[True, False]]))
    outputs = outputs.replace(
        valid=torch.tensor([[True] * (QD + 1) + [False]]))
    assignment, selection = ClipAssigner(iou_thr=0.0)(outputs, tracks,
                                                      [targets])
    assert assignment.gt_inds[-1, 0, QD:].tolist() == [0, NO_GT]
    # nobody owns id 4, so it is born of a detect query
    assert {id_ for _, id_ in selected(selection)} == {7, 4}
    assert QD + 1 not in dict(selected(selection))
    assert assignment.dedup_targets.sum() == 2


def test_false_positives_own_nothing():
    """Not even an object that came without an id."""
    outputs, tracks, targets = random_case([NO_ID], [NO_ID, 3])
    assignment, _ = ClipAssigner()(outputs, tracks, [targets])
    assert (assignment.gt_inds[:, 0, QD:] == NO_GT).all()
    assert assignment.dedup_targets[0, :QD].sum() == 2


def test_batch_equals_samples_alone():
    cases = [random_case([7, 4], [7, 1, 2]), random_case([], [1])]
    outputs = cases[0][0]
    padded = outputs.bboxes.clone()
    padded[:, :, :QD] = cases[1][0].bboxes
    logits = outputs.cls_logits.clone()
    logits[:, :, :QD] = cases[1][0].cls_logits
    both = outputs.replace(
        bboxes=torch.cat([outputs.bboxes, padded], 1),
        cls_logits=torch.cat([outputs.cls_logits, logits], 1),
        dedup_logits=None,
        valid=torch.tensor([[True] * (QD + 2), [True] * QD + [False] * 2]))
    tracks = make_tracks([7, 4])
    empty = make_tracks([], length=2)
    joined = TrackQueries(**{
        name: torch.cat([getattr(tracks, name), getattr(empty, name)])
        for name in ('content', 'anchors', 'ids', 'labels', 'scores', 'ious',
                     'num_frames_missed', 'valid')
    })
    targets = [case[2] for case in cases]
    assignment, selection = ClipAssigner()(both, joined, targets)
    alone = [
        ClipAssigner()(case[0].replace(dedup_logits=None), case[1], [case[2]])
        for case in cases
    ]
    assert torch.equal(assignment.gt_inds[:, 0], alone[0][0].gt_inds[:, 0])
    assert torch.equal(assignment.gt_inds[:, 1, :QD],
                       alone[1][0].gt_inds[:, 0])
    for n in range(2):
        assert selected(selection, n) == selected(alone[n][1])
