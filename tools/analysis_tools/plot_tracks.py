r"""Draw where persons went, from text files alone: no image is needed.

A panel for each file, side by side: a line along the feet of each id in the
colour that it has in annotated videos.

Example:
    python tools/analysis_tools/plot_tracks.py \
        $IPMOT_DATA/PETS09/val/PETS09-S2L1-B/gt/gt.txt \
        work_dirs/tracks/PETS09-S2L1-B.txt --size 512 384 --out tracks.png
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional, Tuple

import cv2
import numpy as np

from ipmot_mm.datasets.mot_text import MOT15_COLUMNS, read_mot_table
from ipmot_mm.user_errors import CommandError, positive, run_tool
from ipmot_mm.visualization.track_visualizer import track_color

CLASS_COLUMN = 7
BORDER = 4
"""Pixels around each panel."""


def read_paths(path: str) -> List[Tuple[int, np.ndarray]]:
    """Feet of each id in the order of frames.

    Args:
        path (str): Results, or a ground truth with classes, of which the
            pedestrians that count are taken.

    Returns:
        list[tuple[int, np.ndarray]]: Id and (frame, x, y), float64, of shape
        (num_frames, 3).
    """
    rows = read_mot_table(path, allow_empty=True).values
    if CLASS_COLUMN < rows.shape[1] < MOT15_COLUMNS:
        # conf is cut to a whole number, as TrackEval does
        rows = rows[(rows[:, 6] >= 1) & (rows[:, CLASS_COLUMN] == 1)]
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
    feet = np.stack([
        rows[:, 0], rows[:, 2] + rows[:, 4] / 2, rows[:, 3] + rows[:, 5]
    ], 1)
    return [(int(person), feet[rows[:, 1] == person])
            for person in np.unique(rows[:, 1])]


def draw_panel(paths: List[Tuple[int, np.ndarray]], size: Tuple[int, int],
               scale: float) -> np.ndarray:
    """White, with a line for each id that breaks where frames are missing.

    Args:
        paths (list[tuple[int, np.ndarray]]): See :func:`read_paths`.
        size (tuple[int, int]): Width and height of the video.
        scale (float): Of the panel to the video.

    Returns:
        np.ndarray: BGR, uint8.
    """
    width, height = (round(length * scale) for length in size)
    panel = np.full((height, width, 3), 255, np.uint8)
    for person, feet in paths:
        ends = np.flatnonzero(np.diff(feet[:, 0]) != 1) + 1
        for part in np.split(feet[:, 1:] * scale, ends):
            cv2.polylines(panel, [part.round().astype(np.int32)], False,
                          track_color(person), 2, cv2.LINE_AA)
            cv2.circle(panel, [int(place) for place in part[0].round()], 3,
                       track_color(person), -1, cv2.LINE_AA)
    return cv2.copyMakeBorder(
        panel, *[BORDER] * 4, cv2.BORDER_CONSTANT, value=(160, ) * 3)


def plot_tracks(files: List[str], size: Tuple[int, int], width: int,
                out: str) -> None:
    """Write the picture.

    Args:
        files (list[str]): A panel each, from left to right.
        size (tuple[int, int]): Width and height of the video in pixels.
        width (int): Of a panel in pixels.
        out (str): The picture.

    Raises:
        CommandError: If it cannot be written.
    """
    panels = [
        draw_panel(read_paths(file), size, width / size[0]) for file in files
    ]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(out, np.hstack(panels))
    except cv2.error:  # no such format
        written = False
    if not written:
        raise CommandError(f'--out: {out} cannot be written; give the path of '
                           'a .png or .jpg file')


def main(argv: Optional[List[str]] = None) -> int:
    """Write the picture, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'files', nargs='+', metavar='FILE', help='gt.txt, or results')
    parser.add_argument(
        '--size',
        type=positive,
        nargs=2,
        required=True,
        metavar=('WIDTH', 'HEIGHT'),
        help='of the video, in pixels')
    parser.add_argument(
        '--width', type=positive, default=480, help='of a panel; default 480')
    parser.add_argument('--out', required=True, help='picture to write')
    args = parser.parse_args(argv)
    return run_tool(plot_tracks, args.files, args.size, args.width, args.out)


if __name__ == '__main__':
    sys.exit(main())
