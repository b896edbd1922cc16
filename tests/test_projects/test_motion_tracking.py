"""A whole tracker with motion-aware queries: slots, videos, training."""
from pathlib import Path

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackState
from ipmot_mm.study.definition import read_study
from ipmot_mm.testing import make_clip, tiny_model_cfg
from projects.motion_queries.motion_queries import MotionQueryUpdater

ROOT = Path(__file__).resolve().parents[2]
KINDS = [('ipmot_dab_r50', 'MotionQueryUpdater'),
         ('ipmot_dab_r50', 'MotionMemoryQueryUpdater'),
         ('ipmot_deformable_r50', 'MotionPositionalQueryUpdater')]


def build(base, kind, **tracker):
    """A tracker with random weights that gives births and loses tracks."""
    cfg = tiny_model_cfg(base)
    cfg.updater.type = kind
    cfg.tracker.update(miss_tolerance=2, min_area=0.0, **tracker)
    torch.manual_seed(2)
    model = MODELS.build(cfg)
    model.init_weights()
    for branch in model.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 1.0)
    # boxes that move, which those of a fresh detector do not
    for branch in model.detector.bbox_head.reg_branches:
        torch.nn.init.normal_(branch[-1].weight, std=0.1)
    return model.eval()


def track(model, data, begin, end, videos=(0, ), states=None):
    """Tracks of some frames of some videos, video by video."""
    samples = []
    for video in videos:
        whole = data['data_samples'][video]
        samples.append(type(whole)())
        samples[-1].video_data_samples = whole.video_data_samples[begin:end]
    inputs = [data['inputs'][video][begin:end] for video in videos]
    ready = model.data_preprocessor(
        dict(inputs=inputs, data_samples=samples), False)
    done = model(**ready, mode='predict', state=states)
    return [[frame.pred_track_instances for frame in clip.video_data_samples]
            for clip in done]


def assert_same(first, second):
    assert len(first) == len(second)
    for ours, theirs in zip(first, second):
        assert ours.instances_id.tolist() == theirs.instances_id.tolist()
        torch.testing.assert_close(
            ours.bboxes, theirs.bboxes, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize('base, kind', KINDS)
def test_slots_and_look_ahead_do_not_change_a_video(base, kind):
    data, found = make_clip(2, num_frames=6), []
    for min_slots in (1, 100):
        model = build(base, kind, min_slots=min_slots)
        found.append(track(model, data, 0, 6)[0])
        one_by_one = [track(model, data, t, t + 1)[0][0] for t in range(6)]
        found.append(one_by_one)
    assert model.track_state.tracks.extra.shape == (1, 100, 4)
    assert 0 < int(model.track_state.num_ids)
    for other in found[1:]:
        assert_same(found[0], other)


@pytest.mark.parametrize('base, kind', KINDS)
def test_several_videos_are_tracked_as_each_alone(base, kind):
    """One of them begins while the other has tracks."""
    model, data = build(base, kind), make_clip(2, 3, num_frames=5)
    alone = [track(model, data, 0, 5, [video], TrackState())[0]
             for video in (0, 1)]
    states = [TrackState(), TrackState()]
    first = track(model, data, 0, 2, [0], states[:1])[0]
    second = []
    for t in range(3):
        samples = [track_of(data, 0, t + 2), track_of(data, 1, t)]
        both = predict_together(model, samples, states)
        first.append(both[0])
        second.append(both[1])
    assert_same(first, alone[0])
    assert_same(second, alone[1][:3])


def track_of(data, video, t):
    """One frame of a video."""
    whole = data['data_samples'][video]
    sample = type(whole)()
    sample.video_data_samples = whole.video_data_samples[t:t + 1]
    return data['inputs'][video][t:t + 1], sample


def predict_together(model, pairs, states):
    inputs, samples = map(list, zip(*pairs))
    ready = model.data_preprocessor(
        dict(inputs=inputs, data_samples=samples), False)
    done = model(**ready, mode='predict', state=states)
    return [clip[0].pred_track_instances for clip in done]


def test_motion_changes_what_is_tracked():
    data = make_clip(3, num_frames=6)
    tracks = [track(build('ipmot_dab_r50', kind), data, 0, 6)[0]
              for kind in ('QueryUpdater', 'MotionQueryUpdater')]
    # the first two frames know no motion
    assert_same(tracks[0][:2], tracks[1][:2])
    with pytest.raises(AssertionError):
        assert_same(tracks[0][2:], tracks[1][2:])


@pytest.mark.parametrize('base, kind', KINDS)
def test_it_trains(base, kind):
    model = build(base, kind).train()
    optim = build_optim_wrapper(
        model, dict(optimizer=dict(type='SGD', lr=1e-3)))
    before = {k: v.clone() for k, v in model.updater.state_dict().items()}
    logs = model.train_step(make_clip(3, 1, num_frames=4), optim)
    assert logs['loss'].isfinite()
    assert any(not torch.equal(value, before[name])
               for name, value in model.updater.state_dict().items())


def test_it_is_found_by_its_name():
    assert MODELS.get('MotionQueryUpdater') is MotionQueryUpdater


def test_the_study_of_the_project_is_found():
    study = read_study(str(ROOT / 'projects/motion_queries/study.py'))
    assert {'base', 'full', 'motion', 'motion_at_test'} <= set(study.rows)
    for row in study.rows.values():
        assert row.config.is_file()
