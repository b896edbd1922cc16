import cv2
import numpy as np

from ipmot_mm.datasets.transforms.clip_hsv import hsv_table
from ipmot_mm.registry import TRANSFORMS


def test_table_adds_and_hue_wraps():
    table = hsv_table(-5, 30, -30)[:, 0]
    for old in range(180):
        assert table[old, 0] == (old - 5) % 180
    for old in range(256):
        assert table[old, 1] == min(old + 30, 255)
        assert table[old, 2] == max(old - 30, 0)


def test_all_frames_change_alike_and_the_input_does_not(make_clip):
    random = np.random.default_rng(0)
    img = random.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    clip = dict(make_clip(), img=[img] * 3)
    transform = TRANSFORMS.build(dict(type='ClipHSV'))
    changed = 0
    for seed in range(20):
        np.random.seed(seed)
        before = img.copy()
        first, second, third = transform(clip)['img']
        np.testing.assert_array_equal(img, before)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)
        assert first.dtype == np.uint8
        changed += not np.array_equal(first, img)
    assert 10 < changed < 20  # 7 of 8 expected


def test_value_shift_matches_a_naive_one(make_clip):
    img = np.random.default_rng(1).integers(0, 255, (9, 7, 3), dtype=np.uint8)
    transform = TRANSFORMS.build(dict(type='ClipHSV'))
    frame = transform.transform_frame(dict(img=img), (0, 0, 20))
    hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV).astype(int)
    hsv[..., 2] = np.minimum(hsv[..., 2] + 20, 255)
    expected = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)
    np.testing.assert_array_equal(frame['img'], expected)
