"""Ground truth as detections."""
import pytest
import torch
from frame_samples import frames, predict

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg

pytest.importorskip('lap')
pytest.importorskip('motmetrics')


def build(**kwargs):
    return MODELS.build(
        dict(
            type='OracleMatching',
            data_preprocessor=tiny_model_cfg().data_preprocessor,
            tracker=dict(
                type='mmdet.SORTTracker',
                motion=dict(type='mmdet.KalmanFilter'),
                reid=None,
                match_iou_thr=0.1),
            min_area=0.0,
            **kwargs)).eval()


def test_boxes_are_those_of_the_original_frame():
    data = make_clip(3, num_frames=4)
    truth = [
        sample.gt_instances for sample in
        data['data_samples'][0].video_data_samples
    ]
    for sample in data['data_samples'][0].video_data_samples:
        sample.set_metainfo(dict(scale_factor=(0.5, 0.25)))
    found = frames(predict(build(), data))
    scale = torch.tensor([2.0, 4, 2, 4])
    for tracks, objects in zip(found, truth):
        assert torch.equal(tracks.bboxes, objects.bboxes * scale)
        assert tracks.scores.tolist() == [1, 1, 1]
        # far apart and slow: matching has nothing to confuse
        assert tracks.instances_id.tolist() == objects.instances_ids.tolist()


@pytest.mark.parametrize('limit, kept', [(0.0, 3), (0.25, 2), (0.9, 1)])
def test_hardly_visible_persons_are_not_detected(limit, kept):
    data = make_clip(3, num_frames=1)
    sample = data['data_samples'][0].video_data_samples[0]
    sample.gt_instances.visibilities = torch.tensor([1.0, 0.1, 0.25])
    found, = frames(predict(build(min_visibility=limit), data))
    order = sample.gt_instances.visibilities.argsort(descending=True)
    expected = sample.gt_instances.bboxes[order[:kept].sort().values]
    assert torch.equal(found.bboxes, expected)


def test_it_has_no_weights():
    assert not build().state_dict()
