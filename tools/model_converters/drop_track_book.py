"""Take the weights of a tracker out of a checkpoint, without its TrackBook.

The TrackBook has one row for each identity of its training data. To train on
other data from these weights, it is learned anew.

Example:
    python tools/model_converters/drop_track_book.py epoch_20.pth tracker.pth
    python tools/train.py CONFIG --cfg-options load_from=tracker.pth
"""
import argparse
import sys
from typing import List, Optional

from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.user_errors import CommandError, run_tool

PREFIX = 'track_book.'


def drop_track_book(src: str, dst: str) -> None:
    """Write a checkpoint for ``load_from``.

    Args:
        src (str): Checkpoint of a training.
        dst (str): File to write, may be the same.

    Raises:
        CommandError: If the first has no TrackBook.
    """
    weights = load_weights(src)
    kept = {
        key: value
        for key, value in weights.items() if not key.startswith(PREFIX)
    }
    if len(kept) == len(weights):
        raise CommandError(f'{src} has no TrackBook; it can be given to '
                           'load_from as it is')
    save_to_disk(dict(state_dict=kept), dst)
    sys.stdout.write(f'{dst}: {len(kept)} tensors, no TrackBook\n')


def main(argv: Optional[List[str]] = None) -> int:
    """Convert a file, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of a training')
    parser.add_argument('dst', help='checkpoint to write, for load_from')
    args = parser.parse_args(argv)
    return run_tool(drop_track_book, args.src, args.dst)


if __name__ == '__main__':
    sys.exit(main())
