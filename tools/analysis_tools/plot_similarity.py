"""Plot a score over the dial of a domain, such as its share of uniforms.

Example:
    python tools/analysis_tools/run_study.py similarity --prepare \
        --export docs/evidence/similarity.json
    python tools/analysis_tools/plot_similarity.py \
        docs/evidence/similarity.json --out docs/images/similarity.png
"""
import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.logging import print_log

from ipmot_mm.study.evidence import read_evidence
from ipmot_mm.study.plots import check_plot_name
from ipmot_mm.study.statistics import confidence_interval, mean_and_spread
from ipmot_mm.user_errors import CommandError, run_tool

TEST_NAME = re.compile(r'(.+)-(\d+(?:\.\d+)?)')
"""Domain and dial in the name of a test: ``street-0.25``."""

Curve = List[Tuple[float, Tuple[float, ...]]]
"""Dial, and the score of each seed in percent, in the order of the dial."""


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Plot mean and spread over seeds, a line for each row and '
        'a panel for each domain')
    parser.add_argument('evidence', help='file of run_study.py --export')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument('--score', default='AssA', help='default: AssA')
    parser.add_argument(
        '--dial', default='share of persons in uniform', help='its name')
    return parser.parse_args(argv)


def read_curves(evidence: Dict[str, Any],
                score: str) -> Dict[str, Dict[str, Curve]]:
    """Curves of each row in each domain.

    Args:
        evidence (dict): Of a study whose tests are named DOMAIN-DIAL.
        score (str): Such as AssA.

    Returns:
        dict[str, dict[str, list]]: Domain -> title of the row -> its curve.

    Raises:
        CommandError: If no test has such a name, or none has the score.
    """
    points: Dict[str, dict] = defaultdict(lambda: defaultdict(dict))
    for row in evidence['rows'].values():
        for run in row['runs'].values():
            for test, scores in run['scores'].items():
                found = TEST_NAME.fullmatch(test)
                if found and scores.get(score) is not None:
                    domain, dial = found[1], float(found[2])
                    seeds = points[domain][row['title']].setdefault(dial, [])
                    seeds.append(100 * scores[score])
    if not points:
        raise CommandError(
            f'nothing to plot: expected tests named DOMAIN-DIAL, such as '
            f'street-0.5, with a score {score}; got '
            f'{", ".join(evidence["tests"])}')
    return {
        domain: {
            title: sorted((dial, tuple(seeds))
                          for dial, seeds in curve.items())
            for title, curve in rows.items()
        }
        for domain, rows in points.items()
    }


def plot_curves(curves: Dict[str, Dict[str, Curve]], score: str, dial: str,
                path: Path) -> None:
    """Means as lines; bars are 95 % intervals of the mean, or the standard
    deviation of two seeds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * len(curves), 3.6), layout='constrained')
    panels = figure.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    for axes, (domain, rows) in zip(panels, curves.items()):
        for place, (title, curve) in enumerate(rows.items()):
            dials = [point[0] + 0.008 * place for point in curve]
            means = [mean_and_spread(seeds)[0] for _, seeds in curve]
            axes.errorbar(
                dials, means, [_half_width(seeds) for _, seeds in curve],
                marker='o', markersize=4, capsize=2, label=title)
        axes.set(title=domain, xlabel=dial)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f'{score}, %')
    panels[-1].legend(fontsize='small')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _half_width(seeds: Sequence[float]) -> float:
    interval = confidence_interval(seeds)
    if interval is not None:
        return (interval[1] - interval[0]) / 2
    return mean_and_spread(seeds)[1] or 0.0


def run(args: argparse.Namespace) -> None:
    """Read and draw."""
    check_plot_name(Path(args.out))
    curves = read_curves(read_evidence(Path(args.evidence)), args.score)
    plot_curves(curves, args.score, args.dial, Path(args.out))
    print_log(f'written: {args.out}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
