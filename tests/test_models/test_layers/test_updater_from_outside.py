"""State that an updater from outside of the package gives its tracks."""
import pytest
import torch

from ipmot_mm.models.layers import QueryUpdater
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackState
from ipmot_mm.testing import make_clip, tiny_model_cfg


class AgeUpdater(QueryUpdater):
    """``extra`` counts the frames of each track."""

    def forward(self, tracks, outputs, selection):
        updated = super().forward(tracks, outputs, selection)
        if len(updated) == 0:
            return updated
        ages = torch.zeros(*outputs.valid.shape, 1)
        if tracks.extra is not None:
            ages[:, outputs.num_detect_queries:] = tracks.extra
        return updated.replace(extra=selection.gather(ages) + 1)


@pytest.fixture
def build():
    """A tracker with random weights that gives births and loses tracks."""
    MODELS.register_module(module=AgeUpdater)

    def build(**tracker):
        cfg = tiny_model_cfg('ipmot_dab_r50')
        cfg.updater.type = 'AgeUpdater'
        cfg.tracker.update(miss_tolerance=2, min_area=0.0, **tracker)
        torch.manual_seed(2)
        model = MODELS.build(cfg)
        model.init_weights()
        for branch in model.detector.bbox_head.cls_branches:
            torch.nn.init.normal_(branch.weight, std=1.0)
            torch.nn.init.constant_(branch.bias, 1.0)
        return model.eval()

    yield build
    MODELS.module_dict.pop('AgeUpdater')


def predict(model, data, frames, states):
    """One frame, by its number, of each of some videos."""
    samples, inputs = [], []
    for video, t in frames:
        whole = data['data_samples'][video]
        samples.append(type(whole)())
        samples[-1].video_data_samples = whole.video_data_samples[t:t + 1]
        inputs.append(data['inputs'][video][t:t + 1])
    ready = model.data_preprocessor(
        dict(inputs=inputs, data_samples=samples), False)
    model(**ready, mode='predict', state=states)


def ages(state):
    """Id -> extra of the living tracks of a video."""
    tracks = state.tracks
    alive = tracks.valid[0]
    return dict(
        zip(tracks.ids[0, alive].tolist(), tracks.extra[0, alive,
                                                        0].tolist()))


def grown(before, now):
    """Everybody alive is a frame older, newborns are one frame old."""
    return {i: before.get(i, 0) + 1 for i in now}


@pytest.mark.parametrize('min_slots', [1, 100])
def test_it_follows_each_track_through_the_slots(build, min_slots):
    model, data = build(min_slots=min_slots), make_clip(2, num_frames=6)
    state, known, everybody = TrackState(), {}, set()
    for t in range(6):
        predict(model, data, [(0, t)], [state])
        known, before = ages(state), known
        assert known == grown(before, known)
        everybody |= set(known)
    assert max(known.values()) > 2  # some lived on
    assert everybody > set(known)  # some died


def test_videos_do_not_mix(build):
    """One of them begins while the other has tracks."""
    model, data = build(), make_clip(2, 3, num_frames=5)
    states, known = [TrackState(), TrackState()], [{}, {}]
    for frames in ([(0, 0)], [(0, 1)], [(0, 2), (1, 0)], [(0, 3), (1, 1)]):
        predict(model, data, frames, states[:len(frames)])
        for video, _ in frames:
            now = ages(states[video])
            assert now == grown(known[video], now)
            known[video] = now
    assert max(known[0].values()) == 4 and max(known[1].values()) == 2
