"""Score a folder of MOT text files against a folder of sequences."""
import argparse
import json
import sys
from typing import Optional, Sequence

from mmengine.logging import print_log

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.evaluation import (BENCHMARKS, METRICS_OF_TRACKEVAL, SCORERS,
                                 SPLITS, format_score_table, score_folder)
from ipmot_mm.user_errors import run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Score tracks in MOTChallenge text files by TrackEval\'s '
        'metrics and print one table in percent.')
    parser.add_argument('result_dir', help='folder with <sequence>.txt')
    parser.add_argument(
        'gt_root', help='folder with <sequence>/{gt/gt.txt,seqinfo.ini}')
    parser.add_argument(
        '--benchmark',
        choices=BENCHMARKS,
        default='MOT17',
        help='which boxes count; custom: those of the classes, without '
        'preprocessing')
    parser.add_argument(
        '--metrics',
        nargs='+',
        choices=METRICS_OF_TRACKEVAL,
        default=METRICS_OF_TRACKEVAL)
    parser.add_argument(
        '--sequences',
        nargs='+',
        help="names to score, with wild cards, such as '*-SDP'; default: all")
    parser.add_argument(
        '--seqmap',
        help='text file with the names to choose from; default: all folders '
        'with ground truth')
    parser.add_argument(
        '--split',
        choices=SPLITS,
        default='all',
        help='part of each sequence; frame 1 of the results is its first one')
    parser.add_argument(
        '--class-ids',
        nargs='+',
        type=int,
        default=[1],
        help='class numbers to score, each and together; several need column '
        '8 of the results')
    parser.add_argument(
        '--class-names', nargs='+', help='their names; default: the numbers')
    parser.add_argument(
        '--num-workers',
        type=int,
        help='processes; default: as many as pay, 1: this one')
    parser.add_argument(
        '--scorer',
        choices=SCORERS,
        default='numpy',
        help='trackeval: its own code, which gives the same numbers slowly')
    parser.add_argument(
        '--out', help='JSON file for all scores and the curves over alpha')
    return parser.parse_args(argv)


def evaluate(args: argparse.Namespace) -> None:
    """Score, print and keep."""
    scores = score_folder(
        args.result_dir,
        args.gt_root,
        benchmark=args.benchmark,
        metrics=args.metrics,
        sequences=args.sequences,
        seqmap=args.seqmap,
        split=args.split,
        class_ids=args.class_ids,
        classes=args.class_names or [str(i) for i in args.class_ids],
        num_workers=args.num_workers,
        scorer=args.scorer)
    print_log(format_score_table(scores))
    if args.out:
        write_atomically(args.out, json.dumps(scores, indent=1))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(evaluate, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
