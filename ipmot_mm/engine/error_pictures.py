"""The frames in which a tracker goes wrong most, as one picture."""
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy import ndarray

from ipmot_mm.evaluation import (ERRORS, FrameErrors, ScoredSequence,
                                 worst_frames)
from ipmot_mm.visualization.error_drawing import (draw_error_tile,
                                                  make_error_sheet)

Errors = Dict[str, Tuple[ScoredSequence, FrameErrors]]
"""Name of a sequence -> the sequence and its errors."""

ImageReader = Callable[[str, int], ndarray]
"""Sequence and frame, from 0 on in its split -> BGR, uint8."""


def draw_error_frame(name: str, errors: Errors, frame: int,
                     read_frame: ImageReader, width: int) -> ndarray:
    """One frame with its errors.

    Args:
        name (str): The sequence.
        errors (dict[str, tuple]): Of all sequences.
        frame (int): From 0 on.
        read_frame (Callable): Gives the image.
        width (int): In pixels.

    Returns:
        ndarray: BGR, uint8, has shape (h, width, 3).
    """
    sequence, found = errors[name]
    here = found.frame(frame)
    numbers = ' '.join(f'{key} {counts[frame]}'
                       for key, counts in here.counts.items())
    return draw_error_tile(
        read_frame(name, frame),
        f'{name} frame {sequence.first_frame + frame}: {numbers}',
        width,
        matches=here.matches[:, 2:6],
        false_positives=here.false_positives[:, 2:6],
        misses=here.misses[:, 2:6],
        switches=here.switches[:, [2, 3, 4, 5, 7, 1]])


def draw_worst_frames(
        errors: Errors,
        read_frame: ImageReader,
        *,
        kinds: Sequence[str] = ERRORS,
        num: int = 9,
        min_distance: int = 10,
        columns: int = 3,
        width: int = 448) -> Tuple[Optional[ndarray], List[Tuple[str, int]]]:
    """A sheet of the frames with most errors.

    Args:
        errors (dict[str, tuple]): Of all sequences.
        read_frame (Callable): Gives an image.
        kinds (sequence[str]): Which errors count. Defaults to all.
        num (int): Frames at most. Defaults to 9.
        min_distance (int): Frames between two of one sequence. Defaults to
            10.
        columns (int): Frames beside each other. Defaults to 3.
        width (int): Of a frame in pixels. Defaults to 448.

    Returns:
        tuple[ndarray | None, list[tuple[str, int]]]: BGR, uint8, or None
        where there is no such error; and sequence and frame of each.
    """
    ranked = {
        name: np.sum([found.counts[kind] for kind in kinds], 0)
        for name, (_, found) in errors.items()
    }
    moments = worst_frames(ranked, num, min_distance)
    if not moments:
        return None, []
    tiles = [
        draw_error_frame(name, errors, frame, read_frame, width)
        for name, frame in moments
    ]
    return make_error_sheet(tiles, columns), moments
