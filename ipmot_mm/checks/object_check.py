"""Boxes and tracks that cannot be, or hardly can be, right."""
from typing import Dict, List, Optional, Tuple

import numpy as np
from numpy import ndarray

from ipmot_mm.datasets.mot_text import MOTAnnotations
from ipmot_mm.user_errors import some

from .problems import ProblemLog

TINY_SIDE = 3.0
"""Pixels; the stride of the finest features is 8 of the resized image."""
ABSURD_RATIO = 10.0
"""Of the longer to the shorter side; a standing person has 2 to 4."""
JUMP_SIDES = 2.0
"""A track jumps when it moves this many times its longer side in a frame."""
MAX_NAMED_JUMPS = 10


def check_boxes(rows: MOTAnnotations, size: Optional[Tuple[int, int]],
                log: ProblemLog) -> Dict[str, int]:
    """Look for boxes outside of the image, tiny ones and slivers.

    Args:
        rows (:obj:`MOTAnnotations`): Objects that are trained on.
        size (tuple[int, int], optional): Width and height of the images in
            pixels; None if no image could be read.
        log (:obj:`ProblemLog`): Gets the problems.

    Returns:
        dict[str, int]: Number of boxes ``partly_outside``,
        ``fully_outside``, ``tiny`` and of ``absurd_shape``.
    """
    sides = rows.bboxes[:, 2:] - rows.bboxes[:, :2]
    shorter, longer = sides.min(1, initial=np.inf), sides.max(1, initial=0)
    tiny = shorter < TINY_SIDE
    absurd = ~tiny & (longer > ABSURD_RATIO * shorter)
    fully = partly = np.zeros(len(rows), dtype=bool)
    if size is not None:
        fully, partly = outside(rows.bboxes, size)
        _note(log.error, 'boxes outside of the image', rows, fully,
              f'lie outside of the image of {size[0]}x{size[1]}')
    _note(log.warn, 'tiny boxes', rows, tiny,
          f'have a side below {TINY_SIDE:.0f} pixels')
    _note(log.warn, 'absurd boxes', rows, absurd,
          f'have a side more than {ABSURD_RATIO:.0f} times the other')
    return dict(
        partly_outside=int(partly.sum()),
        fully_outside=int(fully.sum()),
        tiny=int(tiny.sum()),
        absurd_shape=int(absurd.sum()))


def outside(bboxes: ndarray, size: Tuple[int, int]) -> Tuple[ndarray, ndarray]:
    """Boxes that nothing, or not all, can be seen of.

    A pixel is given away at each edge: MOTChallenge counts from 1.

    Args:
        bboxes (ndarray): xyxy in pixels, has shape (num_rows, 4).
        size (tuple[int, int]): Width and height of the image.

    Returns:
        tuple[ndarray, ndarray]: Masks of those fully and partly outside,
        bool, with shape (num_rows, ).
    """
    limits = np.array(size, dtype=np.float32)
    low, high = bboxes[:, :2], bboxes[:, 2:]
    fully = ((high <= 0) | (low >= limits)).any(1)
    beyond = ((low < 0) | (high > limits + 1)).any(1)
    return fully, beyond & ~fully


def _note(report, kind: str, rows: MOTAnnotations, wrong: ndarray,
          text: str) -> None:
    """One message for all boxes of a kind, with the first few."""
    if not wrong.any():
        return
    first = np.flatnonzero(wrong)[:3]
    named = '; '.join(
        f'frame {rows.frame_numbers[i]} id {rows.instance_ids[i]} '
        f'({", ".join(f"{v:g}" for v in rows.bboxes[i])})' for i in first)
    report(kind, f'{wrong.sum()} boxes {text}, as x1, y1, x2, y2 such as '
           f'{named}')


def check_tracks(rows: MOTAnnotations, log: ProblemLog) -> Dict[str, int]:
    """Look for tracks of one frame, gaps and jumps.

    A jump is a box that does not touch that of the frame before and whose
    centre is ``JUMP_SIDES`` times the longer side away: most often two
    persons whose ids were exchanged, or an id that is used again.

    Args:
        rows (:obj:`MOTAnnotations`): Objects that are trained on.
        log (:obj:`ProblemLog`): Gets the problems.

    Returns:
        dict[str, int]: ``num_tracks``, ``one_frame_tracks``, ``gaps``,
        ``longest_gap`` in frames, and ``jumps``.
    """
    rows = rows[np.lexsort((rows.frame_numbers, rows.instance_ids))]
    ids, lengths = np.unique(rows.instance_ids, return_counts=True)
    short = ids[lengths == 1].tolist()
    if short:
        log.warn('tracks of one frame', f'{len(short)} of {len(ids)} tracks '
                 f'have one frame only: ids {some(short)}')
    same = rows.instance_ids[1:] == rows.instance_ids[:-1]
    steps = np.diff(rows.frame_numbers)[same]
    jumps = same & jumped(rows.bboxes[:-1], rows.bboxes[1:]) & (
        np.diff(rows.frame_numbers) == 1)
    _note_jumps(rows, np.flatnonzero(jumps).tolist(), log)
    return dict(
        num_tracks=len(ids),
        one_frame_tracks=len(short),
        gaps=int((steps > 1).sum()),
        longest_gap=int(steps.max(initial=1)) - 1,
        jumps=int(jumps.sum()))


def jumped(before: ndarray, after: ndarray) -> ndarray:
    """Whether boxes moved farther than a body can in a frame.

    Args:
        before (ndarray): xyxy in pixels, has shape (num_pairs, 4).
        after (ndarray): One frame later, has shape (num_pairs, 4).

    Returns:
        ndarray: bool, has shape (num_pairs, ).
    """
    low = np.maximum(before[:, :2], after[:, :2])
    high = np.minimum(before[:, 2:], after[:, 2:])
    apart = (high <= low).any(1)
    centres = (after[:, :2] + after[:, 2:] - before[:, :2] - before[:, 2:]) / 2
    sides = np.concatenate(
        [before[:, 2:] - before[:, :2], after[:, 2:] - after[:, :2]], 1)
    distance = np.hypot(*centres.T)
    return apart & (distance > JUMP_SIDES * sides.max(1, initial=0))


def _note_jumps(rows: MOTAnnotations, places: List[int],
                log: ProblemLog) -> None:
    if not places:
        return
    named = [
        f'id {rows.instance_ids[i]} after frame {rows.frame_numbers[i]}'
        for i in places
    ]
    log.warn(
        'id jumps', f'{len(places)} times a track is more than '
        f'{JUMP_SIDES:.0f} body lengths away in the next frame: '
        f'{some(named, MAX_NAMED_JUMPS)}. Are ids exchanged or used again?')
