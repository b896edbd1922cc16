"""Turn a video or a folder of frames into a sequence of MOTChallenge layout.

Example:
    python tools/dataset_converters/video_to_mot.py street.mp4 \\
        data/custom/train --gt street.txt
"""
import argparse
import sys
from typing import Optional, Sequence

from numpy import ndarray

from ipmot_mm.datasets.conversion import (add_numbering_argument,
                                          add_output_arguments,
                                          convert_sequence, open_frames,
                                          place_frames, read_rows)
from ipmot_mm.datasets.conversion.frame_rate import tell_unknown_rate
from ipmot_mm.datasets.sequence_frames import WrittenFrames
from ipmot_mm.user_errors import run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Turn a video or a folder of frames, and MOT text, into a '
        'sequence <out>/<name>/{img1,gt/gt.txt,seqinfo.ini}.')
    parser.add_argument(
        'input', help='video, or folder of images in the order of their names')
    add_output_arguments(parser)
    parser.add_argument(
        '--gt',
        help='text with rows "frame,id,x,y,w,h[,conf[,class[,visibility]]]" '
        '(ten columns: MOT15 or results of a tracker)')
    parser.add_argument(
        '--score-thr',
        type=float,
        help='column 7 of the text is a score; boxes below get conf 0')
    parser.add_argument(
        '--name', help='name of the sequence; default: that of the input')
    add_numbering_argument(parser)
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Write the sequence."""
    source = open_frames(args.input, args)
    tell_unknown_rate(args.name or source.name, source, args)
    # now, so that a bad file is refused before a long video is decoded
    found = read_rows(args.gt, args.score_thr) if args.gt else None

    def annotate(written: WrittenFrames) -> ndarray:
        table, rows = found
        rows[:, 0] = place_frames(table, written.num_frames, source.stems,
                                  args.frame_numbers)
        return rows

    convert_sequence(args.name or source.name, source,
                     annotate if found else None, args)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert, or say in one line why not."""
    return run_tool(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
