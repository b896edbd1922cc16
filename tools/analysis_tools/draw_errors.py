"""Show where tracks go wrong: the worst frames, and errors over time.

Example:
    python tools/analysis_tools/draw_errors.py data/synthmot/crowd/val \
        work_dirs/results --benchmark custom --out-dir work_dirs/errors
"""
import argparse
import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from mmengine.logging import print_log

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.datasets.sequence import (find_frames, find_image_dir,
                                        read_seqinfo)
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.evaluation import (BENCHMARKS, ERRORS, SPLITS, FrameErrors,
                                 ScoredSequence, find_errors,
                                 sequences_to_score, worst_frames)
from ipmot_mm.user_errors import positive, run_tool
from ipmot_mm.visualization import open_writer
from ipmot_mm.visualization.error_drawing import (ERROR_COLORS,
                                                  draw_error_tile,
                                                  make_error_sheet)

Errors = Dict[str, Tuple[ScoredSequence, FrameErrors]]
"""Name of a sequence -> the sequence and its errors."""


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write errors.json (errors of every frame, which add up '
        'to those of MOTA), timeline.png and worst.jpg')
    parser.add_argument(
        'gt_root', help='folder with <sequence>/{img1,gt/gt.txt}')
    parser.add_argument('result_dir', help='folder with <sequence>.txt')
    parser.add_argument('--out-dir', required=True, help='folder to write')
    parser.add_argument('--benchmark', choices=BENCHMARKS, default='MOT17')
    parser.add_argument('--sequences', nargs='+', help='default: all')
    parser.add_argument('--split', choices=SPLITS, default='all')
    parser.add_argument(
        '--worst', type=positive, default=9, help='frames of worst.jpg')
    parser.add_argument(
        '--rank-by',
        choices=('all', *ERRORS),
        default='all',
        help='which errors make a frame one of the worst')
    parser.add_argument(
        '--min-distance',
        type=positive,
        default=10,
        help='frames between two of the worst in a sequence')
    parser.add_argument('--columns', type=positive, default=3)
    parser.add_argument(
        '--width', type=positive, default=448, help='of a frame in pixels')
    parser.add_argument(
        '--videos', action='store_true', help='also <sequence>.mp4')
    return parser.parse_args(argv)


def summarise(errors: Errors) -> Dict[str, Any]:
    """Numbers of all frames, sequences and in total, for a JSON file."""
    sequences, totals = {}, dict.fromkeys(('TP', *ERRORS), 0)
    for name, (_, found) in errors.items():
        counts = found.counts
        sequences[name] = {key: counts[key].tolist() for key in counts}
        for key in totals:
            totals[key] += int(counts[key].sum())
    num_truth = totals['TP'] + totals['FN']
    wrong = sum(totals[key] for key in ERRORS)
    mota = 1 - wrong / num_truth if num_truth else None
    return dict(totals=dict(totals, MOTA=mota), sequences=sequences)


def plot_timeline(errors: Errors, path: Path) -> None:
    """Errors of each frame as a stack of bars, a panel for each sequence."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.2 + 1.3 * len(errors)), layout='constrained')
    panels = figure.subplots(len(errors), 1, squeeze=False).ravel()
    for axes, (name, (_, found)) in zip(panels, errors.items()):
        bottom, counts = np.zeros(found.num_frames), found.counts
        for key in ERRORS:
            axes.bar(
                np.arange(1, found.num_frames + 1),
                counts[key],
                bottom=bottom,
                width=1,
                color=[part / 255 for part in ERROR_COLORS[key][::-1]],
                label=f'{key} {counts[key].sum()}')
            bottom += counts[key]
        axes.set(ylabel='errors', xlim=(0.5, found.num_frames + 0.5))
        axes.set_title(name, fontsize='small', loc='left')
        axes.legend(loc='upper right', fontsize='x-small', ncols=len(ERRORS))
    panels[-1].set_xlabel('frame')
    figure.savefig(path, dpi=110)


def draw_frame(name: str, errors: Errors, frame: int, gt_root: str,
               width: int) -> np.ndarray:
    """One frame with its errors, BGR, uint8, of shape (h, width, 3)."""
    sequence, found = errors[name]
    paths = _frame_paths(str(Path(gt_root) / name))
    number = sequence.first_frame + frame
    here = found.frame(frame)
    numbers = ' '.join(f'{key} {counts[frame]}'
                       for key, counts in here.counts.items())
    return draw_error_tile(
        read_image(paths[number - 1]),
        f'{name} frame {number}: {numbers}',
        width,
        matches=here.matches[:, 2:6],
        false_positives=here.false_positives[:, 2:6],
        misses=here.misses[:, 2:6],
        switches=here.switches[:, [2, 3, 4, 5, 7, 1]])


@lru_cache(maxsize=1)
def _frame_paths(folder: str) -> Tuple[str, ...]:
    """Images of a sequence, frame 1 first."""
    info = read_seqinfo(folder)
    image_dir = Path(find_image_dir(folder, info))
    return tuple(str(image_dir / name) for name in find_frames(folder, info))


def draw_worst(errors: Errors, args: argparse.Namespace,
               path: Path) -> List[Tuple[str, int]]:
    """The sheet of the worst frames; returns them."""
    kinds = ERRORS if args.rank_by == 'all' else (args.rank_by, )
    ranked = {
        name: np.sum([found.counts[kind] for kind in kinds], 0)
        for name, (_, found) in errors.items()
    }
    moments = worst_frames(ranked, args.worst, args.min_distance)
    if moments:
        sheet = make_error_sheet([
            draw_frame(name, errors, frame, args.gt_root, args.width)
            for name, frame in moments
        ], args.columns)
        write_atomically(path, cv2.imencode('.jpg', sheet)[1].tobytes())
    return moments


def run(args: argparse.Namespace) -> None:
    """Match, count and draw."""
    errors: Errors = {
        sequence.name: (sequence,
                        find_errors(
                            sequence,
                            args.result_dir,
                            benchmark=args.benchmark))
        for sequence in sequences_to_score(
            args.gt_root, sequences=args.sequences, split=args.split)
    }
    out_dir = Path(args.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    summary = summarise(errors)
    moments = draw_worst(errors, args, out_dir / 'worst.jpg')
    summary['worst'] = [
        dict(sequence=name, frame=errors[name][0].first_frame + frame)
        for name, frame in moments
    ]
    write_atomically(out_dir / 'errors.json', json.dumps(summary, indent=1))
    plot_timeline(errors, out_dir / 'timeline.png')
    if args.videos:
        for name, (_, found) in errors.items():
            with open_writer(out_dir / f'{name}.mp4') as writer:
                for frame in range(found.num_frames):
                    writer.write(
                        draw_frame(name, errors, frame, args.gt_root,
                                   args.width))
    totals = summary['totals']
    print_log(f'{len(errors)} sequences, {totals}; written to {out_dir}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
