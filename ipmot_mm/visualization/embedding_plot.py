"""Track embeddings on a plane, by identity (paper, Figure 3)."""
from dataclasses import dataclass
from typing import Any, List, Sequence, Tuple

import numpy as np
from numpy import ndarray

from .embedding_scores import NeighbourScore, neighbour_accuracy
from .embedding_table import EmbeddingTable, most_seen

PROJECTIONS = ('tsne', 'pca')
AXIS_NAMES = dict(tsne='t-SNE', pca='principal component')
MARKERS = 'os^Dv<>pPX'
PALETTE = 'tab10'
PALETTE_SIZE = 10
MIN_TSNE_ROWS = 10
"""With fewer points t-SNE has no neighbourhoods to keep."""
PANEL_INCHES, LINE_INCHES = 4.2, 0.22
LEGEND_COLUMNS = 10
LIGHTEST = 0.7
"""Share of white in the colour of the first frame."""


@dataclass(frozen=True)
class EmbeddingPanel:
    """One scatter plot.

    Attributes:
        title (str): Such as the name of the model.
        points (ndarray): On the plane, has shape (num_rows, 2).
        identities (ndarray): Has shape (num_rows, ).
        frames (ndarray): Has shape (num_rows, ).
        known (tuple[int]): Identities in the order of their colours.
        score (:obj:`NeighbourScore`): Of the embeddings, not of the points.
    """
    title: str
    points: ndarray
    identities: ndarray
    frames: ndarray
    known: Tuple[int, ...]
    score: NeighbourScore


def project_embeddings(embeddings: ndarray,
                       projection: str = 'tsne',
                       seed: int = 0) -> ndarray:
    """Put embeddings on a plane.

    Args:
        embeddings (ndarray): Has shape (num_rows, dims).
        projection (str): ``'tsne'`` keeps neighbourhoods (van der Maaten and
            Hinton, JMLR 2008; scikit-learn's), ``'pca'`` the directions of
            largest variance. Fewer than ``MIN_TSNE_ROWS`` rows get PCA.
            Defaults to ``'tsne'``.
        seed (int): Of t-SNE. Defaults to 0.

    Returns:
        ndarray: float64, has shape (num_rows, 2).

    Raises:
        ValueError: If the projection is unknown, or t-SNE is asked for
            without scikit-learn.
    """
    if projection not in PROJECTIONS:
        raise ValueError(f'projection must be one of {PROJECTIONS}, got '
                         f'{projection!r}')
    embeddings = np.asarray(embeddings, np.float64)
    if projection == 'pca' or len(embeddings) < MIN_TSNE_ROWS:
        return _principal_components(embeddings)
    perplexity = min(30.0, (len(embeddings) - 1) / 3)
    return _tsne_class()(
        init='pca', perplexity=perplexity,
        random_state=seed).fit_transform(embeddings.astype(np.float32))


def _principal_components(embeddings: ndarray) -> ndarray:
    """The two largest, 0 where there are fewer; the sign is fixed."""
    points = np.zeros((len(embeddings), 2))
    if len(embeddings) > 1:
        centred = embeddings - embeddings.mean(0)
        axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
        largest = np.abs(axes).argmax(1)
        axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
        points[:, :len(axes)] = centred @ axes.T
    return points


def _tsne_class() -> Any:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise ValueError(
            't-SNE needs scikit-learn, which is not installed: '
            'pip install scikit-learn, or take the projection "pca"'
        ) from None
    return TSNE


def check_projection(projection: str) -> None:
    """Find out before hours of work whether a projection can be had.

    Args:
        projection (str): See :func:`project_embeddings`, as do the errors.
    """
    project_embeddings(np.zeros((0, 2)), projection)
    if projection == 'tsne':
        _tsne_class()


def make_panels(tables: Sequence[Tuple[str, EmbeddingTable]],
                *,
                by: str = 'gt',
                share_identities: bool = True,
                num_identities: int = 10,
                projection: str = 'tsne',
                min_gap: int = 10,
                seed: int = 0) -> List[EmbeddingPanel]:
    """Choose identities, project and score.

    Args:
        tables (sequence[tuple[str, :obj:`EmbeddingTable`]]): Title and
            embeddings of each panel.
        by (str): One of ``IDENTITY_SOURCES``. Defaults to ``'gt'``.
        share_identities (bool): Whether an identity is the same person in all
            tables: two models on one video, by ``'gt'``. Then all panels
            have the same persons. Defaults to True.
        num_identities (int): Those seen most. Defaults to 10.
        projection (str): See :func:`project_embeddings`.
        min_gap (int): See :func:`neighbour_accuracy`.
        seed (int): Of the projection. Defaults to 0.

    Returns:
        list[:obj:`EmbeddingPanel`]: One for each table. The score is that of
        the chosen identities.
    """
    everybody = [table.identities(by) for _, table in tables]
    panels = []
    for (title, table), identities in zip(tables, everybody):
        chosen = most_seen(
            everybody if share_identities else [identities], num_identities)
        kept = np.isin(identities, chosen)
        rows, who = table[kept], identities[kept]
        panels.append(
            EmbeddingPanel(
                title=title,
                points=project_embeddings(rows.embeddings, projection, seed),
                identities=who,
                frames=rows.frames,
                known=tuple(chosen),
                score=neighbour_accuracy(rows.embeddings, who, rows.frames,
                                         min_gap)))
    return panels


def draw_embeddings(panels: Sequence[EmbeddingPanel],
                    *,
                    axis_name: str = 't-SNE',
                    legend: str = 'person') -> Any:
    """Draw panels side by side.

    Colour and shape say who it is, lightness when: the first frame is
    lightest. Panels that know the same identities share a legend.

    Args:
        panels (sequence[:obj:`EmbeddingPanel`]): At least one.
        axis_name (str): Defaults to ``'t-SNE'``.
        legend (str): What an identity is. Defaults to ``'person'``.

    Returns:
        matplotlib.figure.Figure: Its ``savefig`` writes a file.
    """
    from matplotlib.figure import Figure

    shared = len({panel.known for panel in panels}) == 1
    width = LEGEND_COLUMNS * (len(panels) if shared else 1)
    num_lines = max(-(-len(panel.known) // width) for panel in panels)
    figure = Figure(
        figsize=(PANEL_INCHES * len(panels),
                 PANEL_INCHES + 0.4 + LINE_INCHES * num_lines),
        layout='constrained')
    axes_row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(axes_row, panels):
        _draw_panel(axes, panel)
        axes.set_xlabel(f'{axis_name} 1', fontsize='small')
        axes.set_ylabel(f'{axis_name} 2', fontsize='small')
        if panel.known and not shared:
            _add_legend(axes, panel.known, legend, loc='upper center',
                        bbox_to_anchor=(0.5, -0.08), ncols=width)
    if shared and panels[0].known:
        _add_legend(figure, panels[0].known, legend,
                    loc='outside lower center', ncols=width)
    return figure


def _draw_panel(axes: Any, panel: EmbeddingPanel) -> None:
    first, last = _span(panel.frames)
    for place, who in enumerate(panel.known):
        rows = np.flatnonzero(panel.identities == who)
        rows = rows[np.argsort(panel.frames[rows], kind='stable')]
        color, marker = _look(place)
        age = (last - panel.frames[rows]) / max(last - first, 1)
        shades = color + (1 - color) * LIGHTEST * age[:, None]
        axes.scatter(
            *panel.points[rows].T, c=shades, marker=marker, s=16,
            linewidths=0.3, edgecolors=color[None])
    axes.set(xticks=[], yticks=[])
    axes.set_title(_heading(panel, first, last), fontsize='medium')


def _span(frames: ndarray) -> Tuple[int, int]:
    return (int(frames.min()), int(frames.max())) if len(frames) else (0, 0)


def _heading(panel: EmbeddingPanel, first: int, last: int) -> str:
    """Title, and below it what the picture alone does not tell."""
    if not len(panel.frames):
        return f'{panel.title}\nno track of a known identity'
    when = f'frames {first + 1} (light) to {last + 1}'
    if not panel.score.num_rows:
        return f'{panel.title}\n{when}'
    return (f'{panel.title}\nnearest neighbour is the same: '
            f'{panel.score.accuracy:.0%} (chance {panel.score.chance:.0%})\n'
            f'{when}')


def _look(place: int) -> Tuple[ndarray, str]:
    """Colour and marker; both change, so that prints in grey tell too."""
    from matplotlib import colormaps

    color = np.array(colormaps[PALETTE](place % PALETTE_SIZE)[:3])
    shift = place // PALETTE_SIZE
    return color, MARKERS[(place + shift) % len(MARKERS)]


def _add_legend(where: Any, ids: Sequence[int], title: str,
                **options: Any) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for place, who in enumerate(ids):
        color, marker = _look(place)
        handles.append(
            Line2D([], [], color=tuple(color), marker=marker, markersize=5,
                   linestyle='', label=str(who)))
    where.legend(
        handles=handles, title=title, fontsize='small',
        title_fontsize='small', handletextpad=0.1, columnspacing=0.6,
        **options)
