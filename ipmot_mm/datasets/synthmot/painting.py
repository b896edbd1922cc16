"""Strokes that the painters of backgrounds share."""
from typing import Callable, Tuple

import cv2
import numpy as np

from .camera import Viewpoint
from .colors import COLORS, Color, jittered, shaded
from .domains import Domain
from .figure import Pen

Canvas = np.ndarray
"""BGR, uint8, has shape (h, w, 3); painted in place."""
Stroke = Callable[[Pen, Color], None]
"""Draws a scene object in its main colour."""
Painter = Callable[[np.random.Generator, Domain, Viewpoint, Canvas, int], None]
"""Fills a canvas, which has so many pixels of margin around the view."""


def shade(rng: np.random.Generator, domain: Domain, gain: float = 1) -> Color:
    """Draw one of the background colours of a domain.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Its ``background_colors``.
        gain (float): Light on it. Defaults to 1.

    Returns:
        tuple[int]: Opaque blue, green, red, opacity.
    """
    name = str(rng.choice(domain.background_colors))
    return shaded(jittered(rng, COLORS[name], 12), gain)


def rect(canvas: Canvas, left: float, top: float, right: float,
         bottom: float, color: Color) -> None:
    """Fill a rectangle, given in pixels of the canvas."""
    cv2.rectangle(canvas, (int(left), int(top)), (int(right), int(bottom)),
                  color[:3], -1)


def ground_lines(canvas: Canvas, view: Viewpoint, margin: int, top: float,
                 spacing: float, gain: float, across: bool = True) -> None:
    """Draw joints of the ground in perspective.

    Args:
        canvas (np.ndarray): What is painted on, has shape (h, w, 3).
        view (Viewpoint): Perspective.
        margin (int): Pixels around the unmoved view.
        top (float): Row where the ground ends.
        spacing (float): Body heights between two joints.
        gain (float): Share of the canvas that remains at a joint.
        across (bool): Whether to draw joints from left to right as well.
            Defaults to True.
    """
    total, width = canvas.shape[:2]
    layer = canvas.copy()
    vanish = np.array([width / 2, margin + view.size[1] * view.horizon])
    low = float(view.depth((total - margin) / view.size[1]))
    columns, row, _ = view.project(
        np.arange(-40, 41) * spacing, np.float64(low))
    for x in columns + margin:
        end = np.array([x, row + margin])
        start = end + (vanish - end) * min(
            (end[1] - top) / (end[1] - vanish[1]), 1)
        cv2.line(layer, _pixel(start), _pixel(end), (0, 0, 0), 1)
    for z in low + np.arange(1, 60) * spacing if across else ():
        y = float(view.project(np.float64(0), z)[1]) + margin
        if y > top:
            cv2.line(layer, (0, int(y)), (width, int(y)), (0, 0, 0), 1)
    cv2.addWeighted(canvas, gain, layer, 1 - gain, 0, dst=canvas)


def _pixel(point: np.ndarray) -> Tuple[int, int]:
    return tuple(int(v) for v in np.clip(point, -30000, 30000))
