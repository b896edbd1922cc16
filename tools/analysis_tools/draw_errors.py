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
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
from mmengine.logging import print_log

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.datasets.sequence import (find_frames, find_image_dir,
                                        read_seqinfo)
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.engine.error_pictures import (Errors, ImageReader,
                                            draw_error_frame,
                                            draw_worst_frames)
from ipmot_mm.evaluation import (BENCHMARKS, ERRORS, SPLITS, find_errors,
                                 sequences_to_score)
from ipmot_mm.user_errors import positive, run_tool
from ipmot_mm.visualization import open_writer
from ipmot_mm.visualization.error_timeline import draw_error_timeline
from ipmot_mm.visualization.picture_file import to_image, write_picture


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


@lru_cache(maxsize=1)
def _frame_paths(folder: str) -> Tuple[str, ...]:
    """Images of a sequence, frame 1 first."""
    info = read_seqinfo(folder)
    image_dir = Path(find_image_dir(folder, info))
    return tuple(str(image_dir / name) for name in find_frames(folder, info))


def make_reader(errors: Errors, gt_root: str) -> ImageReader:
    """Reads images of the folder of sequences."""

    def read_frame(name: str, frame: int) -> np.ndarray:
        first = errors[name][0].first_frame
        return read_image(
            _frame_paths(str(Path(gt_root) / name))[first - 1 + frame])

    return read_frame


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
    read_frame = make_reader(errors, args.gt_root)
    sheet, moments = draw_worst_frames(
        errors,
        read_frame,
        kinds=ERRORS if args.rank_by == 'all' else (args.rank_by, ),
        num=args.worst,
        min_distance=args.min_distance,
        columns=args.columns,
        width=args.width)
    if sheet is not None:
        write_picture(out_dir / 'worst.jpg', sheet[..., ::-1])
    else:  # that of an earlier run would be taken for this one's
        (out_dir / 'worst.jpg').unlink(missing_ok=True)
    summary['worst'] = [
        dict(sequence=name, frame=errors[name][0].first_frame + frame)
        for name, frame in moments
    ]
    write_atomically(out_dir / 'errors.json', json.dumps(summary, indent=1))
    figure = draw_error_timeline(
        {name: found.counts for name, (_, found) in errors.items()})
    write_picture(out_dir / 'timeline.png', to_image(figure))
    if args.videos:
        for name, (_, found) in errors.items():
            with open_writer(out_dir / f'{name}.mp4') as writer:
                for frame in range(found.num_frames):
                    writer.write(
                        draw_error_frame(name, errors, frame, read_frame,
                                         args.width))
    totals = summary['totals']
    print_log(f'{len(errors)} sequences, {totals}; written to {out_dir}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
