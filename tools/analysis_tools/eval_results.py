"""Score a folder of MOT text files against a folder of sequences."""
import argparse
import json
from typing import Optional, Sequence

from mmengine.logging import print_log

from ipmot_mm.evaluation import (BENCHMARKS, METRICS_OF_TRACKEVAL,
                                 format_score_table, score_folder,
                                 write_atomically)
from ipmot_mm.evaluation.mot_scoring import SPLITS


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Score tracks in MOTChallenge text files with TrackEval '
        'and print one table in percent.')
    parser.add_argument('result_dir', help='folder with <sequence>.txt')
    parser.add_argument(
        'gt_root', help='folder with <sequence>/{gt/gt.txt,seqinfo.ini}')
    parser.add_argument(
        '--benchmark',
        choices=BENCHMARKS,
        default='MOT17',
        help='which boxes count; custom: pedestrians, without preprocessing')
    parser.add_argument(
        '--metrics',
        nargs='+',
        choices=METRICS_OF_TRACKEVAL,
        default=METRICS_OF_TRACKEVAL)
    parser.add_argument(
        '--sequences', nargs='+', help='names to score; default: all')
    parser.add_argument(
        '--split',
        choices=SPLITS,
        default='all',
        help='part of each sequence; frame 1 of the results is its first one')
    parser.add_argument(
        '--out', help='JSON file for all scores and the curves over alpha')
    return parser.parse_args(argv)


def main() -> None:
    """Score, print and keep."""
    args = parse_args()
    try:
        scores = score_folder(
            args.result_dir,
            args.gt_root,
            benchmark=args.benchmark,
            metrics=args.metrics,
            sequences=args.sequences,
            split=args.split)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    print_log(format_score_table(scores))
    if args.out:
        write_atomically(args.out, json.dumps(scores, indent=1))


if __name__ == '__main__':
    main()
