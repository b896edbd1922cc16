"""Keep the detector of a checkpoint alone, to start a tracker from.

What else the training had built would be loaded with it, trained or not.

Example:
    python tools/model_converters/keep_detector.py epoch_24.pth detector.pth
    python tools/train.py CONFIG --cfg-options load_from=detector.pth
"""
import argparse
import sys
from typing import List, Optional

from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.user_errors import CommandError, run_tool

DETECTOR = 'detector.'


def keep_detector(src: str, dst: str) -> None:
    """Write a checkpoint with the weights of the detector.

    Args:
        src (str): Checkpoint of a training.
        dst (str): File to write.

    Raises:
        CommandError: If there is no detector in it.
    """
    weights = load_weights(src)
    kept = {k: v for k, v in weights.items() if k.startswith(DETECTOR)}
    if not kept:
        raise CommandError(f'{src} has no weights that begin with '
                           f'"{DETECTOR}"; give the checkpoint of a training')
    save_to_disk(dict(state_dict=kept), dst)
    sys.stdout.write(f'{dst}: {len(kept)} of {len(weights)} tensors\n')


def main(argv: Optional[List[str]] = None) -> int:
    """Convert a file, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('src', help='checkpoint of a training')
    parser.add_argument('dst', help='checkpoint to write, for load_from')
    args = parser.parse_args(argv)
    return run_tool(keep_detector, args.src, args.dst)


if __name__ == '__main__':
    sys.exit(main())
