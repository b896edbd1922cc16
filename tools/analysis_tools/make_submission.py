"""Pack results for a benchmark server, or check such an archive.

Examples:
    python tools/analysis_tools/make_submission.py work_dirs/x/results \
        --benchmark MOT17 --out mot17.zip
    python tools/analysis_tools/make_submission.py --check tracker.zip \
        --benchmark DanceTrack
"""
import argparse
import sys
from typing import Optional, Sequence

from mmengine.logging import print_log

from ipmot_mm.evaluation import (SERVER_FORMATS, check_submission,
                                 write_submission)
from ipmot_mm.user_errors import run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Pack result files for a benchmark server, or check an '
        'archive of them')
    parser.add_argument(
        'result_dir', nargs='?', help='folder with <sequence>.txt to pack')
    parser.add_argument('--out', metavar='FILE.zip', help='archive to write')
    parser.add_argument(
        '--check', metavar='FILE.zip', help='archive to check, nothing else')
    parser.add_argument(
        '--benchmark', required=True, choices=list(SERVER_FORMATS))
    parser.add_argument(
        '--require-train',
        action='store_true',
        help='refuse to go without results of the training videos, which the '
        'servers of MOT17 and MOT20 count')
    args = parser.parse_args(argv)
    packs = args.result_dir is not None and args.out is not None
    if packs == (args.check is not None) or (args.check is not None and
                                             (args.result_dir or args.out)):
        parser.error('give RESULT_DIR and --out FILE.zip, or --check FILE.zip')
    return args


def submit(args: argparse.Namespace) -> None:
    """Pack or check."""
    options = dict(benchmark=args.benchmark, require_train=args.require_train)
    if args.check is not None:
        check_submission(args.check, **options)
        print_log(f'{args.check}: no problem found')
    else:
        path = write_submission(args.result_dir, args.out, **options)
        print_log(f'{path}: written')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct is said without traceback."""
    return run_tool(submit, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
