r"""Give a small tracker more detect queries, for data with more persons.

The first detect queries stay as they are. A further one has the content and
the box size of one of them, at another place of the image: copies at the same
place would detect the same persons. The TrackBook, which describes the
persons of the old data, is left out.

Example:
    python tools/model_converters/widen_queries.py street.pth wide.pth \
        --num-queries 80
    python tools/train.py CONFIG --cfg-options load_from=wide.pth \
        model.detector.num_queries=80
"""
import argparse
import sys
from typing import Dict, List, Optional

import torch
from torch import Tensor

from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.user_errors import CommandError, positive, run_tool

CONTENT = 'detector.query_content.weight'
ANCHOR = 'detector.query_anchor.weight'
TRACK_BOOK = 'track_book.'
MARGIN = 0.05
"""Share of the image at each edge without a new centre, whose logit would be
far from those learned."""


def widen(content: Tensor, anchors: Tensor,
          num_queries: int) -> Dict[str, Tensor]:
    """Further queries after those given.

    Args:
        content (Tensor): Has shape (num_old, C).
        anchors (Tensor): Logits of (cx, cy, w, h), has shape (num_old, 4).
        num_queries (int): Queries in all, at least num_old.

    Returns:
        dict[str, Tensor]: Both by their names, num_queries rows each; the
        same whenever it is called.
    """
    num_old = len(content)
    source = torch.arange(num_queries) % num_old
    anchors = anchors[source]
    generator = torch.Generator().manual_seed(0)
    centres = torch.rand(num_queries - num_old, 2, generator=generator)
    centres = MARGIN + (1 - 2 * MARGIN) * centres
    anchors[num_old:, :2] = centres.logit().to(anchors)
    return {CONTENT: content[source], ANCHOR: anchors}


def widen_checkpoint(src: str, dst: str, num_queries: int) -> None:
    """Write a checkpoint for ``load_from``.

    Args:
        src (str): Checkpoint of a training with a DAB detector.
        dst (str): File to write, may be the same.
        num_queries (int): Detect queries of the new one.

    Raises:
        CommandError: If the first has no such queries, or more.
    """
    weights = load_weights(src)
    if not {CONTENT, ANCHOR} <= set(weights):
        raise CommandError(
            f'{src} has no {CONTENT} with {ANCHOR}; give the checkpoint of a '
            'tracker on DABDeformableDetector')
    num_old = len(weights[CONTENT])
    if num_queries < num_old:
        raise CommandError(
            f'{src} has {num_old} detect queries, and --num-queries is '
            f'{num_queries}; give at least {num_old}')
    kept = {
        key: value
        for key, value in weights.items() if not key.startswith(TRACK_BOOK)
    }
    kept.update(widen(weights[CONTENT], weights[ANCHOR], num_queries))
    save_to_disk(dict(state_dict=kept), dst)
    sys.stdout.write(f'{dst}: {num_queries} detect queries, {num_old} of them '
                     f'from {src}\n')


def main(argv: Optional[List[str]] = None) -> int:
    """Convert a file, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of a training')
    parser.add_argument('dst', help='checkpoint to write, for load_from')
    parser.add_argument(
        '--num-queries',
        type=positive,
        required=True,
        help='detect queries of the new model')
    args = parser.parse_args(argv)
    return run_tool(widen_checkpoint, args.src, args.dst, args.num_queries)


if __name__ == '__main__':
    sys.exit(main())
