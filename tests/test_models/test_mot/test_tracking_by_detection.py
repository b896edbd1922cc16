"""The detector alone: its boxes, and its part of a checkpoint."""
import copy

import pytest
import torch
from frame_samples import assert_same, build, frames, part, predict
from mmengine.runner.checkpoint import load_state_dict

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries
from ipmot_mm.testing import make_clip, tiny_model_cfg

pytest.importorskip('lap')

BASES = ['ipmot_dab_r50', 'ipmot_deformable_r50']
TRACKER = dict(
    type='mmdet.ByteTracker',
    motion=dict(type='mmdet.KalmanFilter'),
    obj_score_thrs=dict(high=0.5, low=0.1),
    init_track_thr=0.5)


def detector_of(base, **kwargs):
    """Our model with the detector that ``build(base=base)`` has."""
    cfg = tiny_model_cfg(base, **kwargs)
    return MODELS.build(
        dict(
            type='TrackingByDetection',
            detector=cfg.detector,
            tracker=TRACKER,
            min_area=0.0,
            data_preprocessor=cfg.data_preprocessor)).eval()


@pytest.fixture(params=BASES)
def pair(request):
    """A tracker, and the model that matches what its detector finds."""
    whole = build(base=request.param)
    ours = detector_of(request.param)
    load_state_dict(ours, whole.state_dict(), strict=False)
    return whole, ours


def detect(model, data):
    data = model.data_preprocessor(data, False)
    return model.detect(data['inputs'][0],
                        data['data_samples'][0].video_data_samples)


def test_boxes_are_those_of_a_first_frame(pair):
    whole, ours = pair
    data = make_clip(2, num_frames=3, size=(96, 64))
    for sample in data['data_samples'][0].video_data_samples:
        sample.set_metainfo(dict(ori_shape=(192, 192)))
    found = detect(ours, data)
    size = torch.tensor([192.0, 192, 192, 192])
    for t, objects in enumerate(found):
        single = whole.data_preprocessor(part(data, t, t + 1), False)
        memory = whole.encode(single['inputs'], [(64, 96)])
        outputs = whole.detector.decode(memory, TrackQueries.empty(1, 32))
        centre, extent = outputs.bboxes[-1][0].split(2, -1)
        bboxes = torch.cat([centre - extent / 2, centre + extent / 2], 1)
        torch.testing.assert_close(
            objects.bboxes, bboxes * size, atol=1e-3, rtol=1e-4)
        torch.testing.assert_close(
            objects.scores, outputs.cls_logits[-1][0, :, 0].sigmoid())
        assert objects.labels.tolist() == [0] * 12


def test_chunks_equal_frame_by_frame(pair):
    _, ours = pair
    data = make_clip(2, num_frames=4)
    single = [
        frames(predict(ours, part(data, t, t + 1)))[0] for t in range(4)
    ]
    assert_same(single, frames(predict(ours, data)))
    assert any(len(tracks) for tracks in single)


def test_checkpoint_of_the_tracker_fills_the_detector():
    cfg = tiny_model_cfg(with_track_book=True)
    torch.manual_seed(3)
    whole = MODELS.build(cfg)
    whole.init_weights()
    whole.build_track_book()
    state = whole.state_dict()
    assert {key.split('.')[0] for key in state} == {
        'detector', 'updater', 'dedup', 'track_book'}
    ours = detector_of('ipmot_dab_r50')
    given = set(state)
    load_state_dict(ours, state, strict=True)
    assert set(state) == given
    assert len(ours.state_dict()) > 100
    for key, value in ours.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert {key for key in given if key.startswith('detector.')} - {
        *ours.state_dict()} == {
            key for key in given
            if key.startswith('detector.bbox_head.embed_branches.')}


def test_a_part_that_is_missing_is_an_error():
    ours = detector_of('ipmot_dab_r50')
    state = copy.copy(ours.state_dict())
    key = 'detector.neck.convs.0.conv.weight'
    state.pop(key)
    with pytest.raises(ValueError, match=f'another detector: 1 tensors are '
                       f'missing, such as {key}; give the config'):
        load_state_dict(ours, state, strict=False)


def test_a_larger_detector_is_an_error():
    """Its first layers would fit, and work, and be worse."""
    state = detector_of('ipmot_dab_r50', num_layers=3).state_dict()
    with pytest.raises(ValueError, match=r'tensors are not known, such as '
                       r'detector.bbox_head.cls_branches.2.bias'):
        load_state_dict(detector_of('ipmot_dab_r50'), state, strict=False)


def test_embedding_branch_is_not_built():
    ours = detector_of('ipmot_dab_r50')
    assert ours.detector.bbox_head.embed_branches is None
