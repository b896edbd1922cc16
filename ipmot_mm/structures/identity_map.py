"""Which row of the TrackBook belongs to which person of which video."""
from dataclasses import dataclass
from functools import cached_property
from typing import Dict, Iterable, List, Tuple

IdentityKey = Tuple[str, str, int]  # data set, video, instance id

NO_IDENTITY = -1
"""Identity of an object that has no row in the TrackBook."""


@dataclass(frozen=True)
class IdentityMap:
    """Contiguous numbers for (data set, video, instance id).

    The keys are sorted, so the map depends on the annotations alone: every
    rank builds the same one and a resumed run finds its rows again
    (paper, Section 3.2: the tokens are independent for each object ID).

    Attributes:
        keys (tuple[tuple[str, str, int]]): Data set, video and instance id of
            each row, sorted and unique.

    Example:
        >>> first = IdentityMap.from_keys([('mot17', 'MOT17-02', 7)])
        >>> first.row('mot17', 'MOT17-02', 7)
        0
    """
    keys: Tuple[IdentityKey, ...]

    @classmethod
    def from_keys(cls, keys: Iterable[IdentityKey]) -> 'IdentityMap':
        """Sort, drop repetitions and number the keys."""
        return cls(tuple(sorted({(str(d), str(v), int(i))
                                 for d, v, i in keys})))

    @cached_property
    def _rows(self) -> Dict[IdentityKey, int]:
        return {key: row for row, key in enumerate(self.keys)}

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, dataset: str, video: str, instance_id: int) -> int:
        """Row of one person, or ``NO_IDENTITY``."""
        return self._rows.get((dataset, video, instance_id), NO_IDENTITY)

    def difference(self,
                   other: 'IdentityMap',
                   *,
                   here: str = 'here',
                   there: str = 'there') -> str:
        """Say in one line how two maps differ; empty when they do not.

        Args:
            other (:obj:`IdentityMap`): The map to compare with.
            here (str): Where this map is from. Defaults to ``'here'``.
            there (str): Where the other is from. Defaults to ``'there'``.

        Returns:
            str: Such as ``2 identities only here, such as (...)``.
        """
        parts: List[str] = []
        for first, second, place in ((self, other, here),
                                     (other, self, there)):
            only = [key for key in first.keys if key not in second._rows]
            if only:
                parts.append(f'{len(only)} identities only {place}, such as '
                             f'{only[0]}')
        return '; '.join(parts)
