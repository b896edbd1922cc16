import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import CrowdHumanClipDataset
from ipmot_mm.datasets.transforms.pseudo_clip_shift import (window_after,
                                                            zoom_window)
from ipmot_mm.registry import TRANSFORMS


def still_clip(make_clip, num_frames):
    clip = make_clip(num_frames=1)
    clip = {key: values * num_frames for key, values in clip.items()}
    clip['img_path'] = ['one.jpg'] * num_frames
    return clip


@pytest.mark.parametrize('shift', [-13, 0, 13])
def test_window_equals_repeated_crop_and_resize(shift):
    side, left, right = 100, 0.0, 100.0
    for num_steps in range(6):
        begin, zoom = window_after(num_steps, side, shift)
        assert begin == pytest.approx(left)
        assert side / zoom == pytest.approx(right - left)
        # One more step on the window so far, in its own pixels.
        pixel = (right - left) / side
        left, right = (left + max(0, -shift) * pixel,
                       left + min(side, side - shift) * pixel)


def test_zoom_equals_crop_and_resize():
    random = np.random.default_rng(0)
    img = random.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    expected = cv2.resize(img[30:60, 0:40], (80, 60))
    found = zoom_window(img, 0, 30, 2, 2)
    # The border is repeated there, and is the neighbour in the image here.
    difference = np.abs(found.astype(int) - expected)[1:-1, 1:-1]
    assert difference.max() <= 1


def test_boxes_follow_and_the_image_moves(make_clip, check_rectangle):
    transform = TRANSFORMS.build(
        dict(type='PseudoClipShift', max_shift=12, reverse_prob=0))
    moved = np.zeros(2)
    for seed in range(20):
        np.random.seed(seed)
        source = still_clip(make_clip, 4)
        clip = transform(source)
        assert set(clip) == set(source)
        check_rectangle(clip, atol=2)
        assert clip['img'][0] is source['img'][0]
        assert {img.shape for img in clip['img']} == {(120, 160, 3)}
        centres = [box[0, :2] + box[0, 2:] for box in clip['gt_bboxes']]
        moved += np.abs(centres[3] - centres[0]) > 1
    assert (moved > 15).all()  # in x as in y: MeMOTR's max stops x for dx > 0


def test_objects_that_leave_take_their_ids_along(make_clip, check_rectangle):
    transform = TRANSFORMS.build(
        dict(type='PseudoClipShift', max_shift=30, reverse_prob=0))
    counts = []
    for seed in range(20):
        np.random.seed(seed)
        clip = transform(still_clip(make_clip, 5))
        for bboxes, ids in zip(clip['gt_bboxes'], clip['gt_instances_ids']):
            assert len(bboxes) == len(ids)
            assert (bboxes[:, 2:] > bboxes[:, :2]).all()
            assert bboxes.min(initial=0) >= 0
        check_rectangle(clip, atol=3)
        counts.append(len(clip['gt_instances_ids'][4]))
    assert 2 in counts and min(counts) < 2


def test_reverse_ends_with_the_image(make_clip):
    transform = TRANSFORMS.build(dict(type='PseudoClipShift', reverse_prob=1))
    source = still_clip(make_clip, 3)
    assert transform(source)['img'][2] is source['img'][0]


def test_crowdhuman_image_becomes_a_clip(tmp_path):
    random = np.random.default_rng(0)
    cv2.imwrite(
        str(tmp_path / '1,a.jpg'),
        random.integers(0, 255, (90, 120, 3), dtype=np.uint8))
    (tmp_path / 'a.odgt').write_text(
        '{"ID": "1,a", "gtboxes": [{"tag": "person", "fbox": [30, 20, 40, 50],'
        ' "extra": {}}]}')
    dataset = CrowdHumanClipDataset(
        ann_file=str(tmp_path / 'a.odgt'),
        image_dir=str(tmp_path),
        pipeline=[
            dict(type='LoadClipImages'),
            dict(type='PseudoClipShift'),
            dict(type='FilterBoxes'),
            dict(type='PackClipInputs')
        ])
    sample = dataset[0, 4, 1, 7]
    assert sample['inputs'].shape == (4, 3, 90, 120)
    ids = [
        frame.gt_instances.identities.tolist()
        for frame in sample['data_samples'].video_data_samples
    ]
    assert ids == [[0]] * 4
    assert not np.array_equal(sample['inputs'][0], sample['inputs'][3])
