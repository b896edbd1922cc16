"""How persons move on the ground, frame by frame."""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from .camera import Viewpoint
from .domains import Domain

# Body heights of one full walking cycle (two steps).
STRIDE = 0.85
# Body heights beyond the visible ground at which a walker starts and ends.
EDGE = 0.5


@dataclass(frozen=True)
class Trajectory:
    """The life of one person in a sequence.

    All arrays have shape (num_frames_alive,) or with a trailing 2 for
    (left, right); angles are in radian.

    Attributes:
        start (int): First frame, 0-based.
        x (np.ndarray): Ground position to the right, body heights.
        z (np.ndarray): Ground position away, body heights.
        facing (np.ndarray): Sideways part of the viewing direction, -1 is
            left, 0 towards or away from the camera, 1 right.
        away (np.ndarray): Whether the back is shown, bool.
        phase (np.ndarray): Phase of the walking cycle.
        stride (np.ndarray): Amplitude of the legs' swing.
        raises (np.ndarray): Sideways angle of the arms, 0 is hanging down,
            has shape (num_frames_alive, 2).
        crouch (np.ndarray): Share by which the figure is lowered.
    """
    start: int
    x: np.ndarray
    z: np.ndarray
    facing: np.ndarray
    away: np.ndarray
    phase: np.ndarray
    stride: np.ndarray
    raises: np.ndarray
    crouch: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def sample_trajectories(rng: np.random.Generator, domain: Domain,
                        view: Viewpoint,
                        num_frames: int) -> List[Trajectory]:
    """Draw the motion of all persons of a sequence.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Density and motion dials.
        view (Viewpoint): Tells where the view ends.
        num_frames (int): Number of frames T.

    Returns:
        list[Trajectory]: One per person; a person who left never returns
        under another trajectory.
    """
    low, high = domain.num_persons
    count = int(rng.integers(low, high + 1))
    if domain.motion == 'dance':
        return _dance(rng, domain, view, num_frames, count)
    flow = float(rng.choice((-1.0, 1.0)))
    # Spread over the rows of the image, not over the ground: else nearly
    # all persons would stand in the far part.
    lanes = rng.permutation(count) + rng.uniform(0, 1, count)
    feet = np.interp(lanes / count, (0, 1), domain.feet_range)
    trajectories = []
    for slot in range(count):
        begin, first = 0, True
        while begin < num_frames:
            walker = _walk(rng, domain, view, num_frames - begin, flow,
                           float(view.depth(feet[slot])), first)
            trajectories.append(_posed(rng, begin, *walker))
            begin += len(walker[0]) + int(rng.integers(2, 20))
            first = False
    return trajectories


def _walk(rng: np.random.Generator, domain: Domain, view: Viewpoint,
          num_frames: int, flow: float, depth: float,
          inside: bool) -> Tuple[np.ndarray, np.ndarray]:
    """Path of one walker until the view is left, (x, z) per frame."""
    edge = view.half_width(depth) + EDGE
    side = flow if rng.random() < domain.flow else rng.choice((-1.0, 1.0))
    start = -side * edge
    if inside:
        # In view, so that no sequence is without a person.
        start = 0.9 * rng.uniform(-1, 1) * view.half_width(depth)
    # Who enters always walks: else an empty slot would wait out of view.
    stands = inside and rng.random() < domain.standing
    speed = 0.0 if stands else rng.uniform(*domain.speed)
    turns = rng.normal(0, domain.turning, num_frames)
    heading = rng.normal(0, 0.3) + np.cumsum(turns)
    x = start + side * np.cumsum(speed * np.cos(heading))
    z = depth + np.cumsum(speed * np.sin(heading))
    far, near = view.depth(np.array(domain.feet_range))
    z = near + np.abs(z - near)
    z = far - np.abs(far - z)
    z = np.maximum(z, near)
    left = np.flatnonzero(side * x > view.half_width(z) + EDGE + 0.05)
    end = max(int(left[0]), 1) if len(left) else num_frames
    return x[:end], z[:end]


def _dance(rng: np.random.Generator, domain: Domain, view: Viewpoint,
           num_frames: int, count: int) -> List[Trajectory]:
    """Formation whose places are permuted every few beats."""
    rows = np.linspace(*domain.feet_range, 4)[1:][np.arange(count) % 3]
    depth = view.depth(rows + rng.uniform(-0.02, 0.02, count))
    spread = (np.arange(count) + 0.5) / count * 2 - 1
    places = np.stack([0.85 * spread * view.half_width(depth), depth], 1)
    targets = np.empty((num_frames, count, 2))
    begin = 0
    while begin < num_frames:
        end = begin + int(domain.beat * rng.uniform(0.6, 1.4)) + 1
        targets[begin:end] = places[rng.permutation(count)]
        if rng.random() < 0.4:
            # One dancer leaves the stage and comes back with the next swap.
            gone = rng.integers(count)
            targets[begin:end, gone, 0] *= 4
        begin = end
    paths = _follow(targets, rng.uniform(*domain.speed, count))
    steps = np.arange(num_frames)
    wobble = rng.uniform(0.2, 0.6, (2, count, 1)) * steps
    wobble = 0.12 * np.sin(wobble + rng.uniform(0, 6.3, (2, count, 1)))
    paths = paths + wobble.transpose(2, 1, 0) * (1.0, 0.5)
    paths[..., 1] = np.maximum(paths[..., 1],
                               view.depth(domain.feet_range[1]))
    still = rng.random(count) < domain.standing
    paths[:, still] = paths[:1, still]
    return [
        _dancing(rng, domain, paths[:, i, 0], paths[:, i, 1])
        for i in range(count)
    ]


def _follow(targets: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Critically damped motion of (count, 2) points after their targets."""
    positions = np.empty_like(targets)
    place, lagged = targets[0], targets[0]
    for t, target in enumerate(targets):
        lagged = lagged + rates[:, None] * (target - lagged)
        place = place + 2 * rates[:, None] * (lagged - place)
        positions[t] = place
    return positions


def _posed(rng: np.random.Generator, start: int, x: np.ndarray,
           z: np.ndarray) -> Trajectory:
    """A walker's pose follows from the way that the feet have made."""
    vx, vz = (np.diff(v, append=2 * v[-1] - v[-2:-1]) if len(v) > 1 else
              np.zeros(1) for v in (x, z))
    speed = np.hypot(vx, vz)
    idle = speed < 1e-6
    default = rng.uniform(-1, 1)
    facing = np.where(idle, default, vx / np.maximum(speed, 1e-6))
    away = np.where(idle, rng.random() < 0.5, vz > 0)
    phase = rng.uniform(0, 6.3) + 2 * np.pi / STRIDE * np.cumsum(speed)
    return Trajectory(
        start=start,
        x=x,
        z=z,
        facing=facing,
        away=away,
        phase=phase,
        stride=np.where(idle, 0.03, np.minimum(0.25 + 6 * speed, 0.55)),
        raises=np.full((len(x), 2), 0.08),
        crouch=np.zeros(len(x)))


def _dancing(rng: np.random.Generator, domain: Domain, x: np.ndarray,
             z: np.ndarray) -> Trajectory:
    """A dancer swings arms and knees to the beat and turns around."""
    steps = np.arange(len(x))
    beat = 2 * np.pi / domain.beat * steps
    phases = rng.uniform(0, 2 * np.pi, 4)
    raises = 1.3 + 1.2 * np.sin(beat[:, None] * rng.choice(
        (1.0, 1.5, 2.0), 2) + phases[:2])
    spin = phases[2] + 0.5 * beat * rng.choice((-1.0, 1.0))
    speed = np.hypot(np.gradient(x), np.gradient(z)) if len(x) > 1 else \
        np.zeros(1)
    return Trajectory(
        start=0,
        x=x,
        z=z,
        facing=np.sin(spin),
        away=np.cos(spin) < -0.2,
        phase=phases[3] + 2 * np.pi / STRIDE * np.cumsum(speed) + beat,
        stride=np.minimum(0.2 + 3 * speed, 0.5),
        raises=raises,
        crouch=0.06 * (1 + np.sin(beat * 2 + phases[3])))
