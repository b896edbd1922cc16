import numpy as np
import pytest

from ipmot_mm.registry import TRANSFORMS

BOXES = np.array(
    [
        [-10, -10, 5, 5],  # sticks out
        [-10, 0, 0, 9],  # touches from outside
        [30, 2, 40, 9],  # outside
        [1, 2, 3, 4],
        [4, 4, 4, 8],  # no width
    ],
    np.float32)


@pytest.mark.parametrize('overflow, first', [(True, [-10, -10, 5, 5]),
                                             (False, [0, 0, 5, 5])])
def test_boxes_without_a_part_inside_are_dropped(overflow, first):
    count = len(BOXES)
    clip = dict(
        img_path=['0.jpg'],
        img=[np.zeros((10, 20, 3), np.uint8)],
        gt_bboxes=[BOXES],
        gt_bboxes_labels=[np.zeros(count)],
        gt_instances_ids=[np.arange(count)],
        gt_identities=[np.arange(count) + 100],
        gt_visibilities=[np.ones(count)])
    found = TRANSFORMS.build(
        dict(type='FilterBoxes', overflow_boxes=overflow))(
            clip)
    assert found['gt_bboxes'][0].tolist() == [first, [1, 2, 3, 4]]
    assert found['gt_instances_ids'][0].tolist() == [0, 3]
    assert found['gt_identities'][0].tolist() == [100, 103]
