"""The family ``world``: every sequence is a domain of its own."""
from typing import Any, Sequence, Tuple, Union

import numpy as np

from .colors import COLORS
from .domains import MOTIONS, PATTERNS, WORLD_BACKGROUNDS, Domain, get_domain

WORLD = 'world'
Seed = Union[int, Sequence[int]]
# Share of the image that the figures of a scene may cover in sum, times two
# (a figure fills about half of its box): more would be one heap of limbs.
MAX_COVER = 0.9


def sample_world(seed: Seed) -> Domain:
    """Draw all dials at once, from ranges around those of all domains.

    It is a stand-in for the large mixed data on which detectors and CLIP are
    pretrained: scales, densities, light and clothes of every other domain
    occur, its places (:data:`WORLD_BACKGROUNDS`) occur nowhere else.

    Args:
        seed (int | Sequence[int]): Non-negative entropy.

    Returns:
        Domain: A domain named ``'world'``.

    >>> sample_world(0) == sample_world(0) != sample_world(1)
    True
    """
    entropy = [seed] if isinstance(seed, int) else list(seed)
    # The scenes of a domain named so draw from other streams.
    rng = np.random.default_rng([*entropy, len(WORLD), 20011])
    motion = str(rng.choice(MOTIONS, p=(0.65, 0.35)))
    return Domain(
        name=WORLD,
        motion=motion,
        **_sample_view(rng),
        **_sample_motion(rng, motion),
        background=str(rng.choice(WORLD_BACKGROUNDS)),
        background_colors=_some(rng, tuple(COLORS), 2, 6),
        texture=float(rng.uniform(0, 1)),
        occluders=_span(rng, 0, 5),
        clothing_colors=_some(rng, tuple(COLORS), 6, len(COLORS)),
        patterns=_some(rng, PATTERNS, 1, len(PATTERNS)),
        uniform=_or_zero(rng, 0.6, 1.0),
        accessories=float(rng.uniform(0.1, 0.7)),
        brightness=(float(rng.uniform(0.55, 0.9)),
                    float(rng.uniform(0.9, 1.25))),
        spotlights=int(rng.integers(1, 5)) if rng.random() < 0.25 else 0,
        blur=(0.0, float(rng.uniform(0.0, 0.8))),
        noise=float(rng.uniform(0, 6)))


def domain_of(domain: Union[str, Domain], seed: Seed) -> Domain:
    """Domain of one sequence; that of the family depends on the seed.

    Args:
        domain (str | Domain): ``'world'``, a name that
            :func:`get_domain` knows, or a domain.
        seed (int | Sequence[int]): Entropy of the sequence.

    Returns:
        Domain: The dials.
    """
    return sample_world(seed) if domain == WORLD else get_domain(domain)


def _sample_view(rng: np.random.Generator) -> dict:
    """Camera, scale and a density that the scale leaves room for."""
    far_feet = rng.uniform(0.25, 0.75)
    near_feet = rng.uniform(max(far_feet + 0.15, 0.85), 1.05)
    # Log-uniform: small persons are as many as large ones.
    near = np.exp(rng.uniform(np.log(0.24), np.log(0.8)))
    far = min(near * rng.uniform(0.4, 0.9), far_feet + 0.05)
    camera_height = (near_feet - far_feet) / (near - far)
    most = MAX_COVER / (0.35 * ((near + far) / 2)**2)
    count = int(rng.uniform(2, min(most, 20.99)))
    return dict(
        num_persons=(count, count),
        horizon=float(far_feet - far * camera_height),
        camera_height=float(camera_height),
        feet_range=(float(far_feet), float(near_feet)),
        pan=_or_zero(rng, 0.5, 0.08),
        zoom=_or_zero(rng, 0.5, 0.06),
        shake=_or_zero(rng, 0.5, 0.003))


def _sample_motion(rng: np.random.Generator, motion: str) -> dict:
    low = rng.uniform(0.01, 0.05) if motion == 'walk' else \
        rng.uniform(0.08, 0.2)
    return dict(
        speed=(float(low), float(low * rng.uniform(1.2, 2.5))),
        turning=float(rng.uniform(0, 0.03)),
        flow=_or_zero(rng, 0.5, 0.8),
        standing=_or_zero(rng, 0.3, 0.4),
        beat=int(rng.integers(10, 26)))


def _some(rng: np.random.Generator, names: Tuple[str, ...], fewest: int,
          most: int) -> Tuple[str, ...]:
    count = int(rng.integers(fewest, most + 1))
    return tuple(str(v) for v in rng.choice(names, count, replace=False))


def _span(rng: np.random.Generator, low: int, high: int) -> Tuple[int, int]:
    first, second = sorted(rng.integers(low, high + 1, 2).tolist())
    return first, second


def _or_zero(rng: np.random.Generator, chance: float, most: float) -> Any:
    """Uniform in [0, ``most``] with a chance, else 0."""
    value = float(rng.uniform(0, most))
    return value if rng.random() < chance else 0.0
