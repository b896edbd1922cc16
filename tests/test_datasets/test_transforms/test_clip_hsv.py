import cv2
import numpy as np
import pytest

from ipmot_mm.datasets.transforms.clip_hsv import hsv_tables
from ipmot_mm.registry import TRANSFORMS


def test_table_adds_and_hue_wraps():
    tables = hsv_tables(-5, 30, -30)
    for old in range(180):
        assert tables[0, old] == (old - 5) % 180
    for old in range(256):
        assert tables[1, old] == min(old + 30, 255)
        assert tables[2, old] == max(old - 30, 0)


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


@pytest.mark.parametrize('change', [(0, 0, 20), (-5, 0, 0), (5, -30, 30)])
def test_change_matches_a_naive_one(change):
    img = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    transform = TRANSFORMS.build(dict(type='ClipHSV'))
    frame = transform.transform_frame(dict(img=img), change)
    hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV).astype(int) + change
    hsv[..., 0] %= 180
    hsv[..., 1:] = np.clip(hsv[..., 1:], 0, 255)
    expected = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)
    np.testing.assert_array_equal(frame['img'], expected)
