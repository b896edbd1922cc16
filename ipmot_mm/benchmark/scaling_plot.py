"""A picture of how the time of a frame grows."""
from typing import Dict, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 3.4, 3.0, 110  # inches of one panel


def draw_scaling(panels: Dict[str, Dict[str, Dict[float, float]]],
                 path: str) -> None:
    """Draw one panel beside the other.

    Args:
        panels (dict[str, dict[str, dict[float, float]]]): For the label of
            each x axis, for the name of each line, seconds by x.
        path (str): Image file to write.
    """
    figure = Figure(
        figsize=(WIDTH * len(panels), HEIGHT), dpi=DPI, layout='constrained')
    FigureCanvasAgg(figure)
    axes: Sequence = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (label, lines) in zip(axes, panels.items()):
        for name, points in lines.items():
            axis.plot(
                list(points), [value * 1e3 for value in points.values()],
                marker='o',
                markersize=3,
                label=name)
        axis.set_xlabel(label)
        highest = max(max(points.values()) for points in lines.values())
        axis.set_ylim(0, highest * 1e3 * 1.1)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8, loc='lower left')
    axes[0].set_ylabel('ms a frame')
    figure.savefig(path)
