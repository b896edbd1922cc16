"""Make a still image move."""
from typing import Dict, Tuple

import cv2
import numpy as np
from numpy import ndarray

from ipmot_mm.registry import TRANSFORMS

from .clip_transform import (ClipTransform, Frame, clip_boxes, has_area,
                             keep_objects)

LARGEST_SHARE = 4
"""A step takes at most one fourth of a side, for images that are small."""


@TRANSFORMS.register_module()
class PseudoClipShift(ClipTransform):
    r"""Turn T copies of an image into a clip.

    Every frame is what is left of the one before it after a shift by
    (dx, dy), resized to the full size; dx and dy are :math:`\pm\lceil m U
    \rceil`, fixed for the clip (FixedMotRandomShift of MOTR, @8690da3
    datasets/transforms.py:331-334). The right end is min(w, w - dx); MeMOTR
    has max there, which leaves pseudo-clips without horizontal motion.
    The shifts are composed, so all frames are resampled once from the
    original. Boxes are clipped, and what leaves the frame is dropped. That
    holds for the first frame, too, whose boxes the references leave whole:
    else the box of a person at the border would jump at the second frame.

    Args:
        max_shift (int): Largest step m in pixels of the image. Defaults to
            50.
        reverse_prob (float): Probability of playing the clip backwards.
            Defaults to 0.5.
    """

    def __init__(self,
                 *,
                 max_shift: int = 50,
                 reverse_prob: float = 0.5) -> None:
        self.max_shift = max_shift
        self.reverse_prob = reverse_prob

    def transform(self, results: Dict[str, list]) -> Dict[str, list]:
        """Move the copies.

        Args:
            results (dict[str, list]): A clip of one image, T times.

        Returns:
            dict[str, list]: A new clip.
        """
        num_frames = len(results['img_path'])
        # The step of every frame is known to the frame by its place.
        clip = super().transform({**results, '_step': list(range(num_frames))})
        del clip['_step']
        if np.random.rand() >= self.reverse_prob:
            return clip
        return {key: values[::-1] for key, values in clip.items()}

    def draw(self, frame: Frame) -> Tuple[int, int]:
        """Shift (dx, dy) of one step in pixels."""
        height, width = frame['img'].shape[:2]
        limit = np.minimum(self.max_shift,
                           np.array([width, height]) // LARGEST_SHARE)
        size = np.ceil(limit * np.random.rand(2)).astype(int)
        dx, dy = size * np.random.choice([-1, 1], 2)
        return int(dx), int(dy)

    def transform_frame(self, frame: Frame, params: Tuple[int, int]) -> Frame:
        """Crop and resize by all steps up to this frame."""
        img = frame['img']
        height, width = img.shape[:2]
        left, zoom_x = window_after(frame['_step'], width, params[0])
        top, zoom_y = window_after(frame['_step'], height, params[1])
        corner = np.array([left, top] * 2, np.float32)
        zoom = np.array([zoom_x, zoom_y] * 2, np.float32)
        bboxes = clip_boxes((frame['gt_bboxes'] - corner) * zoom, img)
        frame = dict(
            frame,
            img=zoom_window(img, left, top, zoom_x, zoom_y),
            gt_bboxes=bboxes)
        return keep_objects(frame, has_area(bboxes))


def window_after(num_steps: int, side: int, shift: int) -> Tuple[float, float]:
    """Where the window begins after some steps, and how much it is enlarged.

    A step keeps [max(0, -shift), min(side, side - shift)] of the frame
    before it and enlarges that to the whole side.

    Args:
        num_steps (int): Number of steps.
        side (int): Width or height in pixels.
        shift (int): Shift of one step in pixels.

    Returns:
        tuple[float, float]: First coordinate in the original image, and the
        factor by which the window is enlarged.
    """
    zoom = side / (side - abs(shift))
    # In pixels of the original, step k begins max(0, -shift) / zoom^k later
    # than the one before it.
    begin = sum(max(0, -shift) / zoom**k for k in range(num_steps))
    return begin, zoom**num_steps


def zoom_window(img: ndarray, left: float, top: float, zoom_x: float,
                zoom_y: float) -> ndarray:
    """Enlarge the window that begins at (left, top) to the whole image.

    Pixel i covers [i, i + 1], so its centre is at i + 0.5; warpAffine counts
    from centre to centre.
    """
    if zoom_x == zoom_y == 1:
        return img
    matrix = np.array([[1 / zoom_x, 0, left + 0.5 / zoom_x - 0.5],
                       [0, 1 / zoom_y, top + 0.5 / zoom_y - 0.5]])
    return cv2.warpAffine(
        img,
        matrix,
        img.shape[1::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE)
