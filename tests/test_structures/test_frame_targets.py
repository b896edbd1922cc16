"""Ground truth of a frame: lengths, box format, what the pipeline packs."""
from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData

from ipmot_mm.structures import NO_IDENTITY, FrameTargets


def make_instances(num=3, **fields):
    return InstanceData(
        bboxes=torch.rand(num, 4, dtype=torch.float64) * 50,
        labels=torch.arange(num, dtype=torch.int32),
        instances_ids=torch.arange(num, dtype=torch.int32) + 7,
        **fields)


def make_targets(num=3):
    return FrameTargets.from_instances(
        make_instances(
            num,
            identities=torch.arange(num) + 100,
            visibilities=torch.rand(num, dtype=torch.float64)), (37, 53),
        'a.jpg')


@pytest.mark.parametrize(
    'name', ['bboxes', 'labels', 'instance_ids', 'identities', 'visibilities'])
def test_lengths_must_agree(name):
    targets = make_targets()
    with pytest.raises(
            ValueError,
            match=r'frame "a.jpg" must have one length, got \[2, 3\]'):
        replace(targets, **{name: getattr(targets, name)[:2]})


def test_boxes_relative_to_the_frame_without_padding():
    targets = make_targets()
    height, width = 37, 53
    for box, expected in zip(targets.bboxes_cxcywh, targets.bboxes):
        cx, cy, w, h = box.tolist()
        corners = ((cx - w / 2) * width, (cy - h / 2) * height,
                   (cx + w / 2) * width, (cy + h / 2) * height)
        assert corners == pytest.approx(expected.tolist(), abs=1e-4)


def test_packed_fields_become_known_types():
    targets = make_targets()
    assert len(targets) == 3 and targets.img_shape == (37, 53)
    assert targets.bboxes.dtype == torch.float32
    assert targets.visibilities.dtype == torch.float32
    for name, first in (('labels', 0), ('instance_ids', 7), ('identities',
                                                             100)):
        value = getattr(targets, name)
        assert value.dtype == torch.int64
        assert value.tolist() == [first, first + 1, first + 2]


def test_what_the_data_set_does_not_say():
    targets = FrameTargets.from_instances(make_instances(), (37, 53), '')
    assert targets.identities.tolist() == [NO_IDENTITY] * 3
    assert targets.identities.dtype == torch.int64
    assert targets.visibilities.tolist() == [1.0] * 3
    assert targets.visibilities.dtype == torch.float32


def test_boxes_of_mmdet_are_unwrapped():
    instances = make_instances()
    corners = instances.bboxes
    instances.bboxes = HorizontalBoxes(corners)
    targets = FrameTargets.from_instances(instances, (37, 53), '')
    assert torch.equal(targets.bboxes, corners.float())


def test_frame_without_objects():
    targets = make_targets(0)
    assert len(targets) == 0
    assert targets.bboxes_cxcywh.shape == (0, 4)


def test_fields_cannot_be_set():
    with pytest.raises(FrozenInstanceError):
        make_targets().labels = None
