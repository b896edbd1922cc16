"""A key table: how the parameters of another project are named here."""
import re
from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

ALIGNMENT = 'learned with the TrackBook, which no other model has'
DEDUPLICATION = 'the confidence d of Eq. 5, which no other model has'

FRESH_PARTS = {
    r'detector\.bbox_head\.embed_branches\..+': ALIGNMENT,
    r'dedup\..+': DEDUPLICATION,
    r'track_book\..+': 'one row for each identity of the training data',
    r'.+\.num_batches_tracked': 'a count that frozen norms do not read',
}
"""Keys of a tracker that no layout fills, as patterns, and why."""


@dataclass(frozen=True)
class Layout:
    """Names of one kind of checkpoint. All patterns match whole keys.

    Attributes:
        name (str): Such as ``'dab'``.
        source (str): Project, commit and files that the names were read in.
        markers (tuple[str]): Patterns that each match a key of such a
            checkpoint, and together of no other.
        keys (mapping): Pattern of a key there: name here, with the groups of
            the pattern as ``\\1`` and so on.
        dropped (mapping): Pattern of a key that is not taken over: why.
        fresh (mapping): Pattern of a key here that nothing there fills,
            besides ``FRESH_PARTS``: why.
        x_before_y (tuple[str]): Weights (here) whose input is an encoded
            anchor, in the order (x, y, w, h) instead of (y, x, w, h).
        zero_biases (str): Keys (here) of biases that are 0 where missing, as
            a pattern of the weight beside them; '' for none.
    """
    name: str
    source: str
    markers: Tuple[str, ...]
    keys: Mapping[str, str]
    dropped: Mapping[str, str] = field(default_factory=dict)
    fresh: Mapping[str, str] = field(default_factory=dict)
    x_before_y: Tuple[str, ...] = ()
    zero_biases: str = ''

    def rename(self, key: str) -> Optional[str]:
        """Name here, None if the table has no row for the key."""
        for pattern, name in self.keys.items():
            match = re.fullmatch(pattern, key)
            if match:
                return match.expand(name)
        return None

    def matches(self, keys: Tuple[str, ...]) -> bool:
        """Whether a checkpoint with these keys is of this layout."""
        return all(
            any(re.fullmatch(marker, key) for key in keys)
            for marker in self.markers)


def find_reason(key: str, reasons: Mapping[str, str]) -> Optional[str]:
    """Why a key is left out, by the first pattern that matches it.

    Args:
        key (str): The key.
        reasons (mapping): Pattern of whole keys: why.

    Returns:
        str: The reason, None if no pattern matches.
    """
    for pattern, reason in reasons.items():
        if re.fullmatch(pattern, key):
            return reason
    return None
