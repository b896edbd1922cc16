"""What the base class ensures for data sets that others write."""
import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import BaseClipDataset
from ipmot_mm.datasets.frame_table import VideoAnnotations

PIPELINE = [
    dict(type='LoadClipImages'),
    dict(type='FilterBoxes'),
    dict(type='PackClipInputs')
]


class Written(BaseClipDataset):
    """Two frames of 60 x 50 pixels; the boxes are in the second one."""

    def __init__(self, folder, bboxes, **kwargs):
        self.folder, self.bboxes = folder, np.array(bboxes)
        super().__init__(dataset_name='own', pipeline=PIPELINE, **kwargs)

    def load_videos(self):
        count = len(self.bboxes)
        return [
            VideoAnnotations(
                name='v',
                image_dir=str(self.folder),
                image_names=['a.png', 'b.png'],
                first_frame=0,
                gt_path='',
                frame_ids=np.ones(count, np.int64),
                bboxes=self.bboxes,
                labels=np.zeros(count, np.int64),
                instance_ids=np.arange(count),
                visibilities=np.ones(count))
        ]


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize('place', range(4))
def test_boxes_that_are_not_finite_are_refused(tmp_path, value, place):
    """They would pass FilterBoxes, and no loss bears them."""
    bboxes = [[1., 2., 9., 9.], [1., 2., 9., 9.]]
    bboxes[1][place] = value
    with pytest.raises(ValueError, match=(
            'of object 1 in "v/b.png" of dataset "own" is not finite')):
        Written(tmp_path, bboxes)


def test_degenerate_boxes_do_not_leave_the_pipeline(tmp_path):
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / name), np.zeros((50, 60, 3), np.uint8))
    dataset = Written(tmp_path, [
        (1, 1, 5, 5),
        (5, 5, 5, 9),  # no width
        (9, 9, 5, 5),  # corners swapped
        (9, 1, 5, 5),  # one of them
        (-9, -9, -1, -1),  # outside
        (100, 1, 200, 5),
        (-1e6, -1e6, 1e6, 1e6),
        (60, 50, 61, 51),  # touches the corner
        (59, 49, 60, 50)  # the last pixel
    ])
    instances = dataset[1]['data_samples'][0].gt_instances
    assert instances.instances_ids.tolist() == [0, 6, 8]
    assert len(dataset[0]['data_samples'][0].gt_instances) == 0
