"""Draw which queries look at each other (paper, supplement, Figure 1)."""
from typing import Any, Sequence, Union

import numpy as np
from numpy import ndarray

from .attention_pairs import MEAN_HEAD, AttentionPair, head_weights, twin_rate
from .attention_recorder import AttentionMap
from .track_visualizer import track_color

HEIGHT_INCHES = 4.2
CELL_TEXT_LIMIT = 10
"""Pairs up to which the numbers are written into the map."""


def draw_attention(image: ndarray,
                   attention: AttentionMap,
                   pairs: Sequence[AttentionPair],
                   *,
                   title: str = '',
                   head: Union[int, str] = MEAN_HEAD) -> Any:
    """A frame with the boxes of each pair, and the weights among them.

    Track queries are solid, their partners dashed, in the colour that the
    track has in annotated videos. In the map a row takes from a column.

    Args:
        image (ndarray): BGR, uint8, has shape (h, w, 3).
        attention (:obj:`AttentionMap`): Of this frame.
        pairs (sequence[:obj:`AttentionPair`]): Those to draw.
        title (str): Above the frame. Defaults to none.
        head (int | str): See :func:`head_weights`.

    Returns:
        matplotlib.figure.Figure: See
        :func:`~ipmot_mm.visualization.picture_file.to_image`.
    """
    from matplotlib.figure import Figure

    aspect = image.shape[1] / image.shape[0]
    width = min(max(HEIGHT_INCHES * 0.85 * aspect, 3.0), 8.0)
    figure = Figure(
        figsize=(width + HEIGHT_INCHES * 1.25, HEIGHT_INCHES + 0.4),
        layout='constrained')
    frame, matrix = figure.subplots(
        1, 2, width_ratios=[width, HEIGHT_INCHES * 1.25])
    _draw_frame(frame, image, attention, pairs)
    rate, chance = twin_rate(attention, pairs)
    found = '' if not pairs else (
        f'\n{rate:.0%} of {len(pairs)} partners are where the track is '
        f'(IoU 0.5), by chance {chance:.0%}')
    frame.set_title(f'{title}{found}'.strip(), fontsize='medium')
    frame.set_xlabel(
        'solid: track query   dashed: detect query it exchanges most with',
        fontsize='small')
    _draw_matrix(figure, matrix, attention, pairs, head)
    return figure


def _draw_frame(axes: Any, image: ndarray, attention: AttentionMap,
                pairs: Sequence[AttentionPair]) -> None:
    from matplotlib.patches import Rectangle

    height, width = image.shape[:2]
    axes.imshow(image[..., ::-1])
    for pair in pairs:
        color = _color(pair)
        for query, style in ((pair.track, '-'), (pair.detect, '--')):
            left, top, right, bottom = attention.bboxes[query] * [
                width, height, width, height]
            for edge, line_width in (('white', 2.6), (color, 1.6)):
                axes.add_patch(
                    Rectangle((left, top), right - left, bottom - top,
                              fill=False, edgecolor=edge, linestyle=style,
                              linewidth=line_width))
        for query, edge, name in ((pair.track, 1, f't{pair.track_id}'),
                                  (pair.detect, 3, f'd{pair.detect}')):
            left, y = attention.bboxes[query][[0, edge]] * [width, height]
            axes.text(
                np.clip(left, 0, width), np.clip(y, 0, height), name,
                color=_ink(color), fontsize=6,
                verticalalignment='bottom' if edge == 1 else 'top',
                bbox=dict(boxstyle='square,pad=0.15', facecolor=color,
                          linewidth=0))
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5),
             xticks=[], yticks=[])


def _draw_matrix(figure: Any, axes: Any, attention: AttentionMap,
                 pairs: Sequence[AttentionPair],
                 head: Union[int, str]) -> None:
    """Weights among [partners ; tracks], in the order of the track ids."""
    if not pairs:
        axes.set_axis_off()
        axes.text(0.5, 0.5, 'no track in this frame',
                  horizontalalignment='center', transform=axes.transAxes)
        return
    pairs = sorted(pairs, key=lambda pair: pair.track_id)
    # a detect query may be the partner of several tracks
    partners = list(dict.fromkeys(pair.detect for pair in pairs))
    queries = partners + [pair.track for pair in pairs]
    names = [f'd{detect}' for detect in partners] + [
        f't{pair.track_id}' for pair in pairs]
    weights = head_weights(attention, head)[np.ix_(queries, queries)]
    shown = axes.imshow(weights, cmap='viridis', vmin=0)
    figure.colorbar(shown, ax=axes, shrink=0.85, label='attention weight')
    ticks = np.arange(len(queries))
    size = 'small' if len(pairs) <= CELL_TEXT_LIMIT else 5
    axes.set_xticks(ticks, names, rotation=90, fontsize=size)
    axes.set_yticks(ticks, names, fontsize=size)
    middle = len(partners) - 0.5
    axes.axhline(middle, color='white', linewidth=0.8)
    axes.axvline(middle, color='white', linewidth=0.8)
    axes.set_xlabel('looked at (d: detect query, t: track)', fontsize='small')
    axes.set_ylabel('looks', fontsize='small')
    what = 'mean of heads' if head == MEAN_HEAD else f'head {head}'
    title = f'self-attention, {what}'
    if len(pairs) <= CELL_TEXT_LIMIT:
        _write_weights(axes, weights)
        title += ' (numbers in %)'
    axes.set_title(title, fontsize='medium')


def _write_weights(axes: Any, weights: ndarray) -> None:
    """Those of note, in percent."""
    for (row, column), weight in np.ndenumerate(weights):
        if weight >= 0.05:
            axes.text(
                column, row, f'{100 * weight:.0f}', fontsize=6,
                color='black' if weight > weights.max() / 2 else 'white',
                horizontalalignment='center', verticalalignment='center')


def _ink(color: tuple) -> str:
    """Black or white, whatever is easier to read on a colour."""
    luminance = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]
    return 'black' if luminance > 0.55 else 'white'


def _color(pair: AttentionPair) -> tuple:
    """RGB in [0, 1]."""
    return tuple(part / 255 for part in track_color(pair.track_id)[::-1])
