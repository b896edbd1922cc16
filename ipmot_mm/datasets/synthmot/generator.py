"""Draw a whole sequence from a seed."""
from dataclasses import dataclass
from typing import Dict, List, Tuple, Union
from zlib import crc32

import numpy as np

from .appearance import Appearance, sample_appearance, sample_outfit
from .camera import Viewpoint, sample_camera_path
from .domains import Domain
from .motion import sample_trajectories
from .renderer import Lens, Renderer
from .scenery import paint_background, sample_objects
from .world import Seed, domain_of


@dataclass(frozen=True)
class SynthSequence:
    """Frames and ground truth of one procedural video.

    Attributes:
        frames (np.ndarray): BGR, uint8, has shape (T, h, w, 3).
        rows (np.ndarray): MOTChallenge ground truth ``frame, id, x, y, w, h,
            conf, class, visibility``, float64, has shape (K, 9), ordered by
            frame. Frames and ids are 1-based; x and y are pixels from 0, as
            public readers of the format take them.
        persons (dict[int, Appearance]): Looks of each id that occurs.
    """
    frames: np.ndarray
    rows: np.ndarray
    persons: Dict[int, Appearance]


def build_renderer(domain: Domain, seed: Seed, num_frames: int,
                   size: Tuple[int, int]) -> Renderer:
    """Draw a scene, ready to be rendered.

    Args:
        domain (Domain): The dials.
        seed (int | Sequence[int]): Entropy; the name of the domain, or of
            its ``scenes``, is mixed in.
        num_frames (int): Number of frames T.
        size (tuple[int]): Image (width, height).

    Returns:
        Renderer: Renders frames 0..T-1 in any order.
    """
    entropy = [seed] if isinstance(seed, int) else list(seed)
    scenes = (domain.scenes or domain.name).encode()
    source = np.random.SeedSequence([crc32(scenes), *entropy])
    # One stream for each factor: turning one dial leaves the others alone.
    streams = [np.random.default_rng(s) for s in source.spawn(6)]
    view = Viewpoint(domain.horizon, domain.camera_height, size)
    path = sample_camera_path(streams[0], domain, num_frames, size)
    trajectories = sample_trajectories(streams[1], domain, view, num_frames)
    uniform = sample_outfit(streams[2], domain)
    return Renderer(
        view=view,
        path=path,
        background=paint_background(streams[3], domain, view, path.margin),
        objects=sample_objects(streams[4], domain, view),
        looks=[
            sample_appearance(streams[2], domain, uniform)
            for _ in trajectories
        ],
        trajectories=trajectories,
        lens=Lens(streams[5], domain, size))


def render_sequence(domain: Union[str, Domain],
                    seed: Seed,
                    num_frames: int,
                    size: Tuple[int, int] = (224, 128),
                    *,
                    frame_step: int = 1) -> SynthSequence:
    """Render a sequence with the looks of its persons.

    A person of whom no pixel would lie inside the image has no row; one who
    is inside but hidden keeps the row with visibility 0. Boxes cover the
    whole figure and may reach beyond the image. Bytes depend on the
    arguments and on the versions of NumPy and OpenCV alone.

    Args:
        domain (str | Domain): Key of :data:`DOMAINS`, ``'world'`` or a
            domain.
        seed (int | Sequence[int]): Non-negative entropy.
        num_frames (int): Number of frames T, at least 1.
        size (tuple[int]): Image (width, height). Defaults to (224, 128).
        frame_step (int): Of so many simulated frames one is rendered: a
            lower frame rate, so larger motion. Defaults to 1.

    Returns:
        SynthSequence: Frames, ground truth, persons.

    Raises:
        ValueError: If the domain is unknown, or a number out of its range.
    """
    domain = domain_of(domain, seed)
    if min(num_frames, frame_step) < 1:
        raise ValueError(
            f'num_frames must be at least 1, and so must frame_step, got '
            f'{num_frames} and {frame_step}; a sequence has one frame or more')
    if min(size) < 32:
        raise ValueError(
            f'size (width, height) must be at least 32 x 32 pixels, got '
            f'{tuple(size)}; smaller persons cannot be told apart')
    renderer = build_renderer(domain, seed, num_frames * frame_step,
                              tuple(size))
    frames = np.empty((num_frames, size[1], size[0], 3), np.uint8)
    rows: List[np.ndarray] = []
    # Ids are given by first appearance: nothing in gt.txt tells of persons
    # who never come into view.
    ids: Dict[int, int] = {}
    for t in range(num_frames):
        frame = renderer.render(t * frame_step)
        frames[t] = frame.image
        for person, box, visibility in zip(frame.persons.tolist(),
                                           frame.boxes, frame.visibilities):
            track = ids.setdefault(person, len(ids) + 1)
            rows.append(np.array([t + 1, track, *box, 1, 1, visibility]))
    return SynthSequence(
        frames=frames,
        rows=np.array(rows).reshape(-1, 9),
        persons={
            track: renderer.looks[person - 1]
            for person, track in ids.items()
        })


def generate_sequence(
        domain: Union[str, Domain],
        seed: Seed,
        num_frames: int,
        size: Tuple[int, int] = (224, 128)) -> Tuple[np.ndarray, np.ndarray]:
    """Render a sequence; see :func:`render_sequence`.

    Args:
        domain (str | Domain): Key of :data:`DOMAINS`, ``'world'`` or a
            domain.
        seed (int | Sequence[int]): Non-negative entropy.
        num_frames (int): Number of frames T, at least 1.
        size (tuple[int]): Image (width, height). Defaults to (224, 128).

    Returns:
        tuple[np.ndarray]: Frames, uint8, of shape (T, h, w, 3), and
        MOTChallenge rows, float64, of shape (K, 9).

    >>> frames, rows = generate_sequence('street', seed=0, num_frames=2)
    >>> frames.shape, rows.shape[1]
    ((2, 128, 224, 3), 9)
    """
    sequence = render_sequence(domain, seed, num_frames, size)
    return sequence.frames, sequence.rows
