import numpy as np
import pytest

from ipmot_mm.datasets.contents_log import log_contents
from ipmot_mm.datasets.frame_table import VideoAnnotations


def video(num_frames, ids):
    return VideoAnnotations(
        name='A',
        image_dir='',
        image_names=['a.jpg'] * num_frames,
        first_frame=0,
        gt_path='',
        frame_ids=np.zeros(len(ids), int),
        bboxes=np.zeros((len(ids), 4)),
        labels=np.zeros(len(ids), int),
        instance_ids=np.array(ids, int),
        visibilities=np.ones(len(ids)))


@pytest.mark.parametrize('videos, left_out, expected', [
    ([video(5, [1, 1, 2]), video(3, [1])], dict(masks=4, dogs=0, rows=2),
     '2 sequences, 8 frames, 4 objects of 3 identities; left out: 4 masks, 2 '
     'rows.'),
    ([video(5, [1])], dict(rows=0),
     '1 sequences, 5 frames, 1 objects of 1 identities.'),
    ([video(1, [1, 2]), video(1, [1])], {},
     '2 images, 3 objects of 3 identities.'),
    ([video(2, [])], {}, '1 sequences, 2 frames.'),
    ([video(2, [])], dict(rows=3),
     '1 sequences, 2 frames, 0 objects of 0 identities; left out: 3 rows.'),
])
def test_only_what_is_there_is_told(monkeypatch, videos, left_out, expected):
    found = []
    monkeypatch.setattr('ipmot_mm.datasets.contents_log.print_log',
                        lambda text, **kwargs: found.append((text, kwargs)))
    log_contents('data/x', videos, left_out)
    assert found == [(f'"data/x": {expected}', dict(logger='current'))]
