"""Curves of one or several runs, a panel for each scalar."""
from typing import Any, Mapping, Sequence

from .run_scalars import Curves, find_scalar, smooth, sorted_points

NUM_COLUMNS = 3


def draw_scalars(runs: Mapping[str, Curves], keys: Sequence[str],
                 weight: float = 0.0) -> Any:
    """Draw some scalars over iterations.

    Args:
        runs (mapping[str, dict]): Name of a run -> its scalars, of
            :func:`read_scalars`. A run which lacks a scalar has no line in
            its panel.
        keys (sequence[str]): What to draw, see :func:`find_scalar`.
        weight (float): See :func:`smooth`; with it, the values themselves
            are faint. Defaults to 0.0.

    Returns:
        matplotlib.figure.Figure: With a legend if there are several runs,
        in the first panel.

    Raises:
        ValueError: If no run has one of the keys, or the weight is not in
            [0, 1).
    """
    from matplotlib.figure import Figure

    if not 0 <= weight < 1:
        raise ValueError(f'weight of smoothing must be in [0, 1), got {weight}'
                         '; 0 leaves the curves as they are')
    num_columns = min(NUM_COLUMNS, len(keys))
    num_rows = -(-len(keys) // num_columns)
    figure = Figure(
        figsize=(3.6 * num_columns, 2.5 * num_rows), layout='constrained')
    panels = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    end = max((step for curves in runs.values() for curve in curves.values()
               for step in curve), default=1)
    for axes, key in zip(panels, keys):
        _draw_key(axes, runs, key, weight)
        axes.set_xlim(0, 1.02 * end)  # the same time in all panels
    if len(runs) > 1:
        panels[0].legend(fontsize='small')
    for axes in panels[len(keys):]:
        axes.remove()
    return figure


def _draw_key(axes: Any, runs: Mapping[str, Curves], key: str,
              weight: float) -> None:
    """One panel."""
    everything = {name: {} for curves in runs.values() for name in curves}
    name = find_scalar(everything, key)
    for number, (run, curves) in enumerate(runs.items()):
        if name not in curves:
            continue
        steps, values = sorted_points(curves[name])
        color = f'C{number}'
        if weight:
            axes.plot(steps, values, color=color, alpha=0.3, linewidth=0.8)
        axes.plot(steps, smooth(values, weight), color=color, linewidth=1.3,
                  marker='.' if len(steps) < 50 else None, label=run)
    axes.set_title(name, fontsize='medium')
    axes.set_xlabel('iteration')
    axes.grid(alpha=0.3)
