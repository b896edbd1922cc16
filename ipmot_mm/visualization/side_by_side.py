"""The same frames as several trackers see them, side by side."""
from dataclasses import dataclass
from typing import List, Optional, Sequence

import cv2
import numpy as np
from numpy import ndarray

from .clip_sheet import GAP, PAPER, text_strip
from .error_drawing import ERROR_COLORS
from .track_visualizer import draw_label, track_color

TITLE_HEIGHT = 26
LINE_WIDTH, LETTER_SIZE = 2, 0.75
SWITCH_FRAMES = 8
"""For so long a switch is marked: one frame would be over before one looks."""


@dataclass(frozen=True)
class TrackPanel:
    """Boxes of one video by one tracker, or of its ground truth.

    Attributes:
        title (str): Such as the name of the tracker.
        rows (ndarray): Frame (from 1 on), id, x, y, w and h in pixels of the
            original frame, float64, has shape (num_boxes, 6).
        switches (ndarray, optional): Frame (from 1 on), id now and id before
            of each identity switch, int64, has shape (num_switches, 3). None
            where they are not known.
    """
    title: str
    rows: ndarray
    switches: Optional[ndarray] = None

    def heading(self, frame: int) -> str:
        """Title, and how many switches there were up to a frame."""
        if self.switches is None:
            return self.title
        count = int((self.switches[:, 0] <= frame).sum())
        noun = 'switch' if count == 1 else 'switches'
        return f'{self.title}: {count} id {noun}'


def draw_panel(image: ndarray, panel: TrackPanel, frame: int,
               width: int) -> ndarray:
    """Draw one tracker's view of a frame below its title.

    A track that took over a person from another is yellow, with both ids, for
    ``SWITCH_FRAMES`` frames.

    Args:
        image (ndarray): BGR, uint8, has shape (h, w, 3).
        panel (:obj:`TrackPanel`): What to draw.
        frame (int): From 1 on.
        width (int): Of the result in pixels.

    Returns:
        ndarray: BGR, uint8, has shape (h, width, 3).
    """
    scale = width / image.shape[1]
    tile = cv2.resize(
        image, (width, max(round(image.shape[0] * scale), 1)),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    rows = panel.rows[panel.rows[:, 0] == frame]
    bboxes = rows[:, 2:6] * scale
    bboxes[:, 2:] += bboxes[:, :2]
    # far boxes first, so that the near and large ones stay readable
    order = np.argsort(bboxes[:, 3], kind='stable')
    _draw_tracks(tile, bboxes[order], rows[order, 1].astype(np.int64))
    _mark_switches(tile, panel, frame, rows[:, 1], bboxes)
    return np.vstack(
        [text_strip(panel.heading(frame), width, TITLE_HEIGHT), tile])


def _draw_tracks(tile: ndarray, bboxes: ndarray, ids: ndarray) -> None:
    """Boxes and ids of a size that can be read in a small panel."""
    for bbox, track_id in zip(bboxes.astype(int).tolist(), ids.tolist()):
        color = track_color(track_id)
        cv2.rectangle(tile, bbox[:2], bbox[2:], color, LINE_WIDTH)
        draw_label(tile, str(track_id), bbox[:2], color, LETTER_SIZE)


def _mark_switches(tile: ndarray, panel: TrackPanel, frame: int, ids: ndarray,
                   bboxes: ndarray) -> None:
    if panel.switches is None:
        return
    age = frame - panel.switches[:, 0]
    for _, now, before in panel.switches[(age >= 0) & (age < SWITCH_FRAMES)]:
        for left, top, right, bottom in bboxes[ids == now].astype(int):
            color = ERROR_COLORS['IDSW']
            cv2.rectangle(tile, (left, top), (right, bottom), color, 3)
            draw_label(tile, f'{before} > {now}', (left, top), color,
                       LETTER_SIZE)


def join_row(tiles: Sequence[ndarray]) -> ndarray:
    """Put tiles beside one another, with a gap.

    Args:
        tiles (sequence[ndarray]): BGR, uint8, of any height; at least one.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3).
    """
    height = max(len(tile) for tile in tiles)
    return np.hstack([
        cv2.copyMakeBorder(tile, 0, height - len(tile), 0,
                           GAP * (tile is not tiles[-1]),
                           cv2.BORDER_CONSTANT, value=PAPER)
        for tile in tiles
    ])


def join_column(rows: Sequence[ndarray]) -> ndarray:
    """Put rows below one another, with a gap.

    Args:
        rows (sequence[ndarray]): BGR, uint8, of any width; at least one.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3); both even, as video codecs
        want them.
    """
    width = max(row.shape[1] for row in rows)
    width += width % 2
    padded = [
        cv2.copyMakeBorder(row, 0, GAP * (row is not rows[-1]), 0,
                           width - row.shape[1], cv2.BORDER_CONSTANT,
                           value=PAPER) for row in rows
    ]
    column = np.vstack(padded)
    return cv2.copyMakeBorder(column, 0, len(column) % 2, 0, 0,
                              cv2.BORDER_CONSTANT, value=PAPER)


def draw_side_by_side(images: Sequence[ndarray],
                      panels: Sequence[Sequence[TrackPanel]],
                      names: Sequence[str], frame: int,
                      width: int) -> ndarray:
    """One frame of each video, a row each, by each tracker, a column each.

    Args:
        images (sequence[ndarray]): A frame of each video, BGR, uint8.
        panels (sequence[sequence[:obj:`TrackPanel`]]): Of each video, those
            of all trackers.
        names (sequence[str]): Of the videos.
        frame (int): From 1 on.
        width (int): Of a panel in pixels.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3).
    """
    rows: List[ndarray] = []
    for image, of_video, name in zip(images, panels, names):
        row = join_row(
            [draw_panel(image, panel, frame, width) for panel in of_video])
        title = text_strip(f'{name}, frame {frame}', row.shape[1],
                           TITLE_HEIGHT)
        rows.append(np.vstack([title, row]))
    return join_column(rows)


def draw_contact_sheet(frames: Sequence[ndarray],
                       panels: Sequence[TrackPanel], name: str,
                       numbers: Sequence[int], width: int) -> ndarray:
    """Some frames of a video, a column each, by each tracker, a row each.

    Args:
        frames (sequence[ndarray]): BGR, uint8.
        panels (sequence[:obj:`TrackPanel`]): Of this video.
        name (str): Of the video.
        numbers (sequence[int]): Of the frames, from 1 on.
        width (int): Of a panel in pixels.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3).
    """
    rows = [
        join_row([
            draw_panel(frame, panel, number, width)
            for frame, number in zip(frames, numbers)
        ]) for panel in panels
    ]
    titles = join_row([
        text_strip(f'{name}, frame {number}', width, TITLE_HEIGHT)
        for number in numbers
    ])
    return join_column([titles, *rows])
