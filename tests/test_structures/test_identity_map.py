"""Numbers of the TrackBook rows."""
import random
from dataclasses import FrozenInstanceError

import pytest

from ipmot_mm.structures import NO_IDENTITY, IdentityMap

KEYS = [('b', 'v1', 10), ('a', 'v2', 3), ('a', 'v1', 3), ('b', 'v1', 9)]


def test_rows_do_not_depend_on_order_or_repetition():
    shuffled = KEYS * 3
    random.Random(1).shuffle(shuffled)
    first, second = (IdentityMap.from_keys(k) for k in (KEYS, shuffled))
    assert first == second and len(first) == 4
    # ids are sorted as numbers, not as text
    assert [
        first.row(*k) for k in (('a', 'v1', 3), ('a', 'v2', 3), ('b', 'v1', 9),
                                ('b', 'v1', 10))
    ] == [0, 1, 2, 3]


def test_unknown_person_has_no_identity():
    identity_map = IdentityMap.from_keys(KEYS)
    assert identity_map.row('a', 'v1', 10) == NO_IDENTITY == -1
    assert IdentityMap.from_keys([]).row(*KEYS[0]) == NO_IDENTITY


def test_difference_says_what_is_missing_where():
    full, part = (IdentityMap.from_keys(k) for k in (KEYS, KEYS[1:]))
    assert full.difference(full) == ''
    assert full.difference(part) == (
        "1 identities only here, such as ('b', 'v1', 10)")
    assert part.difference(full) == (
        "1 identities only there, such as ('b', 'v1', 10)")
    other = IdentityMap.from_keys([('c', 'v', 0)])
    assert other.difference(part).count(';') == 1


def test_map_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        IdentityMap.from_keys(KEYS).keys = ()
