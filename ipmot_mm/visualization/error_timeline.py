"""When a tracker goes wrong: errors of each frame, a panel for a sequence."""
from typing import Any, Mapping, Tuple

import numpy as np
from numpy import ndarray

from .error_drawing import ERROR_COLORS

MAX_PANELS = 30
"""Sequences in one figure; a picture of more cannot be read or written."""


def draw_error_timeline(counts: Mapping[str, Mapping[str, ndarray]]) -> Any:
    """Errors over time: a stack of bars, and a mark where identities switch.

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
    panels[-1].set_xlabel('frame of the split')
    # room for the legends above the highest bar
    highest = max(
        float((counts[name]['FP'] + counts[name]['FN']).max(initial=1))
        for name in names)
    panels[0].set_ylim(0, 1.55 * highest)
    return figure


def _draw_sequence(axes: Any, name: str,
                   counts: Mapping[str, ndarray]) -> None:
    num_frames = len(next(iter(counts.values())))
    frames = np.arange(1, num_frames + 1)
    bottom = np.zeros(num_frames)
    for key in ('FP', 'FN'):
        axes.bar(
            frames, counts[key], bottom=bottom, width=1, color=_rgb(key),
            label=f'{key} {counts[key].sum()}')
        bottom = bottom + counts[key]
    # one switch in a hundred errors would be lost in a bar
    switches = counts['IDSW']
    is_switch = switches > 0
    axes.scatter(
        frames[is_switch], bottom[is_switch], s=18 * switches[is_switch],
        marker='v', color=_rgb('IDSW'), edgecolors='k', linewidths=0.4,
        zorder=3, label=f'IDSW {switches.sum()}')
    axes.set(ylabel='errors', xlim=(0.5, num_frames + 0.5))
    axes.set_title(name, fontsize='small', loc='left')
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    axes.legend(loc='upper right', fontsize='x-small',
                ncols=len(ERROR_COLORS), framealpha=0.6)


def _rgb(key: str) -> Tuple[float, ...]:
    return tuple(part / 255 for part in ERROR_COLORS[key][::-1])


def _total(counts: Mapping[str, ndarray]) -> int:
    return int(sum(counts[key].sum() for key in ERROR_COLORS))
