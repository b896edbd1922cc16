"""Start IP-MOT from a checkpoint of another project.

Reads DAB-Deformable-DETR and Deformable DETR (official, detrex, mmdet 3.x)
and MeMOTR, says what is kept, dropped and learned anew, and writes a
checkpoint for ``load_from``. docs/checkpoints.md tells where the files come
from.

Example:
    python tools/model_converters/convert_checkpoint.py official.pth coco.pth
    python tools/train.py CONFIG --cfg-options load_from=coco.pth
"""
import argparse
import sys
from collections import Counter
from typing import List, Mapping, Optional

import torch

from ipmot_mm.checkpoint_layouts import (LAYOUTS, convert, describe_model,
                                         find_fresh, find_layout,
                                         find_state_dict)
from ipmot_mm.compat.checkpoint import load_from_local
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.user_errors import positive, run_tool


def convert_checkpoint(args: argparse.Namespace) -> None:
    """Convert a file and say what became of its parts.

    Args:
        args (Namespace): See :func:`main`.

    Raises:
        ValueError: Nothing is written.
    """
    if hasattr(torch.serialization, 'add_safe_globals'):
        # official files hold the command line of their training
        torch.serialization.add_safe_globals([argparse.Namespace])
    weights = find_state_dict(load_from_local(args.src, map_location='cpu'))
    layout = (
        find_layout(weights)
        if args.layout == 'auto' else LAYOUTS[args.layout])
    converted = convert(
        weights,
        layout,
        class_rows=args.class_rows,
        num_queries=args.num_queries)
    fresh = None
    if args.config is not None:
        fresh = find_fresh(converted, _build(args.config).state_dict())
    save_to_disk(dict(state_dict=converted.weights), args.dst)
    lines = [
        f'layout {layout.name}: {describe_model(converted)}',
        *(f'note: {note}' for note in converted.notes),
        *_summary('dropped', converted.dropped),
        *_summary('learned anew', fresh or {}),
        f'{args.dst}: {len(converted.weights)} tensors',
    ]
    sys.stdout.write('\n'.join(lines) + '\n')


def _build(config: str) -> torch.nn.Module:
    """The tracker of a config; its TrackBook is not built here."""
    from ipmot_mm.cli import read_config
    from ipmot_mm.registry import MODELS
    return MODELS.build(read_config(config, None).model)


def _summary(what: str, reasons: Mapping[str, str]) -> List[str]:
    """One line for each reason."""
    return [
        f'{what}: {number} ({reason})'
        for reason, number in Counter(reasons.values()).items()
    ]


def main(argv: Optional[List[str]] = None) -> int:
    """Convert a file, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of the other project')
    parser.add_argument('dst', help='checkpoint to write, for load_from')
    parser.add_argument(
        '--layout',
        choices=['auto', *LAYOUTS],
        default='auto',
        help='default: what the keys of the checkpoint say')
    parser.add_argument(
        '--class-rows',
        type=int,
        nargs='+',
        help='rows of the class layers to keep, one for each class of the '
        'tracker; default: the person, where there are 91, 80 or 1')
    parser.add_argument(
        '--num-queries',
        type=positive,
        help='detect queries of the tracker; default: as in the checkpoint')
    parser.add_argument(
        '--config',
        help='config that the checkpoint has to fit; lists what it leaves to '
        'be learned')
    return run_tool(convert_checkpoint, parser.parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
