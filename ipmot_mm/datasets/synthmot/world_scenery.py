"""Places of the ``world`` family, which no other domain shows."""
from typing import Dict, Tuple

import cv2
import numpy as np

from .camera import Viewpoint
from .colors import Color, jittered, shaded
from .domains import Domain
from .figure import Pen
from .painting import Canvas, Painter, Stroke, ground_lines, rect, shade


def _blend(first: Color, second: Color, share: float) -> Color:
    """Mix two colours; ``share`` is that of the second."""
    blue, green, red = (int((1 - share) * a + share * b)
                        for a, b in zip(first[:3], second[:3]))
    return blue, green, red, 255


def _fade(canvas: Canvas, bottom: float, above: Color, below: Color) -> None:
    """Fill the rows down to ``bottom`` from one colour into another."""
    share = np.clip(np.arange(int(bottom)) / max(bottom, 1), 0, 1)[:, None]
    rows = (1 - share) * above[:3] + share * below[:3]
    canvas[:int(bottom)] = rows[:, None].astype(np.uint8)


def _ridge(canvas: Canvas, tops: np.ndarray, bottom: float,
           color: Color) -> None:
    """Fill below a curve with a row for each column."""
    width = canvas.shape[1]
    curve = np.stack([np.linspace(0, width, len(tops)), tops], 1)
    corners = [[width, bottom], [0, bottom]]
    cv2.fillPoly(canvas, [np.concatenate([curve, corners]).astype(np.int32)],
                 color[:3])


def _specks(rng: np.random.Generator, canvas: Canvas, top: float,
            slant: Tuple[float, float], count: int, color: Color) -> None:
    """Short strokes on the ground, longer the nearer they are."""
    total, width = canvas.shape[:2]
    starts = rng.uniform((0, top), (width, total), (count, 2))
    size = 1 + 5 * (starts[:, 1:] - top) / max(total - top, 1)
    ends = starts + size * slant * rng.uniform(0.5, 1.5, (count, 2))
    gains = rng.uniform(0.6, 1.4, count)
    for start, end, gain in zip(
            starts.astype(int).tolist(), ends.astype(int).tolist(), gains):
        cv2.line(canvas, start, end, shaded(color, gain)[:3], 1)


def _paint_meadow(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                  canvas: Canvas, margin: int) -> None:
    """Sky, hills, trees far away, grass with a mown pattern of specks."""
    total, width = canvas.shape[:2]
    height = view.size[1]
    edge = margin + height * (domain.feet_range[0] - rng.uniform(0.02, 0.12))
    _fade(canvas, edge, jittered(rng, (215, 170, 120), 20),
          jittered(rng, (235, 225, 215), 12))
    columns = np.linspace(0, 2 * np.pi, 24)
    for lift in (0.5, 0.25):
        waves = np.sin(columns * rng.uniform(0.5, 2) + rng.uniform(0, 6.3))
        tops = edge - lift * height * (0.4 + 0.3 * waves)
        hill = _blend(shade(rng, domain), (70, 120, 70, 255), 0.5)
        _ridge(canvas, tops, edge, hill)
    for x in rng.uniform(0, width, int(rng.integers(0, 9))):
        radius = int(rng.uniform(0.03, 0.09) * height)
        leaf = jittered(rng, (45, 95, 50), 14)
        cv2.circle(canvas, (int(x), int(edge - radius)), radius, leaf[:3], -1)
    grass = _blend(shade(rng, domain), (60, 140, 80, 255),
                   rng.uniform(0.4, 0.9))
    rect(canvas, 0, edge, width, total, grass)
    _specks(rng, canvas, edge, (0.4, -1.6), int(500 * domain.texture), grass)


def _paint_hall(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                canvas: Canvas, margin: int) -> None:
    """Wall with arches and a sign, ceiling lamps, polished tiles."""
    total, width = canvas.shape[:2]
    height = view.size[1]
    edge = margin + height * (domain.feet_range[0] - rng.uniform(0.01, 0.1))
    wall = shade(rng, domain, rng.uniform(0.8, 1.2))
    _fade(canvas, edge, shaded(wall, 0.6), wall)
    span = rng.uniform(0.25, 0.6) * height
    inner = shaded(wall, rng.choice((0.45, 0.7, 1.35)))
    for x in np.arange(rng.uniform(-span, 0), width, span):
        top = edge - 0.9 * span
        rect(canvas, x + 0.2 * span, top, x + 0.8 * span, edge, inner)
        cv2.ellipse(canvas, (int(x + 0.5 * span), int(top)),
                    (int(0.3 * span), int(0.25 * span)), 0, 180, 360,
                    inner[:3], -1)
    for x in rng.uniform(0, width, int(rng.integers(1, 6))):
        y, w = rng.uniform(0, 0.4) * edge, rng.uniform(0.05, 0.2) * width
        rect(canvas, x, y, x + w, y + 0.05 * height, shade(rng, domain, 1.4))
    floor = shade(rng, domain, rng.uniform(0.9, 1.2))
    rect(canvas, 0, edge, width, total, floor)
    # The wall mirrors in the floor, less the nearer the floor is.
    depth = min(total - int(edge), int(edge))
    mirror = canvas[int(edge) - depth:int(edge)][::-1].astype(np.float32)
    share = np.linspace(0.4, 0, depth, dtype=np.float32)[:, None, None]
    ground = canvas[int(edge):int(edge) + depth]
    ground[:] = ((1 - share) * ground + share * mirror).astype(np.uint8)
    ground_lines(canvas, view, margin, edge, rng.uniform(0.4, 1.2), 0.8)


def _paint_beach(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                 canvas: Canvas, margin: int) -> None:
    """Sky, sea with waves and sails, foam, sand with ripples."""
    total, width = canvas.shape[:2]
    height = view.size[1]
    shore = margin + height * (domain.feet_range[0] - rng.uniform(0.02, 0.1))
    line = shore * rng.uniform(0.3, 0.7)
    _fade(canvas, shore, jittered(rng, (220, 175, 110), 25),
          jittered(rng, (225, 215, 220), 15))
    sea = _blend(shade(rng, domain), (150, 110, 30, 255),
                 rng.uniform(0.5, 0.9))
    rect(canvas, 0, line, width, shore, sea)
    for x in rng.uniform(0, width, int(rng.integers(0, 4))):
        size = rng.uniform(0.04, 0.1) * height
        sail = np.array([[x, line], [x + size, line], [x, line - 2 * size]])
        cv2.fillConvexPoly(canvas, sail.astype(np.int32),
                           shade(rng, domain, 1.3)[:3])
    for y in np.arange(line + 2, shore, rng.uniform(3, 6)):
        x = rng.uniform(0, width, 5)
        for left, right in zip(x, x + rng.uniform(4, 0.15 * width, 5)):
            cv2.line(canvas, (int(left), int(y)), (int(right), int(y)),
                     shaded(sea, 1.3)[:3], 1)
    sand = _blend(shade(rng, domain), (150, 200, 225, 255),
                  rng.uniform(0.4, 0.9))
    swash = np.sin(np.linspace(0, rng.uniform(6, 20), 40))
    _ridge(canvas, shore - 0.02 * height * (1 + swash), total,
           (235, 235, 230, 255))
    _ridge(canvas, shore + 0.02 * height * (1 - swash), total, sand)
    _specks(rng, canvas, shore + 0.04 * height, (2.5, 0.3),
            int(300 * domain.texture), sand)


def _draw_tree(pen: Pen, color: Color) -> None:
    leaf = _blend(color, (50, 110, 60, 255), 0.6)
    pen.limb([(0, 0.02), (0, 1.2)], 0.14, (45, 65, 90, 255))
    for x, y, r in ((-0.22, 1.25, 0.26), (0.22, 1.3, 0.28), (0, 1.55, 0.3)):
        pen.oval((x, y), (r, r), shaded(leaf, 0.4 + 0.4 * y))


def _draw_fence(pen: Pen, color: Color) -> None:
    for x in (-0.7, -0.35, 0.0, 0.35, 0.7):
        pen.limb([(x, 0.0), (x, 0.5)], 0.06, shaded(color, 0.8))
    for y in (0.2, 0.4):
        pen.limb([(-0.75, y), (0.75, y)], 0.05, color)


def _draw_rock(pen: Pen, color: Color) -> None:
    pen.shape([(-0.4, 0.0), (-0.28, 0.25), (0.05, 0.38), (0.33, 0.2),
               (0.42, 0.0)], shaded(color, 0.8))
    pen.shape([(-0.28, 0.25), (0.05, 0.38), (0.1, 0.2)], shaded(color, 1.2))


def _draw_column(pen: Pen, color: Color) -> None:
    pale = _blend(color, (225, 225, 230, 255), 0.6)
    pen.limb([(0, 0.03), (0, 2.4)], 0.24, pale)
    pen.limb([(0.06, 0.03), (0.06, 2.4)], 0.06, shaded(pale, 0.8))
    for y in (0.06, 2.35):
        pen.limb([(-0.16, y), (0.16, y)], 0.1, shaded(pale, 0.9))


def _draw_table(pen: Pen, color: Color) -> None:
    for x in (-0.4, 0.4):
        pen.limb([(x, 0.0), (x, 0.4)], 0.05, shaded(color, 0.6))
    pen.limb([(-0.5, 0.42), (0.5, 0.42)], 0.07, color)


def _draw_plant(pen: Pen, color: Color) -> None:
    for x, y in ((-0.3, 0.7), (-0.12, 0.95), (0.1, 1.0), (0.3, 0.75)):
        pen.limb([(0, 0.3), (x, y)], 0.09, (60, 115 + int(60 * x), 55, 255))
    pen.shape([(-0.18, 0.32), (0.18, 0.32), (0.13, 0), (-0.13, 0)], color)


def _draw_parasol(pen: Pen, color: Color) -> None:
    pen.limb([(0, 0.02), (0, 1.3)], 0.05, (210, 215, 220, 255))
    pen.oval((0, 1.2), (0.6, 0.35), color, 180, 360)
    pen.oval((0, 1.2), (0.22, 0.35), shaded(color, 1.6), 180, 360)


def _draw_boat(pen: Pen, color: Color) -> None:
    pen.shape([(-0.75, 0.3), (0.75, 0.3), (0.5, 0), (-0.5, 0)], color)
    pen.limb([(-0.75, 0.3), (0.75, 0.3)], 0.06, shaded(color, 1.5))


WORLD_PAINTERS: Dict[str, Painter] = dict(
    meadow=_paint_meadow, hall=_paint_hall, beach=_paint_beach)
"""How each background of the family is painted."""

WORLD_OBJECTS: Dict[str, Tuple[Tuple[float, float, float], Stroke]] = dict(
    tree=((0.6, 1.9, 0.05), _draw_tree),
    fence=((0.85, 0.6, 0.05), _draw_fence),
    rock=((0.5, 0.45, 0.05), _draw_rock),
    column=((0.3, 2.5, 0.05), _draw_column),
    table=((0.6, 0.5, 0.05), _draw_table),
    plant=((0.4, 1.1, 0.05), _draw_plant),
    parasol=((0.7, 1.6, 0.05), _draw_parasol),
    boat=((0.85, 0.4, 0.05), _draw_boat))
"""Extent for the pen and the strokes of each kind of object."""
