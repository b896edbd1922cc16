"""Put persons, objects, light and lens together into frames."""
from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from .appearance import Appearance
from .camera import CameraPath, Viewpoint
from .colors import COLORS
from .domains import Domain
from .figure import Pen, Pose, draw_person
from .motion import Trajectory
from .scenery import SceneObject

# Opacity from which a pixel counts as a person's.
SOLID = 128
NOBODY = 0


class RenderedFrame(NamedTuple):
    """One picture with its exact annotation.

    Attributes:
        image (np.ndarray): BGR, uint8, has shape (h, w, 3).
        owners (np.ndarray): 1-based index of the person seen at each pixel,
            ``NOBODY`` for the scene, int32, has shape (h, w).
        persons (np.ndarray): 1-based index of each person of whom a part
            is inside the image, hidden or not, ascending, int64, has shape
            (K,).
        boxes (np.ndarray): Left, top, width, height of the whole figure in
            pixels, hidden and outside parts included, float64, has shape
            (K, 4).
        visibilities (np.ndarray): Share of the figure's pixels that are seen,
            float64, has shape (K,).
    """
    image: np.ndarray
    owners: np.ndarray
    persons: np.ndarray
    boxes: np.ndarray
    visibilities: np.ndarray


class Renderer:
    """Draws the frames of one scene from back to front.

    Args:
        view (Viewpoint): Where the camera stands.
        path (CameraPath): How it moves.
        background (np.ndarray): Canvas of :func:`paint_background`.
        objects (list[SceneObject]): Fixed things on the ground.
        looks (list[Appearance]): One per person.
        trajectories (list[Trajectory]): One per person.
        lens (Lens): Light, blur and noise.
    """

    def __init__(self, *, view: Viewpoint, path: CameraPath,
                 background: np.ndarray, objects: Sequence[SceneObject],
                 looks: Sequence[Appearance],
                 trajectories: Sequence[Trajectory], lens: 'Lens') -> None:
        self.view, self.path, self.background = view, path, background
        self.objects, self.looks = objects, looks
        self.trajectories, self.lens = trajectories, lens

    def render(self, frame_id: int) -> RenderedFrame:
        """Draw one frame.

        Args:
            frame_id (int): 0-based.

        Returns:
            RenderedFrame: Image and annotation.
        """
        image = self._background(frame_id)
        owners = np.zeros(image.shape[:2], np.int32)
        standing = self._standing(frame_id)
        self._cast_shadows(image, [item[1:4] for item in standing])
        found: List[Tuple[int, tuple, int]] = []
        for _, column, row, unit, index in standing:
            if index > NOBODY:
                pen = draw_person(self.looks[index - 1],
                                  self._pose(index - 1, frame_id),
                                  (column, row), unit)
            else:
                pen = self.objects[-index].draw((column, row), unit)
            area = _composite(image, owners, pen, max(index, NOBODY))
            if index > NOBODY and area:
                found.append((index, pen.bounds(), area))
        found.sort()
        seen = np.bincount(owners.ravel(), minlength=len(self.looks) + 1)
        persons = np.array([f[0] for f in found], np.int64)
        return RenderedFrame(
            image=self.lens.expose(image, frame_id),
            owners=owners,
            persons=persons,
            boxes=np.array([f[1] for f in found], float).reshape(-1, 4),
            visibilities=seen[persons] /
            np.array([f[2] for f in found], float))

    def _background(self, frame_id: int) -> np.ndarray:
        zoom, shift = self.path.zooms[frame_id], self.path.shifts[frame_id]
        center = np.array(self.view.size) / 2
        offset = shift + center - zoom * (center + self.path.margin)
        matrix = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])
        return cv2.warpAffine(
            self.background, matrix, self.view.size,
            borderMode=cv2.BORDER_REPLICATE)

    def _standing(self, frame_id: int) -> List[tuple]:
        """(z, column, row, unit, index) of all, farthest first.

        Persons have indices from 1, objects from 0 downwards.
        """
        items = [(way.x[frame_id - way.start], way.z[frame_id - way.start],
                  index) for index, way in enumerate(self.trajectories, 1)
                 if 0 <= frame_id - way.start < len(way)]
        items += [(thing.x, thing.z, -index)
                  for index, thing in enumerate(self.objects)]
        if not items:
            return []
        x, z, index = (np.array(v) for v in zip(*items))
        columns, rows, units = self.view.project(x, z)
        zoom, shift = self.path.zooms[frame_id], self.path.shifts[frame_id]
        width, height = self.view.size
        columns = zoom * (columns - width / 2) + width / 2 + shift[0]
        rows = zoom * (rows - height / 2) + height / 2 + shift[1]
        order = np.argsort(-z, kind='stable')
        return [(float(z[i]), float(columns[i]), float(rows[i]),
                 float(zoom * units[i]), int(index[i])) for i in order]

    def _pose(self, person: int, frame_id: int) -> Pose:
        way = self.trajectories[person]
        t = frame_id - way.start
        return Pose(
            facing=float(way.facing[t]),
            away=bool(way.away[t]),
            phase=float(way.phase[t]),
            stride=float(way.stride[t]),
            raises=(float(way.raises[t, 0]), float(way.raises[t, 1])),
            crouch=float(way.crouch[t]))

    @staticmethod
    def _cast_shadows(image: np.ndarray, feet: Sequence[tuple]) -> None:
        """Darken the ground below everything that stands on it."""
        light = np.full(image.shape[:2], 255, np.uint8)
        for column, row, unit in feet:
            cv2.ellipse(light, (int(column), int(row)),
                        (max(int(0.2 * unit), 1), max(int(0.05 * unit), 1)),
                        0, 0, 360, 150, -1)
        light = cv2.cvtColor(cv2.blur(light, (3, 3)), cv2.COLOR_GRAY2BGR)
        cv2.multiply(image, light, dst=image, scale=1 / 255)


class Lens:
    """Light, blur and noise of one sequence.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Ranges of the effects.
        size (tuple[int]): Image (width, height).
    """

    # Frames take random cuts of one larger field of noise: drawing a new
    # field for each frame would cost more than all figures.
    SPARE = 64

    def __init__(self, rng: np.random.Generator, domain: Domain,
                 size: Tuple[int, int]) -> None:
        width, height = size
        self.size = size
        gain = rng.uniform(*domain.brightness)
        tint = gain * rng.uniform(0.94, 1.06, 3)
        ramp = np.arange(256)[:, None] * tint
        self.table = np.clip(ramp, 0, 255).astype(np.uint8)[:, None]
        self.sigma = rng.uniform(*domain.blur) * height / 128
        self.noise = None
        if domain.noise > 0:
            field = rng.normal(128, domain.noise,
                               (height + self.SPARE, width + self.SPARE, 3))
            self.noise = np.clip(field, 0, 255).astype(np.uint8)
        self.cuts = rng.integers(0, self.SPARE, (997, 2))
        self.spots = [(rng.uniform(0.1, 0.9, 2), rng.uniform(0.02, 0.08),
                       rng.uniform(0, 2 * np.pi),
                       COLORS[str(rng.choice(domain.background_colors))])
                      for _ in range(domain.spotlights)]

    def expose(self, image: np.ndarray, frame_id: int) -> np.ndarray:
        """Apply the effects to one frame.

        Args:
            image (np.ndarray): BGR, uint8, has shape (h, w, 3).
            frame_id (int): 0-based; lights move, noise changes.

        Returns:
            np.ndarray: A new image of the same shape and type.
        """
        if self.spots:
            image = self._light(image, frame_id)
        image = cv2.LUT(image, self.table)
        if self.sigma > 0.15:
            image = cv2.GaussianBlur(image, (0, 0), self.sigma)
        if self.noise is not None:
            width, height = self.size
            row, column = self.cuts[frame_id % len(self.cuts)]
            grain = self.noise[row:row + height, column:column + width]
            image = cv2.addWeighted(image, 1, grain, 1, -128)
        return image

    def _light(self, image: np.ndarray, frame_id: int) -> np.ndarray:
        """Multiply with moving pools of light, at a quarter resolution."""
        width, height = self.size
        small = np.full((height // 4, width // 4, 3), 150, np.uint8)
        for place, speed, phase, color in self.spots:
            x = place[0] + 0.3 * np.sin(phase + speed * frame_id)
            center = (int(x * width / 4), int(place[1] * height / 4))
            bright = [min(int(160 + 0.6 * v), 255) for v in color]
            cv2.ellipse(small, center, (width // 24, height // 10), 0, 0, 360,
                        bright, -1)
        small = cv2.blur(small, (7, 7))
        light = cv2.resize(small, self.size, interpolation=cv2.INTER_LINEAR)
        return cv2.multiply(image, light, scale=1 / 190)


def _composite(image: np.ndarray, owners: np.ndarray, pen: Pen,
               owner: int) -> int:
    """Lay a drawing over the image; return its pixels if any is inside.

    Returns:
        int: Number of solid pixels of the whole drawing, 0 if none of them
        is inside the image.
    """
    height, width = owners.shape
    left, top = max(pen.left, 0), max(pen.top, 0)
    right = min(pen.left + pen.width, width)
    bottom = min(pen.top + pen.height, height)
    if left >= right or top >= bottom:
        return 0
    patch = pen.patch()
    alpha = cv2.extractChannel(patch, 3)
    area = cv2.countNonZero(cv2.inRange(alpha, SOLID, 255))
    rows = slice(top - pen.top, bottom - pen.top)
    columns = slice(left - pen.left, right - pen.left)
    alpha = alpha[rows, columns]
    below = image[top:bottom, left:right]
    through = cv2.cvtColor(cv2.bitwise_not(alpha), cv2.COLOR_GRAY2BGR)
    colors = cv2.cvtColor(patch[rows, columns], cv2.COLOR_BGRA2BGR)
    image[top:bottom, left:right] = cv2.add(
        colors, cv2.multiply(below, through, scale=1 / 255))
    solid = alpha >= SOLID
    if not solid.any():
        return 0
    owners[top:bottom, left:right][solid] = owner
    return area
