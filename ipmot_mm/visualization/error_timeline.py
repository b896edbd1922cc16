"""When a tracker goes wrong: errors of each frame, a panel for a sequence."""
from typing import Any, Mapping

import numpy as np
from numpy import ndarray

from .error_drawing import ERROR_COLORS

MAX_PANELS = 30
"""Sequences in one figure; a picture of more cannot be read or written."""


def draw_error_timeline(counts: Mapping[str, Mapping[str, ndarray]]) -> Any:
    """Errors over time as a stack of bars.

    Args:
        counts (mapping[str, mapping[str, ndarray]]): Sequence -> ``FP``,
            ``FN`` and ``IDSW`` of each frame, each of shape (num_frames, ).
            Of more than ``MAX_PANELS`` sequences those with most errors are
            drawn.

    Returns:
        matplotlib.figure.Figure: The legends name the sums.

    Raises:
        ValueError: If there is no sequence.
    """
    from matplotlib.figure import Figure

    if not counts:
        raise ValueError('errors of at least one sequence are needed for a '
                         'timeline, got none')
    names = sorted(
        sorted(counts, key=lambda name: -_total(counts[name]))[:MAX_PANELS])
    figure = Figure(figsize=(9, 0.5 + 1.25 * len(names)), layout='constrained')
    panels = figure.subplots(
        len(names), 1, squeeze=False, sharey=True).ravel()
    for axes, name in zip(panels, names):
        _draw_sequence(axes, name, counts[name])
    panels[-1].set_xlabel('frame')
    # room for the legends above the highest bar
    panels[0].set_ylim(0, max(1.35 * panels[0].dataLim.y1, *(
        1.35 * axes.dataLim.y1 for axes in panels), 1))
    return figure


def _draw_sequence(axes: Any, name: str,
                   counts: Mapping[str, ndarray]) -> None:
    num_frames = len(next(iter(counts.values())))
    frames = np.arange(1, num_frames + 1)
    bottom = np.zeros(num_frames)
    for key, color in ERROR_COLORS.items():
        axes.bar(
            frames,
            counts[key],
            bottom=bottom,
            width=1,
            color=[part / 255 for part in color[::-1]],
            label=f'{key} {counts[key].sum()}')
        bottom = bottom + counts[key]
    axes.set(ylabel='errors', xlim=(0.5, num_frames + 0.5))
    axes.set_title(name, fontsize='small', loc='left')
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    axes.legend(loc='upper right', fontsize='x-small',
                ncols=len(ERROR_COLORS), framealpha=0.6)


def _total(counts: Mapping[str, ndarray]) -> int:
    return int(sum(counts[key].sum() for key in ERROR_COLORS))
