"""Look at domains of SynthMOT, or at what a dial does, without a data set.

A row each for several seeds, or for several values of dials; time runs to the
right, and for the family ``world`` the seed does.

Example:
    python tools/analysis_tools/draw_synthmot.py street --out street.jpg
    python tools/analysis_tools/draw_synthmot.py street --boxes \
        --rows uniform=0 uniform=0.5 uniform=1 --out uniform.jpg
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence

import cv2
import numpy as np

from ipmot_mm.datasets.synthmot import (DOMAINS, WORLD, SynthSequence,
                                        derive_domain, parse_dials,
                                        render_sequence)
from ipmot_mm.user_errors import CommandError, positive, run_tool

# Frames 1 to 3 pixels apart look like one picture.
GAP = 2


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Put frames of a SynthMOT domain into one picture')
    parser.add_argument('domain', help=f'one of {[*DOMAINS, WORLD]}')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--rows',
        nargs='+',
        default=['2'],
        metavar='KEY=VALUE[;KEY=VALUE]',
        help='dials of each row, drawn from one seed; or how many seeds')
    parser.add_argument(
        '--columns', type=positive, default=4, help='frames in a row')
    parser.add_argument(
        '--interval',
        type=positive,
        default=10,
        help='frames from one column to the next')
    parser.add_argument('--seed', type=int, default=0, help='of the first row')
    parser.add_argument(
        '--size', type=int, nargs=2, default=(224, 128),
        metavar=('WIDTH', 'HEIGHT'))
    parser.add_argument(
        '--boxes', action='store_true', help='draw boxes and ids')
    return parser.parse_args(argv)


def count_rows(args: argparse.Namespace) -> int:
    """How many rows there are to draw.

    Args:
        args (Namespace): The arguments.

    Returns:
        int: 1 or more.

    Raises:
        CommandError: If ``--rows`` is neither a number nor dials.
    """
    has_dials = '=' in args.rows[0]
    if has_dials and args.domain == WORLD:
        raise CommandError(f'--rows: {WORLD} draws its dials from the seed, '
                           f'got {args.rows[0]}; give how many rows')
    if has_dials:
        return len(args.rows)
    if len(args.rows) > 1 or not args.rows[0].isdecimal() or (
            int(args.rows[0]) < 1):
        raise CommandError(
            f'--rows: got {" ".join(args.rows)}; expected how many rows, or '
            'KEY=VALUE of each')
    return int(args.rows[0])


def draw_row(args: argparse.Namespace, row: int) -> List[np.ndarray]:
    """Frames of one row.

    Args:
        args (Namespace): The arguments.
        row (int): 0-based.

    Returns:
        list[np.ndarray]: BGR, uint8, of shape (h, w, 3).
    """
    size, columns = tuple(args.size), args.columns
    if args.domain == WORLD:
        seeds = args.seed + row * columns + np.arange(columns)
        worlds = (render_sequence(WORLD, int(seed), 1, size) for seed in seeds)
        return [draw_frame(world, 0, args.boxes) for world in worlds]
    domain, seed = args.domain, args.seed + row
    if '=' in args.rows[0]:
        dials = parse_dials(args.rows[row].split(';'))
        domain, seed = derive_domain(domain, **dials), args.seed
    sequence = render_sequence(
        domain, seed, columns, size, frame_step=args.interval)
    return [draw_frame(sequence, t, args.boxes) for t in range(columns)]


def draw_frame(sequence: SynthSequence, frame_id: int,
               boxes: bool) -> np.ndarray:
    """One frame, with its ground truth if asked for.

    Args:
        sequence (SynthSequence): Frames and ground truth.
        frame_id (int): 0-based.
        boxes (bool): Whether to draw boxes and ids.

    Returns:
        np.ndarray: BGR, uint8, has shape (h, w, 3).
    """
    image = sequence.frames[frame_id].copy()
    rows = sequence.rows[sequence.rows[:, 0] == frame_id + 1]
    for track, x, y, w, h in rows[:, 1:6].astype(int) if boxes else ():
        # The golden angle: neighbouring ids differ most.
        hue = np.uint8([[[track * 111 % 180, 220, 255]]])
        color = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].tolist()
        cv2.rectangle(image, (x, y), (x + w, y + h), color, 1)
        cv2.putText(image, str(track), (x + 1, max(y - 2, 8)),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.3, color, 1, cv2.LINE_AA)
    return image


def draw(args: argparse.Namespace) -> None:
    """Write the picture."""
    count = count_rows(args)
    frames = [draw_row(args, row) for row in range(count)]
    height, width = frames[0][0].shape[:2]
    sheet = np.full((count * (height + GAP) - GAP,
                     args.columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for row, column in np.ndindex(count, args.columns):
        top, left = row * (height + GAP), column * (width + GAP)
        sheet[top:top + height, left:left + width] = frames[row][column]
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(args.out, sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
    except cv2.error:  # no such format
        written = False
    if not written:
        raise CommandError(f'--out: {args.out} cannot be written; give the '
                           'path of a .jpg or .png file')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(draw, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
