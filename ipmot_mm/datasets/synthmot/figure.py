"""Draw one articulated person into a small transparent patch."""
from dataclasses import dataclass
from typing import Callable, List, Sequence, Tuple

import cv2
import numpy as np

from .appearance import Appearance
from .colors import Color, shaded

# Patches are drawn so many times larger and averaged down: soft edges and
# sub-pixel motion from OpenCV's fast primitives without anti-aliasing.
OVERSAMPLING = 3
# Fractional bits of the coordinates that OpenCV's primitives take.
SHIFT = 4

Point = Tuple[float, float]


class Pen:
    """Draws into an oversampled BGRA patch in body units.

    The origin is the point between the feet, x to the right, y up, one unit
    is the length ``unit`` in pixels.

    Args:
        feet (tuple[float]): Column and row of the origin in the image.
        unit (float): Length of one unit in pixels.
        extent (tuple[float]): Units that fit left/right of, above and below
            the origin.
    """

    def __init__(self, feet: Point, unit: float,
                 extent: Tuple[float, float, float]) -> None:
        side, above, below = (v * unit for v in extent)
        self.left = int(np.floor(feet[0] - side))
        self.top = int(np.floor(feet[1] - above))
        self.width = int(np.ceil(feet[0] + side)) - self.left + 1
        self.height = int(np.ceil(feet[1] + below)) - self.top + 1
        self.canvas = np.zeros(
            (self.height * OVERSAMPLING, self.width * OVERSAMPLING, 4),
            np.uint8)
        self.scale = unit * OVERSAMPLING
        self.fixed = self.scale * (1 << SHIFT)
        grid = OVERSAMPLING * (1 << SHIFT)
        self.origin_x = (feet[0] - self.left) * grid
        self.origin_y = (feet[1] - self.top) * grid

    def at(self, point: Point) -> Tuple[int, int]:
        """Fixed-point pixel of a point in units."""
        return (int(self.origin_x + point[0] * self.fixed),
                int(self.origin_y - point[1] * self.fixed))

    def limb(self, points: Sequence[Point], width: float,
             color: Color) -> None:
        """Draw a chain of thick lines with round ends."""
        thick = max(int(width * self.scale + 0.5), 1)
        pixels = [self.at(p) for p in points]
        for start, end in zip(pixels[:-1], pixels[1:]):
            cv2.line(self.canvas, start, end, color, thick, cv2.LINE_8, SHIFT)

    def shape(self, points: Sequence[Point], color: Color) -> None:
        """Fill a convex polygon."""
        pixels = np.array([self.at(p) for p in points], np.int32)
        cv2.fillConvexPoly(self.canvas, pixels, color, cv2.LINE_8, SHIFT)

    def shapes(self, polygons: Sequence[Sequence[Point]],
               color: Color) -> None:
        """Fill polygons that do not overlap each other."""
        pixels = [
            np.array([self.at(p) for p in points], np.int32)
            for points in polygons
        ]
        cv2.fillPoly(self.canvas, pixels, color, cv2.LINE_8, SHIFT)

    def oval(self, center: Point, radii: Point, color: Color,
             start: float = 0, end: float = 360) -> None:
        """Fill an ellipse, or the part between two angles in degrees.

        Angles run clockwise from the right: 180 to 360 is the upper half.
        """
        axes = (int(radii[0] * self.fixed), int(radii[1] * self.fixed))
        cv2.ellipse(self.canvas, self.at(center), axes, 0, start, end, color,
                    -1, cv2.LINE_8, SHIFT)

    def bounds(self) -> Tuple[float, float, float, float]:
        """Tight box of what is drawn.

        Returns:
            tuple[float]: Left, top, width, height in image pixels, in steps
            of a third of a pixel.
        """
        left, top, width, height = cv2.boundingRect(
            cv2.extractChannel(self.canvas, 3))
        return (self.left + left / OVERSAMPLING,
                self.top + top / OVERSAMPLING, width / OVERSAMPLING,
                height / OVERSAMPLING)

    def patch(self) -> np.ndarray:
        """The drawing at image resolution.

        Returns:
            np.ndarray: Premultiplied BGRA, uint8, has shape (h, w, 4); its
            top left pixel is (``left``, ``top``) of the image.
        """
        return cv2.resize(
            self.canvas, (self.width, self.height),
            interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Pose:
    """State of the joints in one frame; see :class:`Trajectory`.

    Attributes:
        facing (float): -1 left, 0 towards or away, 1 right.
        away (bool): Whether the back is shown.
        phase (float): Phase of the walking cycle.
        stride (float): Amplitude of the legs' swing, radian.
        raises (tuple[float]): Sideways angle of the (left, right) arm.
        crouch (float): Share by which hips, torso and head are lowered.
    """
    facing: float
    away: bool
    phase: float
    stride: float
    raises: Tuple[float, float]
    crouch: float


def draw_person(look: Appearance, pose: Pose, feet: Point,
                unit: float) -> Pen:
    """Draw a person standing at a point of the image.

    Args:
        look (Appearance): What the person looks like.
        pose (Pose): State of the joints.
        feet (tuple[float]): Column and row between the feet, pixels.
        unit (float): Height in pixels of a person of mean stature.

    Returns:
        Pen: Holds the drawing; use its ``bounds`` and ``patch``.
    """
    reach = 0.62 if max(pose.raises) > 0.5 else 0.46
    above = 1.2 if max(pose.raises) > 0.5 else 1.1
    pen = Pen(feet, unit * look.stature, (reach, above, 0.06))
    Figure(pen, look, pose).draw()
    return pen


class Figure:
    """Joint positions of a posed person and the order of the strokes.

    Args:
        pen (Pen): Where to draw.
        look (Appearance): Shades and body shape.
        pose (Pose): State of the joints.
    """

    def __init__(self, pen: Pen, look: Appearance, pose: Pose) -> None:
        self.pen, self.look, self.pose = pen, look, pose
        self.shades = look.shades
        self.front = (1 - min(abs(pose.facing), 1.0)**2)**0.5
        self.side = 1.0 if pose.facing >= 0 else -1.0
        legs = [self._leg(-1), self._leg(1)]
        # The lower foot stands on the ground, whatever the knees do.
        drop = min(joint[1] for leg in legs for joint in leg) - 0.025
        self.legs = [[(x, y - drop) for x, y in leg] for leg in legs]
        build = look.build
        self.chest = build * (0.075 + 0.045 * self.front)
        self.waist = build * (0.065 + 0.02 * self.front)
        self.hip_y = 0.48 - pose.crouch - drop
        self.shoulder_y = self.hip_y + 0.345
        self.head = (0.015 * self.side * abs(pose.facing),
                     self.shoulder_y + 0.1)

    def draw(self) -> None:
        """Draw from back to front; far limbs are in shadow."""
        near = 1 if self.side > 0 else 0
        if not self.pose.away and self.look.bag == 'backpack':
            self._backpack()
        self._arm(1 - near, 0.75)
        self._leg_strokes(1 - near, 0.75)
        self._leg_strokes(near, 1.0)
        if self.look.outfit.bottom == 'skirt':
            self._skirt()
        if not self.pose.away:
            self._long_hair()
        self._torso()
        if self.pose.away and self.look.bag == 'backpack':
            self._backpack()
        self._arm(near, 1.0)
        self._head()
        if self.pose.away:
            self._long_hair()
        self._hat()

    def _leg(self, which: int) -> List[Point]:
        """Hip, knee, ankle and toe of the left (-1) or right (1) leg."""
        pose = self.pose
        phase = pose.phase + (0 if which > 0 else np.pi)
        swing = pose.stride * np.sin(phase)
        # The knee bends while the leg swings forward.
        bend = pose.stride * 1.3 * max(np.cos(phase), 0.0) + pose.crouch * 3
        across = pose.facing
        x = which * 0.05 * self.look.build * (0.3 + self.front)
        y = 0.48 - pose.crouch
        knee = (x + 0.23 * np.sin(swing + pose.crouch * 2) * across,
                y - 0.23 * np.cos(swing + pose.crouch * 2))
        shin = swing + pose.crouch * 2 - bend
        ankle = (knee[0] + 0.22 * np.sin(shin) * across,
                 knee[1] - 0.22 * np.cos(shin))
        toe = (ankle[0] + 0.06 * across + 0.015 * which * self.front,
               ankle[1] - 0.012)
        return [(x, y), knee, ankle, toe]

    def _leg_strokes(self, index: int, light: float) -> None:
        hip, knee, ankle, toe = self.legs[index]
        cloth = shaded(self.shades['bottom'], light)
        skin = shaded(self.shades['skin'], light)
        build = self.look.build
        covered = self.look.outfit.bottom == 'trousers'
        self.pen.limb([knee, ankle], 0.06 * build, cloth if covered else skin)
        self.pen.limb([hip, knee], 0.085 * build, cloth)
        self.pen.limb([ankle, toe], 0.045, shaded(self.shades['shoes'],
                                                  light))

    def _arm(self, index: int, light: float) -> None:
        pose, which = self.pose, (-1, 1)[index]
        phase = pose.phase + (0 if which > 0 else np.pi)
        swing = -0.8 * pose.stride * np.sin(phase)
        lift = pose.raises[index]
        x = which * self.chest * (0.25 + 0.75 * self.front)
        shoulder = (x, self.shoulder_y - 0.02)
        elbow = self._next(shoulder, 0.16, swing, lift, which)
        hand = self._next(elbow, 0.16, swing + 0.5 * abs(pose.facing),
                          lift * 1.15, which)
        top = shaded(self.shades['top'], light)
        skin = shaded(self.shades['skin'], light)
        long = self.look.outfit.sleeves == 'long'
        self.pen.limb([elbow, hand], 0.042, top if long else skin)
        self.pen.limb([shoulder, elbow], 0.055 * self.look.build, top)
        self.pen.oval(hand, (0.024, 0.024), skin)
        if self.look.bag == 'handbag' and which > 0:
            x, y = hand
            self.pen.shape([(x - 0.04, y - 0.03), (x + 0.04, y - 0.03),
                            (x + 0.065, y - 0.15), (x - 0.065, y - 0.15)],
                           shaded(self.shades['bag'], light))

    def _next(self, joint: Point, length: float, swing: float, lift: float,
              which: int) -> Point:
        """End of an arm's part that swings along and is lifted sideways."""
        across = np.sin(swing) * self.pose.facing + which * np.sin(lift)
        down = np.cos(swing) * np.cos(lift)
        return joint[0] + length * across, joint[1] - length * down

    def _torso(self) -> None:
        lean = 0.02 * self.side * abs(self.pose.facing)
        top, bottom = self.shoulder_y, self.hip_y - 0.01
        corners = ((-self.chest + lean, top), (self.chest + lean, top),
                   (-self.waist, bottom), (self.waist, bottom))

        def at(u: float, v: float) -> Point:
            left, right, low_left, low_right = corners
            x0 = left[0] + v * (low_left[0] - left[0])
            x1 = right[0] + v * (low_right[0] - right[0])
            return x0 + u * (x1 - x0), top + v * (bottom - top)

        color = self.shades['top']
        self.pen.limb([(lean / 2, top), (lean, top + 0.05)], 0.05,
                      self.shades['skin'])
        self.pen.shape([at(0, 0.06), at(0.12, 0), at(0.88, 0), at(1, 0.06),
                        at(1, 1), at(0, 1)], color)
        self._pattern(at)

    def _pattern(self, at: Callable[[float, float], Point]) -> None:
        """Draw the pattern in (u, v) of the torso, both in [0, 1]."""
        color, pattern = self.shades['pattern'], self.look.outfit.pattern
        if pattern == 'stripes':
            cells = [(0.0, v, 1.0, v + 0.17) for v in (0.16, 0.48, 0.8)]
        elif pattern == 'checks':
            cells = [((i + j % 2) / 4, j / 5 + 0.02, (i + j % 2 + 1) / 4,
                      (j + 1) / 5 + 0.02) for j in range(1, 5)
                     for i in (0, 2)]
        elif pattern == 'dots':
            radius = 0.16 * self.chest
            for j, v in enumerate((0.18, 0.38, 0.58, 0.78)):
                for u in ((0.25, 0.75) if j % 2 else (0.1, 0.5, 0.9)):
                    self.pen.oval(at(u, v), (radius, radius), color)
            return
        else:
            return
        self.pen.shapes([[at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)]
                         for u0, v0, u1, v1 in cells], color)

    def _skirt(self) -> None:
        hip, knee = self.hip_y + 0.02, self.hip_y - 0.24
        wide = self.waist * 1.5 + 0.05 * self.pose.stride
        self.pen.shape([(-self.waist, hip), (self.waist, hip), (wide, knee),
                        (-wide, knee)], self.shades['bottom'])

    def _backpack(self) -> None:
        shift = -self.side * abs(self.pose.facing) * (self.chest + 0.02)
        half = 0.05 + 0.045 * self.front
        top, low = self.shoulder_y - 0.01, self.hip_y + 0.06
        color = self.shades['bag']
        self.pen.shape([(shift - half, top), (shift + half, top),
                        (shift + half, low), (shift - half, low)], color)
        self.pen.oval((shift, top), (half, 0.035), color)
        self.pen.oval((shift, low), (half, 0.035), color)

    def _long_hair(self) -> None:
        if self.look.hair_length == 'long':
            x, y = self.head
            behind = -self.side * abs(self.pose.facing) * 0.03
            self.pen.oval((x + behind, y - 0.035), (0.068, 0.1),
                          self.shades['hair'])

    def _head(self) -> None:
        x, y = self.head
        hair = self.shades['hair']
        behind = -self.side * abs(self.pose.facing) * 0.02
        self.pen.oval((x, y), (0.054, 0.07), self.shades['skin'])
        if self.pose.away:
            self.pen.oval((x, y + 0.008), (0.058, 0.068), hair)
        else:
            self.pen.oval((x + behind, y + 0.015), (0.06, 0.064), hair, 170,
                          370)

    def _hat(self) -> None:
        if not self.look.hat:
            return
        x, y = self.head
        color = self.shades['hat']
        tall = 0.085 if self.look.hat == 'beanie' else 0.06
        self.pen.oval((x, y + 0.025), (0.066, tall), color, 180, 360)
        if self.look.hat == 'cap':
            tip = x + 0.105 * self.pose.facing
            self.pen.limb([(x, y + 0.03), (tip, y + 0.026)], 0.022, color)
