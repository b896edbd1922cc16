"""Clips of a white rectangle on black, with the box that says where."""
from typing import Callable, Dict

import numpy as np
import pytest

from ipmot_mm.datasets.transforms import render_clip


def rectangle_clip(num_frames: int = 3,
                   height: int = 120,
                   width: int = 160) -> Dict[str, list]:
    """A clip in which a rectangle of person 11 moves; person 22 is small."""
    clip = {'img': [], 'gt_bboxes': []}
    for t in range(num_frames):
        x1, y1, x2, y2 = 40 + 7 * t, 30 + 3 * t, 80 + 7 * t, 90 + 3 * t
        img = np.zeros((height, width, 3), np.uint8)
        img[y1:y2, x1:x2] = 255
        clip['img'].append(img)
        clip['gt_bboxes'].append(
            np.array([[x1, y1, x2, y2], [2, 2, 8, 9]], np.float32))
    return dict(
        clip,
        img_path=[f'{t}.jpg' for t in range(num_frames)],
        ori_shape=[(height, width)] * num_frames,
        img_shape=[(height, width)] * num_frames,
        scale_factor=[(1.0, 1.0)] * num_frames,
        flip=[False] * num_frames,
        flip_direction=[None] * num_frames,
        frame_id=list(range(num_frames)),
        gt_bboxes_labels=[np.zeros(2, np.int64)] * num_frames,
        gt_instances_ids=[np.array([11, 22])] * num_frames,
        gt_identities=[np.array([1, 2])] * num_frames,
        gt_visibilities=[np.ones(2, np.float32)] * num_frames)


def assert_rectangle_in_box(clip: Dict[str, list], atol: float = 1.0) -> None:
    """The white pixels of every frame are where the box of person 11 is."""
    clip = render_clip(clip)
    for img, bboxes, ids in zip(clip['img'], clip['gt_bboxes'],
                                clip['gt_instances_ids']):
        assert len(bboxes) == len(ids)
        height, width = img.shape[:2]
        ys, xs = np.nonzero(img[..., 0] > 127)
        box = bboxes[ids == 11]
        if len(xs) == 0:
            # At most a sliver of the box is inside of the frame.
            inside = np.clip(box, 0, [width, height] * 2)
            assert (inside[:, 2:] - inside[:, :2]).min(initial=0) <= atol
            continue
        seen = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(
            np.clip(box[0], 0, [width, height] * 2), seen, atol=atol)


@pytest.fixture
def make_clip() -> Callable:
    """``make_clip(num_frames=3, height=120, width=160)``."""
    return rectangle_clip


@pytest.fixture
def check_rectangle() -> Callable:
    """``check_rectangle(clip, atol=1)``."""
    return assert_rectangle_in_box
