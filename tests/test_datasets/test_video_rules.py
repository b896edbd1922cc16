"""What a data set of one's own must not give."""
from dataclasses import replace

import numpy as np
import pytest

from ipmot_mm.datasets import BaseClipDataset
from ipmot_mm.datasets.frame_table import VideoAnnotations

GOOD = VideoAnnotations(
    name='v', image_dir='', image_names=['a.jpg', 'b.jpg', 'c.jpg'],
    first_frame=0, gt_path='', frame_ids=np.array([0, 0, 2]),
    bboxes=np.array([[1., 1, 9, 9], [2, 2, 9, 9], [3, 3, 9, 9]]),
    labels=np.array([0, 1, 0]), instance_ids=np.array([7, 0, 7]),
    visibilities=np.ones(3))


class OwnDataset(BaseClipDataset):

    def __init__(self, videos):
        self.videos = videos
        super().__init__(
            dataset_name='own', metainfo=dict(classes=('person', 'car')))

    def load_videos(self):
        return self.videos


def test_what_keeps_to_the_rules_is_read():
    none = np.zeros(0, int)
    empty = replace(
        GOOD, name='w', frame_ids=none, bboxes=np.zeros((0, 4)), labels=none,
        instance_ids=none, visibilities=none)
    dataset = OwnDataset([GOOD, empty])
    assert [len(dataset.get_data_info(i)['gt_bboxes'][0])
            for i in range(6)] == [2, 0, 1, 0, 0, 0]
    lists = replace(GOOD, frame_ids=[0, 0, 2], instance_ids=[7, 0, 7])
    assert len(OwnDataset([lists])) == 3


@pytest.mark.parametrize('field, value, message', [
    ('frame_ids', [2, 0, 0], 'frame_ids must be in ascending order; sort'),
    ('frame_ids', [0, 0, 3], r'frame_ids must be in \[0, 3\), got 0 to 3'),
    ('frame_ids', [-1, 0, 2], r'frame_ids must be in \[0, 3\), got -1 to 2'),
    ('frame_ids', [0, 0, 1.5], 'frame_ids must be whole numbers'),
    ('instance_ids', [7, 7, 7], 'id 7 is twice in frame 0'),
    ('instance_ids', [7, -1, 7], 'instance_ids must not be negative, got -1'),
    ('labels', [0, 2, 0], r'labels must be in \[0, 2\), one for each .* 2'),
    ('labels', [0, 0], "lengths {.*'labels': 2.*expected one length n"),
    ('bboxes', np.ones((3, 5)), r'the shape \(3, 5\); expected .*\(n, 4\)'),
    ('image_names', [], 'it has no frames'),
])
def test_a_video_that_breaks_a_rule(field, value, message):
    video = replace(GOOD, **{field: np.array(value)})
    with pytest.raises(
            ValueError, match=f'Video "v" of dataset "own": .*{message}.*Cor'):
        OwnDataset([video])


@pytest.mark.parametrize('videos, message', [
    ([], 'gives no video; expected'),
    ([GOOD, GOOD], 'gives two videos named v; expected')])
def test_names_of_videos(videos, message):
    with pytest.raises(ValueError, match=message):
        OwnDataset(videos)
