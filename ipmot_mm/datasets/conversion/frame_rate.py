"""What a converter says where nobody told the frame rate."""
import argparse

from mmengine.logging import print_log

from ..frame_source import DEFAULT_FPS
from .command import SourceFrames


def tell_unknown_rate(name: str, source: SourceFrames,
                      args: argparse.Namespace) -> None:
    """Say that the frame rate of a folder of images is a guess.

    Args:
        name (str): Name of the sequence.
        source (:obj:`SourceFrames`): Of :func:`open_frames`; a video knows
            its own rate.
        args (Namespace): Output arguments.
    """
    if args.frame_rate is None and source.stems is not None:
        print_unknown_rate(name)


def print_unknown_rate(name: str) -> None:
    """Print what is written instead of the frame rate.

    Args:
        name (str): Name of the sequence.
    """
    print_log(f'{name}: frame rate unknown, {DEFAULT_FPS:g} is written; '
              '--frame-rate sets it')
