"""Named colours of SynthMOT, so that a caption can say what is drawn."""
from typing import Dict, Tuple

import numpy as np

Color = Tuple[int, int, int, int]
"""Blue, green, red, opacity in 0..255."""

COLORS: Dict[str, Tuple[int, int, int]] = dict(
    black=(32, 28, 28),
    white=(235, 235, 232),
    grey=(128, 126, 124),
    red=(45, 40, 205),
    orange=(40, 130, 240),
    yellow=(60, 210, 240),
    green=(60, 150, 50),
    olive=(50, 110, 110),
    teal=(130, 125, 30),
    blue=(205, 110, 45),
    navy=(95, 50, 35),
    purple=(150, 55, 115),
    pink=(170, 130, 235),
    maroon=(45, 25, 110),
    brown=(45, 75, 115),
    beige=(160, 195, 215))
"""Blue, green, red of each colour name."""

SKINS = ((150, 185, 232), (120, 160, 215), (85, 125, 185), (55, 85, 135),
         (40, 58, 95))
HAIRS = dict(
    black=(28, 24, 24),
    brown=(35, 55, 85),
    blond=(95, 165, 205),
    grey=(150, 150, 150),
    red=(40, 75, 160))


def jittered(rng: np.random.Generator,
             bgr: Tuple[int, int, int],
             amount: float = 10.0) -> Color:
    """One shade of a colour.

    Args:
        rng (np.random.Generator): Source of randomness.
        bgr (tuple[int]): The colour.
        amount (float): Standard deviation in grey levels. Defaults to 10.

    Returns:
        tuple[int]: Opaque blue, green, red, opacity.
    """
    shade = np.array(bgr) + rng.normal(0, amount, 3)
    blue, green, red = (int(v) for v in np.clip(shade, 0, 255))
    return blue, green, red, 255


def shaded(color: Color, gain: float) -> Color:
    """A colour in more or less light.

    Args:
        color (tuple[int]): Blue, green, red, opacity.
        gain (float): Factor on the three colours; below 1 is shadow.

    Returns:
        tuple[int]: The colour with the same opacity.
    """
    blue, green, red = (min(int(v * gain), 255) for v in color[:3])
    return blue, green, red, color[3]
