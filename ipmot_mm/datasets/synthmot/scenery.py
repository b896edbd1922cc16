"""What surrounds the persons: painted background and scene objects."""
from dataclasses import dataclass
from typing import Dict, List, Tuple

import cv2
import numpy as np

from .camera import Viewpoint
from .colors import COLORS, Color, jittered, shaded
from .domains import Domain
from .figure import Pen
from .painting import Canvas, Painter, Stroke, ground_lines, rect, shade
from .world_scenery import WORLD_OBJECTS, WORLD_PAINTERS


@dataclass(frozen=True)
class SceneObject:
    """A fixed thing on the ground that may hide persons.

    Attributes:
        kind (str): Key of :data:`OBJECTS`.
        x (float): Ground position to the right, body heights.
        z (float): Ground position away, body heights.
        color (tuple[int]): Main colour with opacity.
    """
    kind: str
    x: float
    z: float
    color: Color

    def draw(self, feet: Tuple[float, float], unit: float) -> Pen:
        """Draw the object.

        Args:
            feet (tuple[float]): Column and row where it stands, pixels.
            unit (float): Height of a person there, pixels.

        Returns:
            Pen: Holds the drawing.
        """
        extent, stroke = OBJECTS[self.kind]
        pen = Pen(feet, unit, extent)
        stroke(pen, self.color)
        return pen


def _draw_pole(pen: Pen, color: Color) -> None:
    pen.limb([(0, 0.02), (0, 1.75)], 0.08, color)
    pen.limb([(0.02, 0.02), (0.02, 1.75)], 0.03, shaded(color, 1.3))
    pen.limb([(-0.09, 0.03), (0.09, 0.03)], 0.06, shaded(color, 0.8))
    pen.shape([(-0.2, 1.6), (0.2, 1.6), (0.2, 1.8), (-0.2, 1.8)],
              shaded(color, 1.5))


def _draw_bench(pen: Pen, color: Color) -> None:
    for y in (0.22, 0.36, 0.46):
        pen.limb([(-0.55, y), (0.55, y)], 0.06, color)
    for x in (-0.45, 0.45):
        pen.limb([(x, 0.0), (x, 0.44)], 0.05, shaded(color, 0.6))


def _draw_bin(pen: Pen, color: Color) -> None:
    pen.shape([(-0.15, 0.5), (0.15, 0.5), (0.12, 0), (-0.12, 0)], color)
    pen.limb([(-0.15, 0.5), (0.15, 0.5)], 0.06, shaded(color, 0.6))


def _draw_bush(pen: Pen, color: Color) -> None:
    leaf = (int(color[0] * 0.3), 110, int(color[2] * 0.4), 255)
    for x, y, r in ((-0.28, 0.3, 0.22), (0.26, 0.28, 0.22), (0, 0.42, 0.28),
                    (0.1, 0.25, 0.2)):
        pen.oval((x, y), (r, r), shaded(leaf, 0.8 + 0.5 * (y - 0.2)))
    pen.shape([(-0.45, 0.2), (0.45, 0.2), (0.4, 0), (-0.4, 0)], color)


def _draw_speaker(pen: Pen, color: Color) -> None:
    dark = shaded(color, 0.3)
    pen.shape([(-0.2, 0.75), (0.2, 0.75), (0.2, 0), (-0.2, 0)], dark)
    for y, r in ((0.25, 0.14), (0.58, 0.09)):
        pen.oval((0, y), (r, r), shaded(color, 0.6))


OBJECTS: Dict[str, Tuple[Tuple[float, float, float], Stroke]] = dict(
    pole=((0.25, 1.85, 0.05), _draw_pole),
    bench=((0.65, 0.55, 0.05), _draw_bench),
    bin=((0.25, 0.6, 0.05), _draw_bin),
    bush=((0.6, 0.8, 0.05), _draw_bush),
    speaker=((0.25, 0.85, 0.05), _draw_speaker),
    **WORLD_OBJECTS)
"""Extent for the pen and the strokes of each kind of scene object."""

BACKGROUND_OBJECTS = dict(
    street=('pole', 'bench', 'bin', 'bush'),
    plaza=('pole', 'bin', 'bush', 'bench'),
    stage=('speaker', ),
    meadow=('tree', 'fence', 'rock'),
    hall=('column', 'table', 'plant'),
    beach=('parasol', 'boat', 'rock'))


def sample_objects(rng: np.random.Generator, domain: Domain,
                   view: Viewpoint) -> List[SceneObject]:
    """Place scene objects on the ground.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Says how many objects and of which place.
        view (Viewpoint): Tells which ground is visible.

    Returns:
        list[SceneObject]: Objects inside the unmoved view.
    """
    objects = []
    low, high = domain.occluders
    far, near = domain.feet_range
    for _ in range(int(rng.integers(low, high + 1))):
        # Nearer than half of the persons, so that something gets hidden.
        depth = float(view.depth(rng.uniform((far + near) / 2, near)))
        objects.append(
            SceneObject(
                kind=str(rng.choice(BACKGROUND_OBJECTS[domain.background])),
                x=float(rng.uniform(-1, 1) * view.half_width(depth)),
                z=depth,
                color=jittered(
                    rng, COLORS[str(rng.choice(('grey', 'brown', 'olive',
                                                'teal')))], 12)))
    return objects


def paint_background(rng: np.random.Generator, domain: Domain,
                     view: Viewpoint, margin: int) -> Canvas:
    """Paint everything that no person can walk behind.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Kind, colours and texture of the background.
        view (Viewpoint): Perspective of ground lines.
        margin (int): Pixels to paint around the unmoved view.

    Returns:
        np.ndarray: BGR, uint8, has shape (h + 2 * margin, w + 2 * margin, 3).
    """
    width, height = view.size
    canvas = np.empty((height + 2 * margin, width + 2 * margin, 3), np.uint8)
    PAINTERS[domain.background](rng, domain, view, canvas, margin)
    _add_texture(rng, canvas, domain.texture)
    return canvas


def _paint_street(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                  canvas: Canvas, margin: int) -> None:
    """Houses with windows and doors, a pavement, a road."""
    total, width = canvas.shape[:2]
    height = view.size[1]
    kerb = margin + height * (domain.feet_range[0] - 0.03)
    left = 0.0
    while left < width:
        right = left + rng.uniform(0.3, 0.7) * height
        wall = shade(rng, domain, rng.uniform(0.7, 1.0))
        rect(canvas, left, 0, right, kerb, wall)
        step = rng.uniform(0.1, 0.16) * height
        glass = shaded(wall, rng.choice((0.5, 1.4)))
        for x in np.arange(left + step / 3, right - step / 2, step):
            for y in np.arange(kerb - 1.9 * step, -step, -1.3 * step):
                rect(canvas, x, y - step * 0.8, x + step * 0.55, y, glass)
            if rng.random() < 0.4:
                rect(canvas, x, kerb - step * 1.5, x + step * 0.6, kerb,
                     shade(rng, domain, 0.5))
        left = right
    rect(canvas, 0, kerb, width, total, shade(rng, domain, 0.85))
    ground_lines(canvas, view, margin, kerb, rng.uniform(0.5, 1.1), 0.85)
    road = margin + height * rng.uniform(0.85, 1.0)
    rect(canvas, 0, road, width, total, jittered(rng, (75, 72, 70), 6))
    rect(canvas, 0, road, width, road + max(height // 64, 1),
         jittered(rng, (180, 180, 180), 6))


def _paint_plaza(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                 canvas: Canvas, margin: int) -> None:
    """Tiled ground up to a low wall, with stains and painted marks."""
    total, width = canvas.shape[:2]
    wall = margin + view.size[1] * (domain.feet_range[0] - 0.1)
    ground = shade(rng, domain, 1.1)
    rect(canvas, 0, 0, width, total, ground)
    for _ in range(int(20 * domain.texture)):
        center = rng.uniform((0, wall), (width, total))
        axes = rng.uniform((3, 1), (0.12 * width, 0.05 * total))
        stain = shaded(ground, rng.uniform(0.75, 1.25))
        cv2.ellipse(canvas, tuple(int(v) for v in center),
                    tuple(int(v) for v in axes), 0, 0, 360, stain[:3], -1)
    ground_lines(canvas, view, margin, wall, rng.uniform(0.8, 1.6), 0.7)
    rect(canvas, 0, 0, width, wall, shade(rng, domain, 0.6))
    for x in np.arange(rng.uniform(0, 20), width, rng.uniform(14, 30)):
        rect(canvas, x, wall * 0.4, x + 7, wall, shade(rng, domain, 0.8))


def _paint_stage(rng: np.random.Generator, domain: Domain, view: Viewpoint,
                 canvas: Canvas, margin: int) -> None:
    """Folded curtain, glowing panels, planks that run to the audience."""
    total, width = canvas.shape[:2]
    edge = int(margin + view.size[1] * (domain.feet_range[0] - 0.06))
    curtain = np.array(shade(rng, domain, 0.7)[:3])
    folds = 1 + 0.3 * np.sin(np.arange(width) * rng.uniform(0.3, 0.6))
    canvas[:] = np.clip(curtain * folds[None, :, None], 0, 255)
    for _ in range(int(rng.integers(2, 6))):
        x, y = rng.uniform((0, 0), (width, edge * 0.7))
        w, h = rng.uniform((0.05, 0.1), (0.2, 0.3)) * (width, edge)
        rect(canvas, x, y, x + w, y + h, shade(rng, domain, 1.6))
    planks = jittered(rng, COLORS[str(rng.choice(('brown', 'grey', 'black')))],
                      10)
    rect(canvas, 0, edge, width, total, planks)
    ground_lines(
        canvas, view, margin, edge, rng.uniform(0.3, 0.5), 0.8, across=False)


PAINTERS: Dict[str, Painter] = dict(
    street=_paint_street,
    plaza=_paint_plaza,
    stage=_paint_stage,
    **WORLD_PAINTERS)
"""How each kind of background is painted."""


def _add_texture(rng: np.random.Generator, canvas: Canvas,
                 strength: float) -> None:
    """Add smooth noise of four sizes, the same for the three channels."""
    height, width = canvas.shape[:2]
    noise = np.zeros((height, width), np.float32)
    for cells in (4, 10, 32, 96):
        coarse = rng.normal(0, 9 * strength, (cells, 2 * cells))
        noise += cv2.resize(
            coarse.astype(np.float32), (width, height),
            interpolation=cv2.INTER_CUBIC)
    np.copyto(canvas,
              np.clip(canvas + noise[..., None], 0, 255).astype(np.uint8))
