"""Plot HOTA over the localisation threshold, and the curves of a run."""
import argparse
import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.logging import print_log

Curves = Dict[str, Dict[int, float]]
"""Name of a scalar -> step -> value."""

_NUM_COLUMNS = 3
_VALIDATION_SCORES = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write hota_alpha.png from a file of scores, and '
        'losses.png and scores.png from the scalars of a work directory.')
    parser.add_argument(
        '--scores',
        help='scores.json of TrackEvalMetric (in its outfile_prefix), or the '
        '--out file of eval_results.py')
    parser.add_argument(
        '--work-dir', help='work directory of a run; resumed runs are joined')
    parser.add_argument(
        '--out-dir', default='.', help='folder for the plots')
    args = parser.parse_args(argv)
    if not args.scores and not args.work_dir:
        parser.error('nothing to plot: give --scores, --work-dir or both')
    return args


def read_scores(path: str) -> Dict[str, Any]:
    """Scores of each sequence; those without curves are of no use here."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'scores {path!r} not found; write them with '
                                'eval_results.py --out, or give the metric '
                                'an outfile_prefix')
    scores = json.loads(Path(path).read_text(encoding='utf-8'))
    if 'curves' not in scores.get('COMBINED', {}):
        raise ValueError(f'{path}: expected curves over alpha in COMBINED, '
                         'but found none; score with HOTA among the metrics')
    return scores


def read_scalars(work_dir: str) -> Tuple[Curves, Curves]:
    """Training and validation scalars that mmengine's LocalVisBackend wrote.

    Each run of a work directory has a folder named by its time, so their
    order by name is the order in time. Where a resumed run repeats a step,
    the later value holds. A last line cut off by a killed run is skipped.

    Args:
        work_dir (str): Work directory of one configuration.

    Returns:
        tuple[dict, dict]: Scalars over iterations, and scalars over epochs
        (lines of validation carry no ``iter``).
    """
    paths = sorted(Path(work_dir).glob('**/vis_data/scalars.json'))
    if not paths:
        raise FileNotFoundError(
            f'no vis_data/scalars.json found below {work_dir!r}; give the '
            'work directory of a run with LocalVisBackend')
    train: Curves = {}
    validation: Curves = {}
    for path in paths:
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            curves = train if 'iter' in record else validation
            for name, value in record.items():
                if isinstance(value, (int, float)):
                    curves.setdefault(name, {})[int(record['step'])] = value
    return train, validation


def plot_hota(scores: Dict[str, Any], path: Path) -> None:
    """HOTA, DetA and AssA over alpha, and HOTA of each sequence, thin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout='constrained')
    axes = figure.subplots()
    for name, score in scores.items():
        if name != 'COMBINED':
            axes.plot(
                score['curves']['alpha'],
                score['curves']['HOTA'],
                color='0.8',
                linewidth=1)
    curves = scores['COMBINED']['curves']
    for name in ('HOTA', 'DetA', 'AssA'):
        mean = 100 * sum(curves[name]) / len(curves[name])
        axes.plot(
            curves['alpha'],
            curves[name],
            marker='.',
            label=f'{name} {mean:.1f}')
    axes.set(xlabel='localisation threshold alpha', xlim=(0, 1), ylim=(0, 1),
             title='all sequences (grey: HOTA of each)')
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)


def plot_curves(curves: Curves, names: List[str], xlabel: str,
                path: Path) -> None:
    """One panel per scalar, shared abscissa."""
    from matplotlib.figure import Figure

    rows = -(-len(names) // _NUM_COLUMNS)
    figure = Figure(figsize=(4 * _NUM_COLUMNS, 2.5 * rows),
                    layout='constrained')
    panels = figure.subplots(rows, _NUM_COLUMNS, squeeze=False).ravel()
    for axes, name in zip(panels, names):
        steps, values = zip(*sorted(curves[name].items()))
        axes.plot(steps, values, marker='.' if len(steps) < 50 else None)
        axes.set(title=name, xlabel=xlabel)
        axes.grid(alpha=0.3)
    for axes in panels[len(names):]:
        axes.remove()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Read first, so that bad input leaves no half of the plots."""
    args = parse_args()
    try:
        scores = read_scores(args.scores) if args.scores else None
        train, validation = (
            read_scalars(args.work_dir) if args.work_dir else ({}, {}))
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    out_dir = Path(args.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    if scores:
        written.append(out_dir / 'hota_alpha.png')
        plot_hota(scores, written[-1])
    losses = [name for name in train if 'loss' in name]
    if losses:
        written.append(out_dir / 'losses.png')
        plot_curves(train, losses, 'iteration', written[-1])
    quality = [
        name for name in validation
        if name.split('/')[-1] in _VALIDATION_SCORES
    ]
    if quality:
        written.append(out_dir / 'scores.png')
        plot_curves(validation, quality, 'epoch', written[-1])
    if not written:
        raise SystemExit(f'error: {args.work_dir} holds neither losses nor '
                         'scores; train or test for at least one interval')
    print_log('written: ' + ', '.join(map(str, written)))


if __name__ == '__main__':
    main()
