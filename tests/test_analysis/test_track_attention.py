"""From a frame of a video to its attention."""
import cv2
import numpy as np
import pytest
from small_tracker import load_tracker, write_street

from ipmot_mm.analysis.track_attention import attention_of_frame
from ipmot_mm.apis import FrameTracker, track_video
from ipmot_mm.structures import NO_ID


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    return write_street(tmp_path_factory.mktemp('street'), 6)


def test_it_is_that_of_the_frame(street):
    model = load_tracker()
    image, attention = attention_of_frame(model, street, 4)
    expected = cv2.imread(str(street / 'img1' / '000004.jpg'))
    np.testing.assert_array_equal(image, expected)
    frames = list(track_video(FrameTracker(model), street))
    # tracks that entered frame 4 are those that were alive after frame 3
    assert set(frames[2][1].instances_id.tolist()) <= set(
        attention.track_ids[attention.track_ids != NO_ID].tolist())
    for bbox, who in zip(frames[3][1].bboxes, frames[3][1].instances_id):
        row = np.flatnonzero(attention.track_ids == int(who))
        if row.size:
            np.testing.assert_allclose(
                attention.bboxes[row[0]] * [224, 128, 224, 128], bbox,
                atol=0.01)


def test_a_frame_beyond_the_end(street):
    with pytest.raises(ValueError, match='frame 9 of .* does not exist, it '
                       'has 6'):
        attention_of_frame(load_tracker(), street, 9)
