"""The assigner through hand-made clips, degenerate frames and reorderings."""
import pytest
import torch
from mmengine.logging import MMLogger

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.structures import NO_GT, NO_ID, TrackQueries
from ipmot_mm.testing import make_outputs, make_targets, make_tracks

QD = 4
LEFT, MIDDLE, RIGHT = [.2, .5, .2, .4], [.5, .5, .2, .4], [.8, .5, .2, .4]
NOWHERE = [.5, .1, .05, .05]


def frame(assigner, tracks, query_boxes, gt, *, scores=None):
    """Assign one frame whose single layer predicts exactly these boxes.

    Returns:
        tuple: Object of each query, dedup target, ids by query and the
        tracks that the selection leaves.
    """
    num = len(query_boxes)
    scores = [0.9] * num if scores is None else scores
    outputs = make_outputs(
        torch.tensor(query_boxes)[None, None],
        torch.tensor(scores)[None, None, :, None], QD)
    targets = make_targets(list(gt.values()), list(gt))
    assignment, selection = assigner(outputs, tracks, [targets])
    ids = dict(
        zip(selection.query_inds[0].tolist(), selection.ids[0].tolist()))
    survivors = make_tracks(
        selection.ids[0].tolist(), ious=selection.ious[0].tolist())
    gt_ids = [
        list(gt)[i] if i != NO_GT else NO_GT
        for i in assignment.gt_inds[0, 0].tolist()
    ]
    return gt_ids, assignment.dedup_targets[0].tolist(), ids, survivors


def test_tracklet_aware_assignment_over_a_clip():
    """Birth, occlusion, re-entry, death and drift of MOTR's assignment."""
    assigner = ClipAssigner(policy='tala')
    none = TrackQueries.empty(1, 8)
    # 1. births: 11 left and 12 right, found by queries 2 and 0
    gt_ids, dedup, ids, tracks = frame(
        assigner, none, [RIGHT, NOWHERE, LEFT, NOWHERE],
        {11: LEFT, 12: RIGHT})
    assert gt_ids == [12, NO_GT, 11, NO_GT] and dedup == [1, 0, 1, 0]
    assert ids == {0: 12, 2: 11}
    # 2. occlusion: 11 is hidden and stays; 13 is born in the middle. The
    # detection on the tracked 12 learns background.
    gt_ids, dedup, ids, tracks = frame(
        assigner, tracks, [RIGHT, MIDDLE, LEFT, NOWHERE, RIGHT, LEFT],
        {12: RIGHT, 13: MIDDLE})
    assert gt_ids == [NO_GT, 13, NO_GT, NO_GT, 12, NO_GT]
    assert dedup == [0, 1, 0, 0, 1, 0]
    assert ids == {1: 13, 4: 12, 5: 11}
    # 3. re-entry of 11 at its own query; 12 drifted, so it loses its id
    # while it still learns its object; 13 has left and stays.
    order = tracks.ids[0].tolist()
    boxes = {12: NOWHERE, 11: LEFT, 13: MIDDLE}
    gt_ids, dedup, ids, tracks = frame(
        assigner, tracks,
        [NOWHERE, RIGHT, NOWHERE, NOWHERE, *[boxes[i] for i in order]],
        {12: RIGHT, 11: LEFT})
    where = {id_: QD + position for position, id_ in enumerate(order)}
    assert gt_ids[:QD] == [NO_GT] * QD
    assert gt_ids[where[12]] == 12 and gt_ids[where[11]] == 11
    assert gt_ids[where[13]] == NO_GT
    assert ids[where[12]] == NO_ID
    assert ids[where[11]] == 11 and ids[where[13]] == 13
    # 4. the object of the drifted track is newborn again
    num_drifted = tracks.ids[0].tolist().index(NO_ID)
    boxes = [NOWHERE, RIGHT, NOWHERE, NOWHERE, LEFT, MIDDLE, NOWHERE]
    gt_ids, _, ids, _ = frame(assigner, tracks, boxes, {12: RIGHT})
    assert num_drifted == 2 and gt_ids[1] == 12 and ids[1] == 12


def test_death_of_a_false_positive():
    """A track without id goes when its score falls to the threshold."""
    tracks = make_tracks([NO_ID, NO_ID, 5])
    _, _, ids, _ = frame(
        ClipAssigner(), tracks, [NOWHERE] * QD + [LEFT, MIDDLE, RIGHT], {},
        scores=[.1] * QD + [.5, .51, .01])
    assert ids == {QD + 1: NO_ID, QD + 2: 5}


def test_balanced_strategy_marks_the_duplicate():
    tracks = make_tracks([12])
    gt_ids, dedup, ids, _ = frame(
        ClipAssigner(
            policy='qbs', false_positives=dict(type='FalsePositiveSpawner')),
        tracks, [RIGHT, NOWHERE, LEFT, NOWHERE, RIGHT],
        {11: LEFT, 12: RIGHT},
        scores=[.9, .1, .9, .1, .9])
    assert gt_ids == [12, NO_GT, 11, NO_GT, 12]
    assert dedup == [0, 0, 1, 0, 1]
    assert ids == {4: 12, 2: 11, 0: NO_ID}  # the duplicate has no id


@pytest.mark.parametrize('takes_duplicates, spawned', [(True, [0, 3]),
                                                       (False, [3])])
def test_the_place_of_a_track_can_be_left_to_it(takes_duplicates, spawned):
    """Query 0 is a duplicate of the track, query 3 a false detection."""
    gt_ids, _, ids, _ = frame(
        ClipAssigner(
            policy='qbs',
            false_positives=dict(
                type='FalsePositiveSpawner',
                takes_duplicates=takes_duplicates)),
        make_tracks([12]), [RIGHT, NOWHERE, LEFT, NOWHERE, RIGHT],
        {11: LEFT, 12: RIGHT},
        scores=[.9, .1, .9, .8, .9])
    assert gt_ids == [12, NO_GT, 11, NO_GT, 12]
    assert ids == {4: 12, 2: 11, **dict.fromkeys(spawned, NO_ID)}


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
@pytest.mark.parametrize('ids, gt', [
    ([], {}),
    ([], {1: LEFT}),
    ([4, 5], {}),
    ([4, NO_ID], {4: LEFT}),
    ([NO_ID], {1: LEFT}),
])
def test_degenerate_frames(policy, ids, gt):
    boxes = [LEFT, MIDDLE, RIGHT, NOWHERE] + [LEFT] * len(ids)
    gt_ids, dedup, selected, _ = frame(
        ClipAssigner(policy=policy), make_tracks(ids), boxes, gt)
    assert sum(dedup) == len(gt)
    assert [i for i in gt_ids if i not in gt] == [NO_GT] * (
        len(gt_ids) - sum(i in gt for i in gt_ids))
    assert set(gt) | set(ids) - {NO_ID} == set(selected.values()) - {NO_ID}


def test_too_many_objects_warn_with_the_name_of_the_frame(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'ipmot_mm.models.task_modules.clip_assigner.print_log',
        lambda message, **kwargs: messages.append(message))
    outputs = make_outputs(
        torch.rand(1, 1, 2, 4), torch.rand(1, 1, 2, 1), 2)
    targets = make_targets([LEFT, MIDDLE, RIGHT], name='MOT20-05/000042.jpg')
    assigner = ClipAssigner()
    for _ in range(2):  # named once
        assignment, _ = assigner(outputs, TrackQueries.empty(1, 8), [targets])
    assert (assignment.gt_inds != NO_GT).all()
    assert len(messages) == 1 and messages[0].startswith(
        'MOT20-05/000042.jpg: 3 objects but only 2 detect queries')
    assert 'num_queries' in messages[0]


def test_invalid_predictions_are_survived_in_silence(monkeypatch):
    """The loss will not be finite either, and that is reported once."""
    messages = []
    monkeypatch.setattr(
        'ipmot_mm.models.task_modules.clip_assigner.print_log',
        lambda message, **kwargs: messages.append(message))
    boxes = torch.rand(2, 1, 3, 4)
    boxes[0, 0, 1] = torch.nan
    outputs = make_outputs(boxes, torch.rand(2, 1, 3, 1), 3)
    assignment, _ = ClipAssigner()(outputs, TrackQueries.empty(1, 8),
                                   [make_targets([LEFT], name='bad.jpg')])
    assert (assignment.gt_inds[:, 0] == 0).sum(1).tolist() == [1, 1]
    assert assignment.gt_inds[0, 0, 1] == NO_GT
    assert not messages


def test_warnings_reach_the_logger_of_the_run(capfd):
    logger = MMLogger.get_instance('test_clip_assigner')
    outputs = make_outputs(
        torch.rand(1, 1, 1, 4), torch.rand(1, 1, 1, 1), 1)
    ClipAssigner()(outputs, TrackQueries.empty(1, 8),
                   [make_targets([LEFT, RIGHT], name='full.jpg')])
    for handler in logger.handlers:
        handler.flush()
    out, err = capfd.readouterr()
    assert 'full.jpg' in out + err


def random_frame():
    """Seven queries of which three are tracks, four objects."""
    outputs = make_outputs(
        torch.rand(3, 1, 7, 4) * 0.4 + 0.3, torch.rand(3, 1, 7, 1), QD)
    boxes = (torch.rand(4, 4) * 0.4 + 0.3).tolist()
    return outputs, make_tracks([7, 9, NO_ID]), boxes


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
def test_order_of_objects_does_not_matter(policy):
    outputs, tracks, boxes = random_frame()
    ids, order = [9, 1, 7, 2], [2, 0, 3, 1]
    first = ClipAssigner(policy=policy)(outputs, tracks,
                                        [make_targets(boxes, ids)])
    second = ClipAssigner(policy=policy)(outputs, tracks, [
        make_targets([boxes[i] for i in order], [ids[i] for i in order])
    ])
    back = torch.tensor([*order, NO_GT])  # NO_GT indexes the last
    assert torch.equal(back[second[0].gt_inds], first[0].gt_inds)
    assert torch.equal(first[0].dedup_targets, second[0].dedup_targets)
    assert torch.equal(first[1].query_inds, second[1].query_inds)
    assert torch.equal(first[1].ids, second[1].ids)


@pytest.mark.parametrize('policy', ['qbs', 'tala', 'cola'])
def test_order_of_queries_does_not_matter(policy):
    outputs, tracks, boxes = random_frame()
    targets = make_targets(boxes, [9, 1, 7, 2])
    order = torch.tensor([3, 1, 0, 2, 6, 4, 5])
    moved = outputs.replace(
        bboxes=outputs.bboxes[:, :, order],
        cls_logits=outputs.cls_logits[:, :, order])
    first = ClipAssigner(policy=policy)(outputs, tracks, [targets])
    second = ClipAssigner(policy=policy)(moved, tracks[order[QD:] - QD],
                                         [targets])
    assert torch.equal(first[0].gt_inds[:, :, order], second[0].gt_inds)
    assert torch.equal(first[0].dedup_targets[:, order],
                       second[0].dedup_targets)

    def by_query(selection, names):
        return {
            names[q]: i
            for q, i in zip(selection.query_inds[0].tolist(),
                            selection.ids[0].tolist())
        }

    assert by_query(first[1], list(range(7))) == by_query(
        second[1], order.tolist())
