"""HOTA and its parts over the localisation threshold alpha."""
from typing import Any, Dict, Mapping, Tuple

import numpy as np
from numpy import ndarray

CURVE_NAMES = ('HOTA', 'DetA', 'AssA', 'LocA')
_ALL = 'COMBINED'


def draw_alpha_curves(trackers: Mapping[str, Dict[str, Any]]) -> Any:
    """A panel for each score, a line for each tracker.

    HOTA is the mean over alpha (Luiten et al., IJCV 2021); the curve tells
    what the mean hides: a tracker with loose boxes falls early. Of a tracker
    that stands alone, its sequences are drawn as well, in grey.

    Args:
        trackers (mapping[str, dict]): Name of a tracker (may be empty, where
            it is alone) -> scores of each sequence, as of
            :func:`~ipmot_mm.evaluation.score_sequences` with ``curves``.

    Returns:
        matplotlib.figure.Figure: In percent. The legends name the mean of
        each line over alpha.

    Raises:
        ValueError: If there is no tracker or one has no curves.
    """
    from matplotlib.figure import Figure

    without = [name for name, scores in trackers.items()
               if 'curves' not in scores.get(_ALL, {})]
    if without or not trackers:
        raise ValueError(
            f'no curves over alpha in the scores of {without or "any tracker"}'
            ': score with HOTA among the metrics')
    figure = Figure(figsize=(11, 3.1), layout='constrained')
    panels = figure.subplots(1, len(CURVE_NAMES), sharex=True, sharey=True)
    for axes, name in zip(panels, CURVE_NAMES):
        if len(trackers) == 1:
            _draw_sequences(axes, next(iter(trackers.values())), name)
        for tracker, scores in trackers.items():
            curves = scores[_ALL]['curves']
            mean = 100 * np.mean(curves[name])
            axes.plot(*_points(curves, name), marker='.', markersize=4,
                      linewidth=1.3, label=f'{tracker or "mean"} {mean:.1f}')
        axes.set(title=name, xlabel='alpha', xlim=(0, 1), ylim=(0, 100))
        axes.grid(alpha=0.3)
        # LocA rises where the others fall
        axes.legend(
            loc='lower right' if name == 'LocA' else 'upper right',
            fontsize='small', handlelength=1.2)
    panels[0].set_ylabel('%')
    return figure


def _draw_sequences(axes: Any, scores: Dict[str, Any], name: str) -> None:
    """One thin line each."""
    for sequence, score in scores.items():
        if sequence != _ALL:
            axes.plot(*_points(score['curves'], name), color='0.8',
                      linewidth=0.8)


def _points(curves: Dict[str, Any], name: str) -> Tuple[ndarray, ndarray]:
    """Thresholds and values in percent."""
    alphas, values = np.array(curves['alpha']), np.array(curves[name])
    if name == 'LocA':
        # Without any match TrackEval calls the localisation perfect, which
        # counts in the mean.
        is_matched = np.array(curves['DetA']) > 0
        alphas, values = alphas[is_matched], values[is_matched]
    return alphas, 100 * values
