import numpy as np

from ipmot_mm.datasets.transforms import ClipTransform, keep_objects
from ipmot_mm.datasets.transforms.clip_transform import clip_boxes, has_area


class AddRandom(ClipTransform):
    """Writes the number drawn into every frame."""

    def draw(self, frame):
        return np.random.rand()

    def transform_frame(self, frame, params):
        return dict(frame, drawn=params)


def test_one_draw_serves_all_frames(make_clip):
    clip = make_clip(num_frames=4)
    assert len(set(AddRandom()(clip)['drawn'])) == 1
    assert AddRandom()(clip)['drawn'] != AddRandom()(clip)['drawn']
    assert 'drawn' not in clip


def test_keep_objects_drops_from_every_array(make_clip):
    frame = {key: values[0] for key, values in make_clip().items()}
    kept = keep_objects(frame, np.array([False, True]))
    assert kept['gt_instances_ids'].tolist() == [22]
    assert kept['gt_identities'].tolist() == [2]
    assert kept['gt_bboxes'].tolist() == [[2, 2, 8, 9]]
    assert len(kept['gt_bboxes_labels']) == len(kept['gt_visibilities']) == 1
    assert len(frame['gt_bboxes']) == 2


def test_clip_boxes_and_area():
    img = np.zeros((10, 20, 3), np.uint8)
    bboxes = np.array([[-5, -5, 30, 30], [25, 1, 30, 5], [1, 2, 3, 4]],
                      np.float32)
    clipped = clip_boxes(bboxes, img)
    assert clipped.tolist() == [[0, 0, 20, 10], [20, 1, 20, 5], [1, 2, 3, 4]]
    assert has_area(clipped).tolist() == [True, False, True]
    assert clipped.dtype == np.float32
