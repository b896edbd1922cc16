"""``benchmark.py attention``: the kinds of deformable attention."""
import argparse
from typing import Any, Dict

import torch
from mmengine.logging import print_log

from ipmot_mm.user_errors import positive

from ..attention_speed import SIZES, SPREAD, measure_attention
from ..rounds import default_clock
from ..stopwatch import CLOCKS

HELP = 'deformable attention: every implementation that is installed'
MIB = 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--num-rounds', type=positive, default=9, help='rounds to time')
    parser.add_argument(
        '--num-calls',
        type=positive,
        help='calls in a round; default: 20 on a GPU, else 1')
    parser.add_argument(
        '--device',
        choices=tuple(SIZES),
        help='default: a GPU if there is one')
    parser.add_argument(
        '--sizes', nargs='+', help='names of sizes; default: all')
    parser.add_argument(
        '--clock', choices=tuple(CLOCKS), default=default_clock())


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Print a table for every size."""
    kind = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    if kind == 'cuda' and not torch.cuda.is_available():
        raise ValueError('--device cuda needs a GPU, and torch finds none; '
                         'leave it out or take cpu.')
    num_calls = args.num_calls or (20 if kind == 'cuda' else 1)
    unknown = set(args.sizes or ()) - set(SIZES[kind])
    if unknown:
        raise ValueError(f'--sizes must be of {", ".join(SIZES[kind])} on '
                         f'{kind}, got {", ".join(sorted(unknown))}')
    result = {}
    for name in args.sizes or SIZES[kind]:
        size = SIZES[kind][name]
        found = measure_attention(
            size,
            torch.device(kind),
            num_rounds=args.num_rounds,
            num_calls=num_calls,
            clock=args.clock)
        result[name] = dict(size=size._asdict(), rows=found)
        _print(name, size, found, args.clock)
    return dict(
        attention=result,
        device=kind,
        clock=args.clock,
        num_rounds=args.num_rounds,
        num_calls=num_calls,
        spread_of_offsets=SPREAD,
        inside='softmax, location arithmetic, sampling; no projections')


def _print(name: str, size: Any, rows: Dict[str, Dict[str, float]],
           clock: str) -> None:
    """One table; ratios are to the first row."""
    first = next(iter(rows.values()))
    lines = [
        f'{name}: {size.num_frames} frames, levels '
        f'{" ".join(f"{h}x{w}" for h, w in size.spatial_shapes)}, '
        f'{size.num_queries or "all"} queries, {size.num_heads} heads of '
        f'{size.dims}, {size.num_points} points; {clock} time, ms',
        f'{"":26s}{"forward":>9s}{"ratio":>7s}{"and back":>10s}{"ratio":>7s}'
        f'{"MiB":>7s}{"error":>9s}'
    ]
    for row, found in rows.items():
        memory = found.get('memory')
        lines.append(f'{row:26s}{1e3 * found["forward"]:9.3f}'
                     f'{first["forward"] / found["forward"]:6.2f}x'
                     f'{1e3 * found["both"]:10.3f}'
                     f'{first["both"] / found["both"]:6.2f}x'
                     f'{"-" if memory is None else round(memory / MIB):>7}'
                     f'{found["error"]:9.0e}')
    print_log('\n'.join(lines))
