"""Seeds of each row as dots, with mean and interval."""
from pathlib import Path
from typing import Sequence

from ipmot_mm.user_errors import CommandError

from .evidence import Evidence
from .statistics import confidence_interval, mean_and_spread
from .summary import MAIN, Group, summarise

WIDTH, HEIGHT_OF_ROW = 4.5, 0.32
SPREAD = 0.12
"""Half of the height over which the seeds of a row are spread."""


def check_plot_name(path: Path) -> None:
    """Find out before the work whether a plot can be written so.

    Args:
        path (Path): Where it is to go.

    Raises:
        CommandError: If matplotlib does not write this format.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    suffix = Path(path).suffix[1:].lower()
    if suffix and suffix not in known:
        raise CommandError(f'{path} cannot be written as a plot; give it the '
                           'suffix .png, .pdf or .svg')


def plot_study(evidence: Evidence, path: Path) -> None:
    """Draw HOTA of all rows, a panel for each group of domains.

    Args:
        evidence (dict): Of :func:`~.evidence.collect`.
        path (Path): Picture to write; its suffix decides the format.
    """
    from matplotlib.figure import Figure  # no window, and late: it is slow

    groups = summarise(evidence)[0]
    num_rows = len(evidence['rows'])
    figure = Figure(
        figsize=(WIDTH * len(groups) + 1.5, HEIGHT_OF_ROW * num_rows + 1.2),
        layout='constrained')
    panels = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    for axes, group in zip(panels, groups):
        _draw(axes, group)
    axes = panels[0]
    titles = [row['title'] for row in evidence['rows'].values()]
    axes.set_yticks(range(num_rows), titles)
    axes.invert_yaxis()
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _draw(axes: object, group: Group) -> None:
    for place, line in enumerate(group.lines):
        values = line.values.get(MAIN, ())
        mean, _ = mean_and_spread(values)
        if mean is None:
            continue
        axes.plot(values, _spread_out(place, len(values)), 'o', color='0.6',
                  markersize=4)
        interval = confidence_interval(values)
        if interval:
            axes.plot(interval, [place, place], color='C0', linewidth=2)
        axes.plot([mean], [place], 'D', color='C0', markersize=6)
        if line.paper is not None:
            axes.plot([line.paper], [place], 'x', color='C3')
    axes.set(title=group.title, xlabel=f'{MAIN}, %')
    axes.grid(axis='x', alpha=0.3)


def _spread_out(place: float, count: int) -> Sequence[float]:
    """Ordinates of dots beside each other."""
    if count < 2:
        return [place] * count
    step = 2 * SPREAD / (count - 1)
    return [place - SPREAD + number * step for number in range(count)]
