"""``benchmark.py kernels``: our Triton kernels, compiled without a GPU."""
import argparse
from typing import Any, Dict

from mmengine.logging import print_log

from ..kernel_report import report_kernels

HELP = 'what the Triton kernels compile to; needs no GPU'
COLUMNS = ('instructions', 'registers', 'spills', 'shared', 'wide_loads',
           'loads', 'wide_atomics', 'atomics', 'barriers', 'issue_us',
           'floor_us', 'mmcv_us')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--architectures',
        type=int,
        nargs='+',
        default=(90, ),
        help='compute capabilities; 90 is that of an H100 or H200')


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Print a table for every architecture."""
    result = {}
    for architecture in args.architectures:
        found = report_kernels(architecture)
        result[architecture] = found
        lines = [
            f'Compiled for sm_{architecture}: 8 heads of 32, 4 levels, 4 '
            'points; a warp computes 8 queries of a head. issue_us: '
            'microseconds in which an H200 issues the instructions of an '
            'encoder layer of 1536 x 800, counted, not measured; floor_us: at '
            'best, estimated; mmcv_us: the original operator, float32.',
            f'{"":15s}' + ''.join(f'{name:>13s}' for name in COLUMNS)
        ]
        for name, row in found.items():
            lines.append(f'{name:15s}' + ''.join(f'{round(row[column]):13d}'
                                                 for column in COLUMNS))
        print_log('\n'.join(lines))
    return dict(kernels=result)
