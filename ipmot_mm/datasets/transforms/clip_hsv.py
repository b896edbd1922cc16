"""Change of colours, the same for all frames of a clip."""
from typing import Tuple

import cv2
import numpy as np
from numpy import ndarray

from ipmot_mm.registry import TRANSFORMS

from .clip_transform import ClipTransform, Frame

NUM_HUES = 180
"""OpenCV counts hue in steps of two degrees."""


@TRANSFORMS.register_module()
class ClipHSV(ClipTransform):
    """Add a random number to hue, saturation and value.

    Each channel is changed with probability one half, by the same number in
    all pixels of all frames (as YOLOX and, with it, MeMOTR do).

    Args:
        hue_delta (int): Largest change of the hue, which wraps around at 180.
            Defaults to 5.
        saturation_delta (int): Largest change of the saturation, which stops
            at 0 and 255. Defaults to 30.
        value_delta (int): Largest change of the value, likewise. Defaults to
            30.
    """

    def __init__(self,
                 *,
                 hue_delta: int = 5,
                 saturation_delta: int = 30,
                 value_delta: int = 30) -> None:
        self.deltas = np.array([hue_delta, saturation_delta, value_delta])

    def draw(self, frame: Frame) -> Tuple[int, int, int]:
        """What to add to the three channels."""
        change = np.random.uniform(-1, 1, 3) * self.deltas
        return tuple((change * np.random.randint(0, 2, 3)).astype(int))

    def transform_frame(self, frame: Frame, params: Tuple[int, int,
                                                          int]) -> Frame:
        """Change the colours of the image."""
        if not any(params):
            return frame
        hsv = cv2.cvtColor(frame['img'], cv2.COLOR_BGR2HSV)
        # A table over one plane is several times faster than over three.
        planes = cv2.split(hsv)
        for plane, table, change in zip(planes, hsv_tables(*params), params):
            if change:
                cv2.LUT(plane, table, dst=plane)
        cv2.merge(planes, dst=hsv)
        return dict(frame, img=cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR, dst=hsv))


def hsv_tables(hue: int, saturation: int, value: int) -> ndarray:
    """New value of each old one, uint8, has shape (3, 256)."""
    old = np.arange(256)
    tables = [(old + hue) % NUM_HUES,
              np.clip(old + saturation, 0, 255),
              np.clip(old + value, 0, 255)]
    return np.stack(tables).astype(np.uint8)
