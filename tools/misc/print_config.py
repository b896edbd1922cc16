"""Print a config with all of its bases in one, or write it to a file.

The file needs none of its bases any more: ``mim gridsearch`` reads it, and it
can be kept beside results.

Example:
    python tools/misc/print_config.py mine.py --cfg-options \\
        train_cfg.max_epochs=4 --out whole.py
"""
import argparse
import sys
from pathlib import Path

# first: it prepares mmengine and mmdet for today's torch
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.user_errors import CommandError, run_tool


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description='Print a whole config')
    parser.add_argument(
        'config', help='config file, or name of one that is shipped')
    parser.add_argument(
        '--out', metavar='FILE.py', help='file to write; default: print it')
    add_cfg_options(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    """Print or write the config that the arguments name."""
    cfg = read_config(args.config, args.cfg_options)
    if args.out is None:
        sys.stdout.write(cfg.pretty_text)
        return
    if Path(args.out).suffix != '.py':
        raise CommandError(
            f'--out: got {args.out}; expected a name that ends with .py')
    Path(args.out).write_text(cfg.pretty_text, encoding='utf-8')
    sys.stdout.write(f'written: {args.out}\n')


if __name__ == '__main__':
    sys.exit(run_tool(main, parse_args()))
