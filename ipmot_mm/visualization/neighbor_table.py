"""Persons beside those whose prompts are nearest to theirs."""
from typing import Any, Mapping, Sequence, Tuple

from numpy import ndarray

from ipmot_mm.structures.identity_map import IdentityKey

from .picture_table import Cell, draw_picture_table

Neighbor = Tuple[IdentityKey, float]
"""A person and the cosine of both prompts."""


def draw_neighbors(keys: Sequence[IdentityKey],
                   neighbors: Sequence[Sequence[Neighbor]],
                   crops: Mapping[IdentityKey, ndarray],
                   notes: Sequence[str] = ()) -> Any:
    """A row for each person.

    Args:
        keys (sequence[tuple]): Data set, video and instance id of N persons.
        neighbors (sequence[sequence[tuple]]): Of each, nearest first.
        crops (mapping[tuple, ndarray]): RGB pictures of persons, some of
            whom may be missing.
        notes (sequence[str]): Text to the right. Defaults to ().

    Returns:
        matplotlib.figure.Figure: See :func:`draw_picture_table`.
    """
    rows = [[
        Cell(crops.get(key), f'{key[1]}:{key[2]}'), *(
            Cell(crops.get(other), f'{other[1]}:{other[2]}\n{cosine:.3f}')
            for other, cosine in own)
    ] for key, own in zip(keys, neighbors)]
    num = max(len(row) for row in rows) - 1 if rows else 0
    titles = ['person', *(f'nearest {n}' for n in range(1, num + 1))]
    return draw_picture_table(rows, column_titles=titles, notes=notes)
