r"""Draw track embeddings over frames by identity (paper, Figure 3).

A plane on which each point is a track in a frame: the colour says who, the
lightness when. The nearest-neighbour accuracy is computed before the
projection. OUT.npz beside the picture holds the embeddings of the first panel,
OUT_2.npz those of the second, and so on.

Example:
    python tools/visualizations/plot_embeddings.py \
        configs/synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py \
        checkpoints/ipmot_small_street.pth \
        --video data/synthmot/street/val/Street-01 --out tsne.png
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from mmengine.logging import print_log

from ipmot_mm.analysis.track_embeddings import collect_embeddings, find_truth
from ipmot_mm.apis import init_tracker
from ipmot_mm.user_errors import CommandError, positive, run_tool
from ipmot_mm.visualization.embedding_plot import (AXIS_NAMES, PROJECTIONS,
                                                   check_projection,
                                                   draw_embeddings,
                                                   make_panels)
from ipmot_mm.visualization.embedding_recorder import EMBEDDING_KINDS
from ipmot_mm.visualization.embedding_scores import NeighbourScore, pool_scores
from ipmot_mm.visualization.embedding_table import (IDENTITY_SOURCES,
                                                    EmbeddingTable)
from ipmot_mm.visualization.picture_file import (DPI, check_picture_name,
                                                 to_image, write_picture)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Draw track embeddings over frames by identity (paper, '
        'Figure 3)')
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument(
        '--video',
        required=True,
        nargs='+',
        help='sequence folders of MOTChallenge, a panel each; with --by '
        'track also videos and folders of images')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--compare',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='another model, beside the first')
    parser.add_argument('--titles', nargs='+', help='of the panels')
    parser.add_argument(
        '--embedding',
        choices=EMBEDDING_KINDS,
        default='output',
        help='output embedding O, which the paper draws, or instance '
        'embedding e, which the losses align; default output')
    parser.add_argument(
        '--by',
        choices=IDENTITY_SOURCES,
        default='gt',
        help='identity: person of the ground truth (IoU 0.5), or track id')
    parser.add_argument('--projection', choices=PROJECTIONS, default='tsne')
    parser.add_argument(
        '--num-frames', type=positive, default=50, help='default 50')
    parser.add_argument(
        '--num-identities',
        type=positive,
        default=10,
        help='those seen most; default 10')
    parser.add_argument(
        '--min-gap',
        type=positive,
        default=10,
        help='frames between nearest neighbours at least; default 10')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--dpi',
        type=positive,
        default=DPI,
        help=f'pixels an inch; default {DPI}, papers want 300')
    parser.add_argument('--device', default='cpu')
    return parser.parse_args(argv)


def collect(args: argparse.Namespace) -> List[Tuple[str, EmbeddingTable]]:
    """Titles and embeddings of all panels: models, and of each all videos."""
    pairs = [(args.config, args.checkpoint)]
    if args.compare:
        pairs.append(tuple(args.compare))
    tables = []
    for config, checkpoint in pairs:
        model = init_tracker(config, checkpoint, args.device)
        for video in args.video:
            title = Path(checkpoint).stem if args.compare else ''
            if len(args.video) > 1 or not title:
                title = f'{title} {Path(video).name}'.strip()
            tables.append((title,
                           collect_embeddings(
                               model,
                               video,
                               kind=args.embedding,
                               num_frames=args.num_frames)))
    return tables


def check(args: argparse.Namespace) -> None:
    """Refuse what would fail after the tracking."""
    check_picture_name(args.out)
    check_projection(args.projection)
    num_panels = len(args.video) * (2 if args.compare else 1)
    if args.titles and len(args.titles) != num_panels:
        raise CommandError(
            f'--titles: {num_panels} panels need as many titles, got '
            f'{len(args.titles)}')
    for video in args.video:
        if args.by == 'gt' and find_truth(video) is None:
            raise CommandError(
                f'--video: {video} has no gt/gt.txt, or an empty one; take '
                '--by track, or the folder of a sequence with ground truth')


def run(args: argparse.Namespace) -> None:
    """Track, draw and say what it says."""
    check(args)
    tables = collect(args)
    if args.titles:
        tables = [(title, table)
                  for title, (_, table) in zip(args.titles, tables)]
    panels = make_panels(
        tables,
        by=args.by,
        share_identities=args.by == 'gt' and len(args.video) == 1,
        num_identities=args.num_identities,
        projection=args.projection,
        min_gap=args.min_gap,
        seed=args.seed)
    figure = draw_embeddings(
        panels,
        axis_name=AXIS_NAMES[args.projection],
        legend='person' if args.by == 'gt' else 'track')
    out = Path(args.out)
    write_picture(out, to_image(figure, args.dpi))
    written = [out]
    for number, (_, table) in enumerate(tables, 1):
        suffix = '' if number == 1 else f'_{number}'
        written.append(out.with_name(f'{out.stem}{suffix}.npz'))
        table.save(written[-1])
    for panel in panels:
        print_log(describe(panel.title, panel.score, args.min_gap))
    num_videos = len(args.video)
    for start in range(0, len(panels) if num_videos > 1 else 0, num_videos):
        name = args.compare[1] if start else args.checkpoint
        pooled = pool_scores([
            panel.score for panel in panels[start:start + num_videos]])
        print_log(describe(f'all videos, {name}', pooled, args.min_gap))
    print_log(f'written: {", ".join(map(str, written))}')


def describe(title: str, score: NeighbourScore, min_gap: int) -> str:
    """One line for a score."""
    if not score.num_rows:
        return (f'{title}: nobody is there in two frames that are {min_gap} '
                'apart')
    return (f'{title}: the nearest neighbour at least {min_gap} frames away '
            f'is the same in {score.accuracy:.1%} of {score.num_rows} '
            f'embeddings, by chance in {score.chance:.1%}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
