"""Lost tracks that go on from a detect query."""
from pathlib import Path

import pytest
import torch

from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries
from ipmot_mm.study.definition import read_study
from ipmot_mm.testing import (make_clip, make_outputs, make_tracks,
                              tiny_model_cfg)
from projects.revived_tracks.revived_tracks import RevivingTracker

ROOT = Path(__file__).resolve().parents[2]
LEFT, RIGHT = [0.25, 0.5, 0.2, 0.4], [0.75, 0.5, 0.2, 0.4]
HALF = [0.3, 0.5, 0.2, 0.4]  # 0.6 IoU with LEFT
QUARTER = [0.37, 0.5, 0.2, 0.4]  # 0.25 IoU with LEFT
ORI_SHAPE = (200, 100)


def frame(queries, num_detect, num_tracks=None):
    """One frame of one video from (box, c, d) of each query."""
    boxes, cls_scores, dedup_scores = zip(*queries)
    num_queries = len(queries)
    valid = None
    if num_tracks is not None:
        valid = torch.arange(num_queries)[None] < num_detect + num_tracks
    return make_outputs(
        torch.tensor(boxes)[None, None],
        torch.tensor(cls_scores)[None, None, :, None],
        num_detect,
        dedup_scores=torch.tensor(dedup_scores)[None],
        valid=valid)


def track(outputs, missed, tracker=None, **kwargs):
    """Selection and reported tracks of ids 1, 2, ..."""
    tracker = tracker or RevivingTracker(**kwargs)
    tracks = make_tracks(
        range(1, len(missed) + 1), num_frames_missed=missed)
    selection, num_ids, report = tracker(outputs, tracks,
                                         torch.tensor([len(missed)]), 8)
    count = int(selection.valid.sum())
    living = {
        name: getattr(selection, name)[0, :count].tolist()
        for name in ('query_inds', 'ids', 'num_frames_missed')
    }
    return living, tracker.results(report, 0, ORI_SHAPE), int(num_ids)


def test_lost_track_takes_over_the_query_of_its_detection():
    outputs = frame([(RIGHT, .1, .1), (HALF, .81, .1), (LEFT, .2, .9)], 2)
    living, reported, num_ids = track(outputs, [3])
    assert living == dict(query_inds=[1], ids=[1], num_frames_missed=[0])
    assert reported.instances_id.tolist() == [1] and num_ids == 1
    # s = sqrt(c) of the detection, whose box is reported in pixels
    assert reported.scores.item() == pytest.approx(0.9, abs=1e-3)
    assert reported.bboxes[0].tolist() == pytest.approx([20, 60, 40, 140])
    # without the rule it stays lost, and nothing is born
    living, reported, num_ids = track(outputs, [3], QueryTracker())
    assert living == dict(query_inds=[2], ids=[1], num_frames_missed=[4])
    assert len(reported) == 0 and num_ids == 1


@pytest.mark.parametrize('name, queries, num_detect', [
    ('a track that is seen', [(LEFT, .9, .1), (LEFT, .6, .9)], 1),
    ('too far away', [(QUARTER, .9, .1), (LEFT, .2, .9)], 1),
    ('not certain', [(LEFT, .4, .1), (LEFT, .2, .9)], 1),
    ('it is born instead', [(LEFT, .9, .9), (LEFT, .2, .9)], 1),
    ('another track has it',
     [(LEFT, .9, .1), (LEFT, .2, .9), (LEFT, .9, .9)], 1),
])
def test_who_is_not_revived(name, queries, num_detect):
    outputs = frame(queries, num_detect)
    missed = [1] * (len(queries) - num_detect)
    expected = track(outputs, missed, QueryTracker())
    living, reported, num_ids = track(outputs, missed)
    assert (living, num_ids) == (expected[0], expected[2]), name
    assert torch.equal(reported.bboxes, expected[1].bboxes)


def test_a_detection_is_for_one_track_the_nearest():
    outputs = frame([(LEFT, .9, .1), (HALF, .2, .9), (LEFT, .2, .9)], 1)
    living, reported, _ = track(outputs, [1, 1])
    assert living['query_inds'] == [1, 0]
    assert reported.instances_id.tolist() == [2]


def test_padding_is_never_revived():
    outputs = frame([(LEFT, .9, .1), (RIGHT, .9, .9), (LEFT, .2, .9)], 1, 1)
    assert torch.equal(
        RevivingTracker().find_sources(outputs)[0], torch.arange(3))


def test_nothing_changes_without_deduplication_or_tracks():
    outputs = frame([(LEFT, .9, .1), (LEFT, .2, .9)], 1)
    plain = outputs.replace(dedup_logits=None)
    assert track(plain, [1])[0] == track(plain, [1], QueryTracker())[0]
    outputs = frame([(LEFT, .9, .9)], 1)
    tracks, num_ids = TrackQueries.empty(1, 8), torch.tensor([0])
    selection, _, _ = RevivingTracker()(outputs, tracks, num_ids, 8)
    assert selection.ids[0].tolist()[0] == 1


def test_a_whole_tracker_keeps_who_only_deduplication_hides():
    """From the third frame on, the module calls every query a copy."""
    data, last = make_clip(3, num_frames=5), {}
    for kind in ('QueryTracker', 'RevivingTracker'):
        cfg = tiny_model_cfg('ipmot_dab_r50')
        cfg.tracker.update(type=kind, min_area=0.0)
        torch.manual_seed(0)
        model = MODELS.build(cfg)
        model.init_weights()
        for branch in model.detector.bbox_head.cls_branches:
            torch.nn.init.constant_(branch.bias, 3.0)
        born, seen = [], []
        for t in range(5):
            logit = 8.0 if t == 0 else -8.0
            torch.nn.init.constant_(model.dedup.mlp.layers[-1].bias, logit)
            ids = predict(model.eval(), data, t).instances_id.tolist()
            (seen if t else born).append(set(ids))
        assert born[0]
        last[kind] = born[0], seen[-1]
    assert last['QueryTracker'][1] == set()
    born, seen = last['RevivingTracker']
    # each of the boxes, which overlap, is seen by one of those born there
    assert seen and seen <= born


def predict(model, data, t):
    """Tracks of one frame of the first video."""
    sample = type(data['data_samples'][0])()
    sample.video_data_samples = data['data_samples'][0].video_data_samples[
        t:t + 1]
    ready = model.data_preprocessor(
        dict(inputs=[data['inputs'][0][t:t + 1]], data_samples=[sample]),
        False)
    done, = model(**ready, mode='predict')
    return done.video_data_samples[0].pred_track_instances


def test_its_study_is_well_formed():
    study = read_study(str(ROOT / 'projects/revived_tracks/study.py'))
    assert study.name == 'revived_tracks'
    assert {'qbs_revived', 'full_revived'} < set(study.rows)
