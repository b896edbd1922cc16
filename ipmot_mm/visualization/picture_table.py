"""Pictures in rows and columns, each with a caption."""
from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

from numpy import ndarray


@dataclass(frozen=True)
class Cell:
    """A place of the table.

    Attributes:
        image (ndarray, optional): RGB, uint8, has shape (h, w, 3); None says
            "no picture".
        caption (str): Below it.
    """
    image: Optional[ndarray]
    caption: str = ''


def draw_picture_table(rows: Sequence[Sequence[Cell]],
                       *,
                       column_titles: Sequence[str],
                       notes: Sequence[str] = (),
                       cell_size: Tuple[float, float] = (0.85, 1.5)) -> Any:
    """Make a figure of a table.

    Pictures keep their shape; what is left of their place stays white.

    Args:
        rows (sequence[sequence[:obj:`Cell`]]): A row may be shorter than
            there are columns.
        column_titles (sequence[str]): One for each column, above the first
            row.
        notes (sequence[str]): Text to the right of each row. Defaults to (),
            for none.
        cell_size (tuple[float, float]): Inches, width and height of a
            picture. Defaults to (0.85, 1.5), of a standing person.

    Returns:
        matplotlib.figure.Figure: For
        :func:`~ipmot_mm.visualization.picture_file.to_image`.

    Raises:
        ValueError: If there is no row.
    """
    from matplotlib.figure import Figure

    if not rows:
        raise ValueError('a table of pictures needs at least one row, got '
                         'none; choose at least one identity')
    num_columns = len(column_titles)
    width, height = cell_size
    note_width = 1.7 if notes else 0.0
    # below a picture there are two lines of text
    figure = Figure(
        figsize=(num_columns * (width + 0.1) + note_width,
                 len(rows) * (height + 0.32) + 0.3),
        layout='constrained')
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    ratios = [width] * num_columns + [note_width] * bool(notes)
    panels = figure.subplots(
        len(rows), len(ratios), squeeze=False, width_ratios=ratios)
    for place, (row, axes_row) in enumerate(zip(rows, panels)):
        for axes in axes_row:
            axes.axis('off')
        for cell, axes in zip(row, axes_row):
            _draw_cell(axes, cell, width, height)
        if notes:
            axes_row[-1].text(
                0, 1, notes[place], fontsize=7, va='top', linespacing=1.4,
                transform=axes_row[-1].transAxes)
    for title, axes in zip(column_titles, panels[0]):
        axes.set_title(title, fontsize=8)
    return figure


def _draw_cell(axes: Any, cell: Cell, width: float, height: float) -> None:
    # the same window for every picture, so that the columns stay in line
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_aspect('equal')
    if cell.image is None:
        axes.text(width / 2, height / 2, 'no picture', ha='center',
                  va='center', fontsize=6, color='0.5')
    else:
        rows, columns = cell.image.shape[:2]
        scale = min(width / columns, height / rows)
        x, y = columns * scale / 2, rows * scale
        axes.imshow(
            cell.image,
            # at the bottom, next to its caption
            extent=(width / 2 - x, width / 2 + x, 0, y),
            interpolation='bicubic' if scale * 150 > 1 else 'antialiased',
            aspect='equal')
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
    axes.text(width / 2, -0.03 * height, cell.caption, ha='center', va='top',
              fontsize=6, linespacing=1.2)
