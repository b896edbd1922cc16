"""Where the camera stands and how it moves."""
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from .domains import Domain

# In image heights: a vertical field of view of about 45 degrees.
FOCAL_LENGTH = 1.2


@dataclass(frozen=True)
class Viewpoint:
    """Pinhole camera over flat ground, looking along the ground.

    Ground points are (x, z) in body heights: x to the right of the optical
    axis, z away from the camera. Image points are in pixels of the unmoved
    camera.

    Attributes:
        horizon (float): Row of the horizon, share of the image height.
        camera_height (float): Camera above the ground in body heights.
        size (tuple[int]): Image (width, height).
    """
    horizon: float
    camera_height: float
    size: Tuple[int, int]

    def project(self, x: np.ndarray, z: np.ndarray) -> Tuple[np.ndarray, ...]:
        """Project ground points.

        Args:
            x (np.ndarray): Body heights to the right, has shape (...).
            z (np.ndarray): Body heights away, positive, has shape (...).

        Returns:
            tuple[np.ndarray]: Column, row and height in pixels of a person
            who stands there, each of shape (...).
        """
        width, height = self.size
        unit = FOCAL_LENGTH / z * height
        return (width / 2 + unit * x,
                height * self.horizon + unit * self.camera_height, unit)

    def depth(self, feet: np.ndarray) -> np.ndarray:
        """Distance of the ground at an image row.

        Args:
            feet (np.ndarray): Row as a share of the image height, below the
                horizon, has shape (...).

        Returns:
            np.ndarray: z in body heights, has shape (...).
        """
        below = np.asarray(feet) - self.horizon
        return FOCAL_LENGTH * self.camera_height / below

    def half_width(self, z: np.ndarray) -> np.ndarray:
        """Half of the visible ground at a distance.

        Args:
            z (np.ndarray): Body heights away, has shape (...).

        Returns:
            np.ndarray: Body heights, has shape (...).
        """
        width, height = self.size
        return width / height / 2 * np.asarray(z) / FOCAL_LENGTH


@dataclass(frozen=True)
class CameraPath:
    """Motion of the camera as a similarity of the image about its centre.

    Attributes:
        zooms (np.ndarray): Scale factor per frame, has shape (T,).
        shifts (np.ndarray): Shift in pixels (x, y) per frame, has shape
            (T, 2).
        margin (int): Pixels around the unmoved view that are ever seen.
    """
    zooms: np.ndarray
    shifts: np.ndarray
    margin: int


def sample_camera_path(rng: np.random.Generator, domain: Domain,
                       num_frames: int, size: Tuple[int, int]) -> CameraPath:
    """Draw pan, zoom and hand shake.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Amplitudes of the three motions.
        num_frames (int): Number of frames T.
        size (tuple[int]): Image (width, height).

    Returns:
        CameraPath: Slow waves for pan and zoom, smoothed noise for shake.
    """
    width, height = size
    pan = domain.pan * width * _slow_wave(rng, num_frames)
    zooms = 1 + domain.zoom * _slow_wave(rng, num_frames)
    shake = rng.normal(0, domain.shake * width, (num_frames + 2, 2))
    # A hand does not jump: three frames share a part of their shake.
    shake = shake[:-2] / 2 + shake[1:-1] + shake[2:] / 2
    shifts = np.stack([pan, np.zeros(num_frames)], axis=1) + shake
    margin = np.abs(shifts).max(initial=0) + domain.zoom * width
    return CameraPath(
        zooms=zooms, shifts=shifts, margin=int(np.ceil(margin)) + 2)


def _slow_wave(rng: np.random.Generator, num_frames: int) -> np.ndarray:
    """Sine of random phase and a period of 40 to 160 frames."""
    steps = 2 * np.pi / rng.uniform(40, 160) * np.arange(num_frames)
    return np.sin(rng.uniform(0, 2 * np.pi) + steps)
