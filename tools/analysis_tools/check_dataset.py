"""Look for everything that is wrong with a data set, before training on it.

Example:
    python tools/analysis_tools/check_dataset.py data/MOT17 \
        --sequences '*-SDP' --out-dir report
    python tools/analysis_tools/check_dataset.py CONFIG.py --split val
"""
import argparse
import json
import os
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.checks import (DatasetPart, DatasetReport, ModelNeeds,
                             check_parts, format_table, part_of_folder,
                             parts_of_config)
from ipmot_mm.checks.clip_pictures import max_interval_of, write_clip_pictures
from ipmot_mm.checks.page import write_page
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.testing import config_root
from ipmot_mm.user_errors import CommandError, positive, run_tool

MAX_NAMED = 5


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Check a data set and print a table. Exit code: 0 '
        'without errors (warnings are allowed), 1 with errors, 2 if the '
        'command itself is wrong.')
    parser.add_argument(
        'source',
        metavar='CONFIG_OR_FOLDER',
        help='config file, or folder of sequences in the layout of '
        'MOTChallenge')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train')
    parser.add_argument(
        '--sequences',
        nargs='+',
        metavar='NAME',
        help='names to take of a folder, with wild cards such as \'*-SDP\'')
    parser.add_argument(
        '--out-dir', type=Path, help='folder for report.json and page.html')
    parser.add_argument(
        '--num-clips', type=positive, default=6, help='pictures on the page')
    parser.add_argument(
        '--num-frames', type=positive, default=4, help='frames in a picture')
    parser.add_argument(
        '--decode',
        action='store_true',
        help='decode every image, not a few of each video')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--num-queries',
        type=positive,
        help='detect queries of the model; default: that of the config, or '
        '300 for a folder')
    parser.add_argument(
        '--class-ids',
        type=int,
        nargs='+',
        default=[1],
        help='classes to train on, for a folder')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def read_source(
        args: argparse.Namespace) -> Tuple[List[DatasetPart], ModelNeeds, int]:
    """Data sets, what they are compared with, and the largest interval."""
    if os.path.isdir(args.source):
        # no config yet: augmented as our config for data of one's own does
        cfg = Config.fromfile(config_root() / '_base_/datasets/custom.py')
        part = part_of_folder(
            args.source,
            split=args.split,
            sequences=args.sequences or ('*', ),
            class_ids=tuple(args.class_ids),
            pipeline=cfg.train_pipeline)
        return [part], ModelNeeds(num_queries=args.num_queries or
                                  300), max_interval_of(cfg, 'train')
    if args.sequences:
        raise CommandError(
            '--sequences is for a folder; a config says itself what to take, '
            'see the key sequences of its datasets and --cfg-options')
    options = dict(args.cfg_options or {})
    if args.num_queries:
        options['model.detector.num_queries'] = args.num_queries
    cfg = read_config(args.source, options)
    return (parts_of_config(cfg, args.split), ModelNeeds.from_config(cfg),
            max_interval_of(cfg, args.split))


def print_report(report: DatasetReport) -> None:
    """Table, summary and the first problems of each kind."""
    print_log(format_table(report.table()))
    for group in report.problem_groups():
        level = 'ERROR' if group.is_error else 'warning'
        print_log(f'{level}: {group.kind} ({group.count})')
        for line in group.lines(MAX_NAMED):
            print_log(f'    {line}')
    for line in report.summary():
        print_log(line)


def check(args: argparse.Namespace) -> int:
    """Check, print, write the page; returns the exit code."""
    if not os.path.exists(args.source):
        raise FileNotFoundError(f'{args.source} does not exist; give a config '
                                'file or a folder of sequences')
    init_default_scope('ipmot_mm')
    parts, needs, max_interval = read_source(args)
    report = check_parts(parts, needs, decode=args.decode, seed=args.seed)
    print_report(report)
    if args.out_dir is not None:
        clips, notes = write_clip_pictures(
            args.out_dir / 'clips',
            parts,
            report,
            num_clips=args.num_clips,
            num_frames=args.num_frames,
            max_interval=max_interval,
            seed=args.seed)
        write_page(
            args.out_dir / 'page.html',
            report,
            title=f'{args.source} ({args.split})',
            pictures=[f'clips/{name}' for name in clips],
            notes=notes)
        write_atomically(args.out_dir / 'report.json',
                         json.dumps(report.to_dict(), indent=1))
        print_log(f'written: {args.out_dir / "page.html"}')
    return int(report.num_errors > 0)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(check, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
