"""Mark false positives, misses and identity switches in a frame."""
from typing import Dict, Sequence, Tuple

import cv2
import numpy as np
from numpy import ndarray

from .clip_sheet import GAP, PAPER, stack_rows, text_strip
from .track_visualizer import draw_label

Color = Tuple[int, int, int]

# BGR of Okabe and Ito, which also the colour-blind can tell apart
ERROR_COLORS: Dict[str, Color] = dict(
    FP=(0, 94, 213), FN=(178, 114, 0), IDSW=(66, 228, 240))
MATCH_COLOR: Color = (190, 190, 190)
DASH = 4
LEGEND = (
    'orange: track on no object (FP)   blue, dashed: object without a track '
    '(FN)   yellow, old > new: identity switch (IDSW)   grey: match')


def draw_errors(image: ndarray, *, matches: ndarray, false_positives: ndarray,
                misses: ndarray, switches: ndarray) -> None:
    """Draw matches and errors of a frame into an image, in place.

    Args:
        image (ndarray): BGR, uint8, has shape (h, w, 3).
        matches (ndarray): x, y, w and h in pixels of this image, has shape
            (num_matches, 4).
        false_positives (ndarray): Boxes, has shape (num_false_positives, 4).
        misses (ndarray): Boxes, has shape (num_misses, 4).
        switches (ndarray): Boxes, then the ids of the track before and of
            this one, has shape (num_switches, 6).
    """
    for x, y, w, h in matches.astype(int).tolist():
        cv2.rectangle(image, (x, y), (x + w, y + h), MATCH_COLOR, 1)
    for x, y, w, h in misses.astype(int).tolist():
        _dashed_rectangle(image, x, y, x + w, y + h, ERROR_COLORS['FN'])
    for x, y, w, h in false_positives.astype(int).tolist():
        cv2.rectangle(image, (x, y), (x + w, y + h), ERROR_COLORS['FP'], 2)
    for x, y, w, h, before, now in switches.astype(int).tolist():
        color = ERROR_COLORS['IDSW']
        cv2.rectangle(image, (x, y), (x + w, y + h), color, 2)
        draw_label(image, f'{before} > {now}', (x, y), color, 0.8)


def draw_error_tile(image: ndarray, title: str, width: int,
                    **boxes: ndarray) -> ndarray:
    """Draw a frame at a given width below a line of text.

    Args:
        image (ndarray): BGR, uint8, has shape (h, w, 3).
        title (str): The line.
        width (int): Of the result in pixels.
        boxes (ndarray): See :func:`draw_errors`, in pixels of ``image``.

    Returns:
        ndarray: BGR, uint8, has shape (h, width, 3).
    """
    scale = width / image.shape[1]
    size = (width, max(round(image.shape[0] * scale), 1))
    tile = cv2.resize(
        image, size,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for name, table in boxes.items():
        boxes[name] = table.copy()
        boxes[name][:, :4] *= scale
    draw_errors(tile, **boxes)
    return np.vstack([text_strip(title, width, 24), tile])


def make_error_sheet(tiles: Sequence[ndarray], num_columns: int) -> ndarray:
    """Put frames in rows below a legend.

    Args:
        tiles (sequence[ndarray]): Of :func:`draw_error_tile`, at least one,
            all of one width.
        num_columns (int): Frames in a row.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3).
    """
    rows = []
    for start in range(0, len(tiles), num_columns):
        row = tiles[start:start + num_columns]
        height = max(len(tile) for tile in row)
        padded = []
        for tile in row:
            right = GAP if tile is not row[-1] else 0
            padded.append(
                cv2.copyMakeBorder(
                    tile, 0, height - len(tile), 0, right,
                    cv2.BORDER_CONSTANT, value=PAPER))
        rows.append(np.hstack(padded))
    width = max(row.shape[1] for row in rows)
    return stack_rows([text_strip(LEGEND, width, 28), *rows])


def _dashed_rectangle(image: ndarray, left: int, top: int, right: int,
                      bottom: int, color: Color) -> None:
    for x in range(left, right, 2 * DASH):
        end = min(x + DASH, right)
        for y in (top, bottom):
            cv2.line(image, (x, y), (end, y), color, 2)
    for y in range(top, bottom, 2 * DASH):
        end = min(y + DASH, bottom)
        for x in (left, right):
            cv2.line(image, (x, y), (x, end), color, 2)
