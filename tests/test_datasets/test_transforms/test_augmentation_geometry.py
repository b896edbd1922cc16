"""Boxes and ids of the shipped pipelines against the chain on points."""
import numpy as np
import pytest
from shipped_pipelines import CASES, make_clip, run, shipped_pipeline, spied

from ipmot_mm.datasets.transforms import FilterBoxes
from ipmot_mm.registry import TRANSFORMS

KEYS = ('gt_bboxes_labels', 'gt_identities', 'gt_visibilities')


def naive_points(log, boxes, num_steps):
    """Boxes of one frame after the geometry drawn, by the chain itself."""
    boxes = boxes.astype(float)
    for name, params, (height, width) in log:
        if name == 'ClipRandomFlip' and params:
            boxes = boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
            boxes += [width, 0, width, 0]
        elif name == 'ClipRandomResize':
            boxes = boxes * ([params[1] / width, params[0] / height] * 2)
        elif name == 'ClipRandomCrop':
            boxes = boxes - [params.x1, params.y1] * 2
        elif name == 'PseudoClipShift':
            boxes = np.clip(boxes, 0, [width, height] * 2)
            for _step in range(num_steps):
                boxes = naive_shift(boxes, params, width, height)
    return boxes


def naive_shift(boxes, shift, width, height):
    """One step: crop, enlarge to the whole size, clip."""
    for axis, (delta, side) in enumerate(zip(shift, (width, height))):
        begin, end = max(0, -delta), min(side, side - delta)
        for column in (axis, axis + 2):
            boxes[:, column] = (boxes[:, column] - begin) * (
                side / (end - begin))
            boxes[:, column] = np.clip(boxes[:, column], 0, side)
    return boxes


@pytest.mark.parametrize('case', CASES, ids=str)
def test_boxes_and_ids_follow_the_naive_geometry(case):
    log = []
    steps = [spied(step, log) for step in shipped_pipeline(*case)]
    for step in steps:
        if hasattr(step, 'reverse_prob'):
            step.reverse_prob = 0
    assert isinstance(steps[-1], FilterBoxes)
    kept = []
    for seed in range(25):
        clip = make_clip(270, 480, num_frames=3)
        found = run(steps, clip, seed)
        for t in range(3):
            check_frame({key: values[t] for key, values in found.items()},
                        naive_points(log, clip['gt_bboxes'][t], t),
                        CASES[case].overflow)
            kept.append(len(found['gt_bboxes'][t]))
        log.clear()
    assert 0 < min(kept) < max(kept) <= 10


def check_frame(frame, boxes, overflow):
    """Boxes, ids and size of a frame against the boxes expected."""
    height, width = frame['img'].shape[:2]
    assert frame['img_shape'] == (height, width)
    inside = np.clip(boxes, 0, [width, height] * 2)
    extent = (inside[:, 2:] - inside[:, :2]).min(1)
    ids = frame['gt_instances_ids']
    assert ids.tolist() == np.flatnonzero(extent > 1e-4).tolist()
    expected = (boxes if overflow else inside)[ids]
    np.testing.assert_allclose(frame['gt_bboxes'], expected, atol=0.01)
    for key, offset in zip(KEYS, (100, 200, 0)):
        scale = 10 if key == 'gt_visibilities' else 1
        np.testing.assert_allclose(frame[key] * scale, ids + offset)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_all_frames_of_a_clip_look_alike(case):
    steps = [
        TRANSFORMS.build(step) for step in shipped_pipeline(*case)
        if step.type != 'PseudoClipShift'
    ]
    random = np.random.default_rng(0)
    img = random.integers(0, 256, (90, 160, 3), dtype=np.uint8)
    for seed in range(6):
        found = run(steps, dict(make_clip(90, 160, 3), img=[img] * 3), seed)
        for t in (1, 2):
            np.testing.assert_array_equal(found['img'][t], found['img'][0])
            assert found['flip'][t] == found['flip'][0]
            assert found['scale_factor'][t] == found['scale_factor'][0]
