"""Measure how fast a part of the package is, and how much memory it takes.

Examples:
    python tools/analysis_tools/benchmark.py loader CONFIG
    python tools/analysis_tools/benchmark.py feed CONFIG --num-workers 0 2
    python tools/analysis_tools/benchmark.py evaluation
    python tools/analysis_tools/benchmark.py memory CONFIG --size 384x192
    python tools/analysis_tools/benchmark.py overhead CONFIG
    python tools/analysis_tools/benchmark.py cold-start CONFIG
    python tools/analysis_tools/benchmark.py frame CONFIG --size 1536x800
    python tools/analysis_tools/benchmark.py iteration CONFIG --size 1536x800
"""
import argparse
import json
import sys
from typing import Optional, Sequence

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.benchmark import describe_machine, one_thread
from ipmot_mm.benchmark.commands import COMMANDS
from ipmot_mm.user_errors import run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP)
        module.add_arguments(command)
        command.add_argument('--json', help='file for all numbers')
    return parser.parse_args(argv)


def benchmark(args: argparse.Namespace) -> None:
    """Measure, print and keep."""
    with one_thread():
        result = COMMANDS[args.command].run(args)
        result['machine'] = describe_machine()
    if args.json:
        write_atomically(args.json, json.dumps(result, indent=1))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(benchmark, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
