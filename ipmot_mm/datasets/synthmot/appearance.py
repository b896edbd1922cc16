"""What a person looks like: attributes for captions, shades for drawing."""
from dataclasses import dataclass
from typing import Any, Dict, Optional

import numpy as np

from .colors import COLORS, HAIRS, SKINS, Color, jittered
from .domains import Domain

TOP_NAMES = dict(short='T-shirt', long='pullover')
BOTTOMS = ('trousers', 'shorts', 'skirt')
HATS = ('cap', 'beanie')
BAGS = ('backpack', 'handbag')


@dataclass(frozen=True)
class Outfit:
    """Clothes by name; equal outfits look equal up to the light.

    Attributes:
        top_color (str): Name of :data:`COLORS`.
        pattern (str): ``'plain'``, ``'stripes'``, ``'dots'`` or
            ``'checks'``.
        pattern_color (str): Name of :data:`COLORS`; equals the top's colour
            when plain.
        sleeves (str): ``'short'`` or ``'long'``.
        bottom (str): ``'trousers'``, ``'shorts'`` or ``'skirt'``.
        bottom_color (str): Name of :data:`COLORS`.
    """
    top_color: str
    pattern: str
    pattern_color: str
    sleeves: str
    bottom: str
    bottom_color: str


@dataclass(frozen=True)
class Appearance:
    """One person: the words of the caption and the shades of the pixels.

    Attributes:
        outfit (Outfit): Clothes.
        hair (str): Name of :data:`HAIRS`.
        hair_length (str): ``'short'`` or ``'long'``.
        hat (str, optional): ``'cap'``, ``'beanie'`` or None.
        hat_color (str, optional): Name of :data:`COLORS`.
        bag (str, optional): ``'backpack'``, ``'handbag'`` or None.
        bag_color (str, optional): Name of :data:`COLORS`.
        stature (float): Height relative to the mean person.
        build (float): Width relative to the mean person.
        shades (dict[str, tuple]): Colour of each drawn part: ``skin``,
            ``hair``, ``top``, ``pattern``, ``bottom``, ``shoes``, ``hat``,
            ``bag``.
    """
    outfit: Outfit
    hair: str
    hair_length: str
    hat: Optional[str]
    hat_color: Optional[str]
    bag: Optional[str]
    bag_color: Optional[str]
    stature: float
    build: float
    shades: Dict[str, Color]

    @property
    def caption(self) -> str:
        """str: One English sentence that a CLIP can be trained on."""
        wear = self.outfit
        pattern = {
            'plain': '',
            'stripes': f' with {wear.pattern_color} stripes',
            'dots': f' with {wear.pattern_color} dots',
            'checks': f' with {wear.pattern_color} checks'
        }[wear.pattern]
        text = (f'A photo of a person with {self.hair_length} {self.hair} '
                f'hair in a {wear.top_color} {TOP_NAMES[wear.sleeves]}'
                f'{pattern} and {wear.bottom_color} {wear.bottom}')
        if self.hat:
            text += f', wearing a {self.hat_color} {self.hat}'
        if self.bag:
            text += f', carrying a {self.bag_color} {self.bag}'
        return text + '.'

    def to_dict(self) -> Dict[str, Any]:
        """Attributes for ``persons.json``.

        Returns:
            dict: Attribute names to values, with the ``caption``.
        """
        return dict(
            vars(self.outfit),
            hair=self.hair,
            hair_length=self.hair_length,
            hat=self.hat,
            hat_color=self.hat_color,
            bag=self.bag,
            bag_color=self.bag_color,
            stature=round(self.stature, 3),
            build=round(self.build, 3),
            caption=self.caption)


def sample_outfit(rng: np.random.Generator, domain: Domain) -> Outfit:
    """Draw clothes from the palette of a domain.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Says which colours and patterns are worn.

    Returns:
        Outfit: Clothes whose pattern differs in colour from the top.
    """
    colors = domain.clothing_colors
    top, bottom = str(rng.choice(colors)), str(rng.choice(colors))
    pattern = str(rng.choice(domain.patterns))
    others = [c for c in COLORS if _contrast(c, top) > 90]
    return Outfit(
        top_color=top,
        pattern=pattern,
        pattern_color=top if pattern == 'plain' else str(rng.choice(others)),
        sleeves=str(rng.choice(tuple(TOP_NAMES))),
        bottom=str(rng.choice(BOTTOMS, p=(0.6, 0.2, 0.2))),
        bottom_color=bottom)


def sample_appearance(rng: np.random.Generator, domain: Domain,
                      uniform: Outfit) -> Appearance:
    """Draw a person.

    Args:
        rng (np.random.Generator): Source of randomness.
        domain (Domain): Says how likely the uniform and accessories are.
        uniform (Outfit): The outfit that the sequence shares.

    Returns:
        Appearance: The person.
    """
    own = sample_outfit(rng, domain)
    outfit = uniform if rng.random() < domain.uniform else own
    hair = str(rng.choice(tuple(HAIRS), p=(0.35, 0.35, 0.15, 0.1, 0.05)))
    colors = domain.clothing_colors
    hat = str(rng.choice(HATS)) if rng.random() < domain.accessories else None
    bag = str(rng.choice(BAGS)) if rng.random() < domain.accessories else None
    hat_color, bag_color = str(rng.choice(colors)), str(rng.choice(colors))
    shades = dict(
        skin=jittered(rng, SKINS[rng.integers(len(SKINS))], 5),
        hair=jittered(rng, HAIRS[hair], 6),
        shoes=jittered(rng, COLORS[str(rng.choice(('black', 'white')))], 10),
        hat=jittered(rng, COLORS[hat_color]),
        bag=jittered(rng, COLORS[bag_color]))
    # A uniform is one cloth: shades of the same garment hardly differ.
    amount = 3.0 if outfit is uniform else 10.0
    for part, name in (('top', outfit.top_color),
                       ('pattern', outfit.pattern_color),
                       ('bottom', outfit.bottom_color)):
        shades[part] = jittered(rng, COLORS[name], amount)
    return Appearance(
        outfit=outfit,
        hair=hair,
        hair_length=str(rng.choice(('short', 'long'))),
        hat=hat,
        hat_color=hat_color if hat else None,
        bag=bag,
        bag_color=bag_color if bag else None,
        stature=float(np.clip(rng.normal(1, 0.06), 0.8, 1.15)),
        build=float(np.clip(rng.normal(1, 0.12), 0.75, 1.35)),
        shades=shades)


def _contrast(name: str, other: str) -> float:
    return float(np.abs(np.subtract(COLORS[name], COLORS[other])).sum())
