"""Domains of SynthMOT: every factor of a scene is one dial."""
import re
from dataclasses import dataclass, fields, replace
from typing import Any, Dict, Tuple, Union

from .colors import COLORS

PATTERNS = ('plain', 'stripes', 'dots', 'checks')
WORLD_BACKGROUNDS = ('meadow', 'hall', 'beach')
BACKGROUNDS = ('street', 'plaza', 'stage') + WORLD_BACKGROUNDS
MOTIONS = ('walk', 'dance')
COUNTS = ('num_persons', 'occluders')


@dataclass(frozen=True)
class Domain:
    """Dials of one visual domain; a sequence draws its scene from them.

    Lengths on the ground are in body heights, shares are of the image height
    unless said otherwise, so that a domain looks alike at every image size.
    Derive an own domain with :func:`dataclasses.replace`:

    >>> from dataclasses import replace
    >>> busy = replace(DOMAINS['street'], name='busy', num_persons=(9, 12))
    >>> busy.num_persons
    (9, 12)

    Attributes:
        name (str): Name in folders and seeds; two domains of different names
            give different sequences from one seed, unless ``scenes`` agree.
        num_persons (tuple[int]): Density: fewest and most persons that a
            sequence keeps in or around the view.
        motion (str): ``'walk'`` (straight paths, entering and leaving at the
            sides) or ``'dance'`` (formations whose places are swapped).
        speed (tuple[float]): Range of walking speed in body heights a frame.
            For ``'dance'``, range of the rate (1/frame) at which a dancer
            closes in on the next place.
        turning (float): Standard deviation of the change of heading, radian
            a frame; 0 is a straight line.
        flow (float): Share of walkers that follow one common direction.
        standing (float): Share of persons that stay where they are.
        beat (int): Frames between two swaps of a formation (``'dance'``).
        horizon (float): Height of the horizon below the image top, a share;
            negative when the camera looks down so far that it is outside.
        camera_height (float): Camera above the ground in body heights.
        feet_range (tuple[float]): Scale: nearest and farthest feet line as
            (far, near) shares below the image top. A person whose feet are at
            y is (y - horizon) / camera_height tall.
        pan (float): Amplitude of the sideways swing of the camera, a share
            of the image width.
        zoom (float): Amplitude of the relative change of the focal length.
        shake (float): Standard deviation of hand shake, a share.
        background (str): One of :data:`BACKGROUNDS`.
        background_colors (tuple[str]): Names of :data:`COLORS` for walls and
            ground.
        texture (float): Strength of surface texture and clutter in [0, 1].
        occluders (tuple[int]): Fewest and most scene objects (poles,
            benches, ...) on the ground.
        clothing_colors (tuple[str]): Names of :data:`COLORS` for clothes.
        patterns (tuple[str]): Patterns of tops, of :data:`PATTERNS`.
        uniform (float): Uniform clothing: probability that a person wears
            the outfit of the sequence in place of an own one.
        accessories (float): Probability of a hat, and of a bag.
        brightness (tuple[float]): Range of the gain of the light.
        spotlights (int): Number of moving coloured lights.
        blur (tuple[float]): Range of the Gaussian blur, standard deviation
            in pixels at an image height of 128.
        noise (float): Standard deviation of sensor noise in grey levels.
        scenes (str): Name of the domain whose random streams are drawn from,
            so that only what the dials change is different. Defaults to '',
            for the own name.

    Raises:
        ValueError: If a dial is out of its range.
    """
    name: str
    num_persons: Tuple[int, int]
    motion: str = 'walk'
    speed: Tuple[float, float] = (0.03, 0.07)
    turning: float = 0.0
    flow: float = 0.0
    standing: float = 0.0
    beat: int = 18
    horizon: float = 0.27
    camera_height: float = 1.25
    feet_range: Tuple[float, float] = (0.55, 1.02)
    pan: float = 0.0
    zoom: float = 0.0
    shake: float = 0.0
    background: str = 'street'
    background_colors: Tuple[str, ...] = ('grey', 'beige')
    texture: float = 0.5
    occluders: Tuple[int, int] = (0, 0)
    clothing_colors: Tuple[str, ...] = tuple(COLORS)
    patterns: Tuple[str, ...] = PATTERNS
    uniform: float = 0.0
    accessories: float = 0.3
    brightness: Tuple[float, float] = (0.9, 1.1)
    spotlights: int = 0
    blur: Tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    scenes: str = ''

    def __post_init__(self) -> None:
        self._check_types()
        self._check_choices()
        self._check_ranges()
        if self.feet_range[0] <= self.horizon:
            raise ValueError(
                f'domain {self.name!r}: feet_range must start below the '
                f'horizon {self.horizon}, got {self.feet_range}; raise its '
                'first value')

    def _check_types(self) -> None:
        """A word for a number would fail late, in the middle of a file."""
        for field in fields(self):
            value = getattr(self, field.name)
            # Types that a value of the annotated kind may have.
            kind = {'name': str, 'num_persons': tuple}.get(
                field.name, type(field.default))
            kinds = (int, float) if kind is float else (kind, )
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise ValueError(
                    f'domain {self.name!r}: {field.name} must be of type '
                    f'{kind.__name__}, got {value!r}')
        if not re.fullmatch(r'[\w.+-]*[\w+-][\w.+-]*', self.name):
            raise ValueError(
                f'a domain is named by letters, digits and ._+-, since the '
                f'name is that of its folder; got {self.name!r}')

    def _check_choices(self) -> None:
        for dial, allowed in (('motion', MOTIONS), ('background', BACKGROUNDS),
                              ('patterns', PATTERNS),
                              ('clothing_colors', tuple(COLORS)),
                              ('background_colors', tuple(COLORS))):
            value = getattr(self, dial)
            chosen = (value, ) if isinstance(value, str) else tuple(value)
            wrong = [v for v in chosen if v not in allowed]
            if wrong or not chosen:
                raise ValueError(
                    f'domain {self.name!r}: {dial} must be of {allowed}, '
                    f'got {value!r}')

    def _check_ranges(self) -> None:
        lowest = dict(num_persons=1, speed=0, occluders=0, brightness=0,
                      blur=0, feet_range=float('-inf'))
        for dial, low in lowest.items():
            value = getattr(self, dial)
            kind = int if dial in COUNTS else (int, float)
            if (len(value) != 2 or not all(isinstance(v, kind) for v in value)
                    or not low <= value[0] <= value[1]):
                raise ValueError(
                    f'domain {self.name!r}: {dial} must be (low, high) with '
                    f'{low} <= low <= high'
                    f'{" in whole numbers" * (dial in COUNTS)}, got '
                    f'{value!r}')
        for dial in ('flow', 'standing', 'texture', 'uniform', 'accessories'):
            value = getattr(self, dial)
            if not 0 <= value <= 1:
                raise ValueError(
                    f'domain {self.name!r}: {dial} is a share in [0, 1], got '
                    f'{value!r}')


DOMAINS: Dict[str, Domain] = {
    domain.name: domain
    for domain in (
        # Few persons in colourful clothes on straight ways, eye-level camera
        # that moves a little: as MOT17.
        Domain(
            name='street',
            num_persons=(4, 8),
            speed=(0.025, 0.07),
            turning=0.004,
            standing=0.1,
            pan=0.06,
            zoom=0.03,
            shake=0.002,
            background_colors=('grey', 'beige', 'brown', 'white'),
            occluders=(1, 3),
            clothing_colors=('black', 'white', 'grey', 'red', 'blue', 'navy',
                             'green', 'yellow', 'orange', 'purple', 'pink'),
            blur=(0.0, 0.5),
            noise=2.0),
        # Many small persons in muted clothes seen from above, on another
        # ground and in dim light, camera nearly fixed: as MOT20.
        Domain(
            name='crowd',
            num_persons=(15, 22),
            speed=(0.015, 0.045),
            turning=0.02,
            flow=0.6,
            standing=0.2,
            horizon=-0.35,
            camera_height=3.2,
            feet_range=(0.24, 1.0),
            shake=0.001,
            background='plaza',
            background_colors=('olive', 'brown', 'teal', 'maroon'),
            texture=0.8,
            occluders=(2, 5),
            clothing_colors=('black', 'navy', 'grey', 'brown', 'olive',
                             'beige', 'maroon', 'teal'),
            accessories=0.45,
            brightness=(0.65, 0.9),
            blur=(0.3, 0.7),
            noise=4.0),
        # One outfit for all, swapping places under coloured light: as
        # DanceTrack.
        Domain(
            name='dance',
            num_persons=(5, 9),
            motion='dance',
            speed=(0.12, 0.28),
            beat=14,
            horizon=0.08,
            camera_height=1.45,
            feet_range=(0.68, 0.97),
            pan=0.03,
            zoom=0.06,
            background='stage',
            background_colors=('navy', 'purple', 'maroon', 'teal', 'black'),
            texture=0.4,
            occluders=(0, 1),
            clothing_colors=('white', 'red', 'black', 'yellow', 'pink',
                             'teal', 'orange'),
            uniform=1.0,
            accessories=0.1,
            brightness=(0.8, 1.1),
            spotlights=3,
            blur=(0.0, 0.6),
            noise=3.0))
}


def get_domain(domain: Union[str, Domain], **dials: Any) -> Domain:
    """Look a domain up by name and turn some of its dials.

    Args:
        domain (str | Domain): A key of :data:`DOMAINS`, or a domain.
        **dials: Fields of :class:`Domain` to replace.

    Returns:
        Domain: The domain.

    Raises:
        ValueError: If the name, a dial or a value is unknown.
    """
    if isinstance(domain, str):
        if domain not in DOMAINS:
            raise ValueError(
                f'unknown SynthMOT domain {domain!r}; choose one of '
                f'{sorted(DOMAINS)} or pass a Domain; those of the family '
                "'world' come from sample_world and have no dials to turn")
        domain = DOMAINS[domain]
    known = [field.name for field in fields(Domain)]
    wrong = sorted(set(dials) - set(known))
    if wrong:
        raise ValueError(f'unknown dials {wrong}; a Domain has {known}')
    return replace(domain, **dials)
