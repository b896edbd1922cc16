"""The report as one page without scripts."""
from html import escape
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np
from numpy import ndarray

from .dataset_report import DatasetReport

NUM_BINS = 20
MAX_NAMED = 10
_BAR_HEIGHT = 120
_STYLE = '''
body { font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 90em;
       padding: 0 1em; color: #222; background: #fff; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .15em .7em; text-align: right; }
td:first-child, th:first-child { text-align: left; }
tr:last-child { border-top: 1px solid #888; font-weight: bold; }
th { border-bottom: 1px solid #888; }
.scroll { overflow-x: auto; }
.plots { display: flex; flex-wrap: wrap; gap: 2em; }
.bars { display: flex; align-items: flex-end; border-bottom: 1px solid #888; }
.bars div { width: 14px; margin-right: 1px; background: #3b6ea5; }
.ends { display: flex; justify-content: space-between; color: #666; }
.error { color: #b00020; } .warning { color: #8a5a00; }
img { max-width: 100%; display: block; margin: .5em 0 1.5em; }
'''


def write_page(path: Path,
               report: DatasetReport,
               *,
               title: str,
               pictures: Sequence[str] = (),
               notes: Sequence[str] = ()) -> None:
    """Write statistics, problems and pictures.

    Args:
        path (Path): The page, ``.html``; its folder is made.
        report (:obj:`DatasetReport`): What was found.
        title (str): What was checked.
        pictures (Sequence[str]): Files, relative to the page. Defaults to ().
        notes (Sequence[str]): Lines below the pictures. Defaults to ().
    """
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<title>{escape(title)}</title><style>{_STYLE}</style></head><body>',
        f'<h1>{escape(title)}</h1>',
        *(f'<p>{escape(line)}</p>' for line in report.summary()),
        '<h2>Problems</h2>', *_problems(report),
        '<h2>Videos</h2>', _table(report.table()),
        '<p>cut: boxes partly outside of the image; ignored: rows with conf '
        '0; empty: frames without objects; gaps: how often a track is away '
        'for some frames.</p>',
        '<h2>Distributions</h2><div class="plots">',
        _histogram('objects per frame', report.pooled('objects_per_frame')),
        _histogram('height of boxes, pixels', report.pooled('heights')),
        _histogram('visible share', report.pooled('visibilities')),
        '</div><h2>Clips</h2>',
        '<p>Above as loaded, below after the pipeline. The grey margin shows '
        'boxes that reach beyond the frame. A colour is an identity.</p>',
        *(f'<img src="{escape(name)}" alt="clip">' for name in pictures),
        *(f'<p class="warning">{escape(line)}</p>' for line in notes),
        '</body></html>\n'
    ]  # yapf: disable
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(parts), encoding='utf-8')


def _problems(report: DatasetReport) -> List[str]:
    parts = []
    for group in report.problem_groups():
        level = 'error' if group.is_error else 'warning'
        lines = ''.join(f'<li>{escape(line)}</li>'
                        for line in group.lines(MAX_NAMED))
        parts.append(f'<h3 class="{level}">{level}: {escape(group.kind)} '
                     f'({group.count})</h3><ul>{lines}</ul>')
    return parts or ['<p>None.</p>']


def _table(rows: Sequence[Tuple[str, ...]]) -> str:
    header, *body = rows
    lines = ['<tr>' + ''.join(f'<th>{escape(c)}</th>' for c in header)]
    for row in body:
        lines.append('<tr>' + ''.join(f'<td>{escape(c)}</td>' for c in row))
    return '<div class="scroll"><table>' + '</tr>\n'.join(
        lines) + '</tr></table></div>'


def _histogram(title: str, values: ndarray) -> str:
    """Bars in proportion to the counts; the title says the largest."""
    if len(values) == 0:
        return f'<div><b>{escape(title)}</b><p>no values</p></div>'
    counts, edges = bin_values(values)
    bars = ''.join(
        # rounded up: what is rare must still be seen
        f'<div style="height:{-(-_BAR_HEIGHT * count // counts.max())}px" '
        f'title="{low:g} to {high:g}: {count}"></div>'
        for count, low, high in zip(counts, edges, edges[1:]))
    return (f'<div><b>{escape(title)}</b> (tallest bar: {counts.max()})'
            f'<div class="bars" style="height:{_BAR_HEIGHT}px">{bars}</div>'
            f'<div class="ends"><span>{edges[0]:g}</span>'
            f'<span>{edges[-1]:g}</span></div></div>')


def bin_values(values: ndarray) -> Tuple[ndarray, List[float]]:
    """Counts in at most ``NUM_BINS`` bins; whole numbers get whole bins.

    Args:
        values (ndarray): At least one number, has shape (n, ).

    Returns:
        tuple[ndarray, list[float]]: Counts, with shape (num_bins, ), and the
        num_bins + 1 edges.
    """
    low, high = float(values.min()), float(values.max())
    if np.issubdtype(values.dtype, np.integer):
        width = max(int(np.ceil((high - low + 1) / NUM_BINS)), 1)
        edges = np.arange(low, high + width + 1, width)
    elif 0 <= low and high <= 1:
        edges = np.linspace(0, 1, NUM_BINS + 1)
    else:
        edges = np.linspace(low, high if high > low else low + 1, NUM_BINS + 1)
    counts, edges = np.histogram(values, edges)
    return counts, [round(edge, 3) for edge in edges.tolist()]
