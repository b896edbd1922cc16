"""One picture out of several annotated videos: a row each, time to the right.

Example:
    python tools/analysis_tools/contact_sheet.py street.mp4 crowd.mp4 \
        --out sheet.jpg
"""
import argparse
import sys
from typing import List

import cv2
import numpy as np

from ipmot_mm.apis import FrameSource
from ipmot_mm.user_errors import positive
from ipmot_mm.visualization.picture_file import (check_picture_name,
                                                 write_picture)


def sample_frames(video: str, num_frames: int) -> List[np.ndarray]:
    """Frames at equal steps from the first to the last.

    Args:
        video (str): A video file or a folder of frames.
        num_frames (int): How many.

    Returns:
        list[np.ndarray]: BGR, uint8, of shape (h, w, 3).
    """
    frames = list(FrameSource(video))
    positions = np.linspace(0, len(frames) - 1, num_frames).round()
    return [frames[int(position)] for position in positions]


def make_sheet(videos: List[str], num_frames: int) -> np.ndarray:
    """Rows of frames, all scaled to the width of the first.

    Args:
        videos (list[str]): Rows from top to bottom.
        num_frames (int): Frames in a row.

    Returns:
        np.ndarray: BGR, uint8.
    """
    rows = [np.hstack(sample_frames(video, num_frames)) for video in videos]
    width = rows[0].shape[1]
    return np.vstack([
        cv2.resize(row, (width, row.shape[0] * width // row.shape[1]))
        for row in rows
    ])


def main() -> None:
    """Write the picture, or say in one line why not."""
    parser = argparse.ArgumentParser(
        description='Put frames of several videos into one picture')
    parser.add_argument('videos', nargs='+', metavar='VIDEO')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument('--frames', type=positive, default=4, help='per video')
    args = parser.parse_args()
    try:
        check_picture_name(args.out)
        sheet = make_sheet(args.videos, args.frames)
        write_picture(args.out, sheet[..., ::-1])
    except (ValueError, OSError) as error:
        sys.stderr.write(f'contact_sheet.py: {error}\n')
        sys.exit(2)


if __name__ == '__main__':
    main()
