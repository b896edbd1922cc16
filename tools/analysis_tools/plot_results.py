"""Plot HOTA over the localisation threshold, and the curves of runs.

Example:
    python tools/analysis_tools/plot_results.py --out-dir plots \
        --scores base/scores.json full/scores.json --names base full
    python tools/analysis_tools/plot_results.py --out-dir plots \
        --work-dir work_dirs/base work_dirs/full --keys loss HOTA --smooth 0.6
"""
import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from mmengine.logging import print_log

from ipmot_mm.analysis.run_scalars import Curves, read_scalars
from ipmot_mm.analysis.scalar_plot import draw_scalars
from ipmot_mm.user_errors import CommandError, run_tool
from ipmot_mm.visualization.alpha_curves import draw_alpha_curves
from ipmot_mm.visualization.picture_file import to_image, write_picture

_VALIDATION_SCORES = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')
_LOWER_LAYER = re.compile(r'd\d+\.')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write hota_alpha.png from files of scores, and '
        'losses.png and scores.png, or curves.png, from the scalars of work '
        'directories.')
    parser.add_argument(
        '--scores',
        nargs='+',
        default=[],
        help='scores.json of TrackEvalMetric (in its outfile_prefix), or the '
        '--out file of eval_results.py; one for each tracker')
    parser.add_argument(
        '--work-dir',
        nargs='+',
        default=[],
        help='work directory of each run; where it was resumed it is joined')
    parser.add_argument(
        '--names', nargs='+', help='of trackers or runs, for the legend')
    parser.add_argument(
        '--keys',
        nargs='+',
        help='scalars of curves.png, such as loss loss_i2tce HOTA; default: '
        'losses of the last layer, and scores')
    parser.add_argument(
        '--smooth',
        type=float,
        default=0.0,
        metavar='WEIGHT',
        help='of the past in a mean, from 0 (default) to below 1')
    parser.add_argument(
        '--out-dir', default='.', help='folder for the plots')
    args = parser.parse_args(argv)
    if not args.scores and not args.work_dir:
        parser.error('nothing to plot: give --scores, --work-dir or both')
    return args


def read_scores(path: str) -> Dict[str, Any]:
    """Scores of each sequence; those without curves are of no use here."""
    if not Path(path).is_file():
        raise CommandError(f'scores {path!r} not found; write them with '
                           'eval_results.py --out, or give the metric '
                           'an outfile_prefix')
    try:
        scores = json.loads(Path(path).read_text(encoding='utf-8'))
        has_curves = 'curves' in scores.get('COMBINED', {})
    except (ValueError, AttributeError, TypeError):  # of another kind
        has_curves = False
    if not has_curves:
        raise CommandError(f'{path}: expected curves over alpha in COMBINED, '
                           'but found none; score with HOTA among the metrics')
    return scores


def name_all(paths: Sequence[str], names: Optional[Sequence[str]],
             option: str) -> List[str]:
    """A name for each, or parts of the paths in which they differ."""
    if names is not None:
        if len(names) != len(paths) or len(set(names)) < len(names):
            raise CommandError(
                f'--names: {len(paths)} of {option} need as many different '
                f'names, got {" ".join(names)}')
        return list(names)
    if len(paths) == 1:
        return ['']
    parts = [Path(path).resolve().parts for path in paths]
    differ = [
        n for n in range(min(map(len, parts)))
        if len({part[n] for part in parts}) > 1
    ]
    named = ['/'.join(part[n] for n in differ) for part in parts]
    return named if len(set(named)) == len(named) else list(paths)


def plot_runs(runs: Dict[str, Curves], args: argparse.Namespace) -> List[Path]:
    """Write what is asked for, or losses and scores."""
    known = list(dict.fromkeys(name for run in runs.values() for name in run))
    pictures = {'curves.png': args.keys} if args.keys else {
        'losses.png': sorted(
            (name for name in known
             if 'loss' in name and not _LOWER_LAYER.match(name)),
            key=lambda name: name != 'loss'),  # the sum first
        'scores.png': [
            name for name in known
            if name.split('/')[-1] in _VALIDATION_SCORES
        ]
    }
    written = []
    for name, keys in pictures.items():
        if keys:
            written.append(Path(args.out_dir) / name)
            write_picture(written[-1],
                          to_image(draw_scalars(runs, keys, args.smooth)))
    if not written:
        raise CommandError(
            f'{", ".join(args.work_dir)} holds neither losses nor scores; '
            'train or test for at least one interval')
    return written


def run(args: argparse.Namespace) -> None:
    """Read first, so that bad input leaves no half of the plots."""
    scores = {
        name: read_scores(path) for name, path in zip(
            name_all(args.scores, args.names, '--scores'), args.scores)
    } if args.scores else {}
    runs = {
        name: read_scalars(path) for name, path in zip(
            name_all(args.work_dir, args.names, '--work-dir'), args.work_dir)
    } if args.work_dir else {}
    written = []
    if scores:
        written.append(Path(args.out_dir) / 'hota_alpha.png')
        write_picture(written[-1], to_image(draw_alpha_curves(scores)))
    if runs:
        written += plot_runs(runs, args)
    print_log('written: ' + ', '.join(map(str, written)))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
