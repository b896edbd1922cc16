"""Draw boxes, ids, scores and trails of tracks into frames."""
import colorsys
from collections import deque
from typing import Deque, Dict, Optional, Tuple

import cv2
import numpy as np
from mmengine.structures import InstanceData

# Steps of the golden ratio around the colour circle keep the colours of
# neighbouring ids far apart, however many ids there are.
GOLDEN_RATIO = 0.618033988749895


def track_color(track_id: int) -> Tuple[int, int, int]:
    """The colour of a track, the same in every frame and process.

    Args:
        track_id (int): Id of the track.

    Returns:
        tuple[int]: Blue, green, red in 0..255.

    >>> track_color(1) == track_color(1) != track_color(2)
    True
    """
    hue = track_id * GOLDEN_RATIO % 1
    # Two levels of brightness tell apart ids whose hues come close.
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, (1.0, 0.8)[track_id % 2])
    return int(blue * 255), int(green * 255), int(red * 255)


def draw_boxes(image: np.ndarray,
               bboxes: np.ndarray,
               ids: np.ndarray,
               scores: Optional[np.ndarray] = None,
               with_boxes: bool = True,
               with_ids: bool = True) -> None:
    """Draw boxes with ids (and scores) into an image, in place.

    Args:
        image (np.ndarray): BGR, uint8, has shape (h, w, 3).
        bboxes (np.ndarray): xyxy pixels, has shape (K, 4).
        ids (np.ndarray): Track ids, int64, has shape (K,).
        scores (np.ndarray, optional): Has shape (K,). Defaults to None.
        with_boxes (bool): Whether to draw the boxes. Defaults to True.
        with_ids (bool): Whether to write the ids. Defaults to True.
    """
    unit = max(min(image.shape[:2]) / 480, 0.3)
    thick = max(round(2 * unit), 1)
    for i, (bbox, track_id) in enumerate(zip(bboxes, ids.tolist())):
        left, top, right, bottom = (int(v) for v in bbox)
        color = track_color(track_id)
        if with_boxes:
            cv2.rectangle(image, (left, top), (right, bottom), color, thick)
        words = [str(track_id)] if with_ids else []
        words += [] if scores is None else [f'{scores[i]:.2f}']
        if words:
            draw_label(image, ' '.join(words), (left, top), color, unit)


def draw_label(image: np.ndarray, text: str, corner: Tuple[int, int],
               color: Tuple[int, int, int], unit: float) -> None:
    """Put text on a filled strip above a corner, inside the image.

    Args:
        image (np.ndarray): BGR, uint8, has shape (h, w, 3); drawn into.
        text (str): One line.
        corner (tuple[int, int]): x and y in pixels.
        color (tuple[int, int, int]): Of the strip, blue, green, red.
        unit (float): Size of the letters; 1 has 15 pixels.
    """
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5 * unit
    (width, height), base = cv2.getTextSize(text, font, scale, 1)
    left = min(max(corner[0], 0), max(image.shape[1] - width, 0))
    bottom = max(corner[1], height + base)
    cv2.rectangle(image, (left, bottom - height - base),
                  (left + width, bottom), color, -1)
    # Black or white, whatever is easier to read on the strip.
    ink = (0, 0, 0) if sum(color) > 330 else (255, 255, 255)
    cv2.putText(image, text, (left, bottom - base // 2 - 1), font, scale, ink,
                1, cv2.LINE_AA)


class TrackVisualizer:
    """Draws the tracks of one video, frame after frame.

    It remembers where each track was, for the trails; call :meth:`reset`
    before another video.

    Args:
        score_thr (float): Tracks with a lower score are not drawn. Defaults
            to 0.
        trail_length (int): Frames that a trail reaches back; 0 draws none.
            Defaults to 30.
        with_scores (bool): Whether to write the scores. Defaults to False.
        with_boxes (bool): Whether to draw the boxes. Defaults to True.
        with_ids (bool): Whether to write the ids. Defaults to True.

    >>> import torch
    >>> tracks = InstanceData(
    ...     bboxes=torch.tensor([[2., 2., 9., 9.]]),
    ...     scores=torch.ones(1), instances_id=torch.tensor([1]))
    >>> frame = np.zeros((12, 12, 3), np.uint8)
    >>> bool(TrackVisualizer().draw(frame, tracks).any()), bool(frame.any())
    (True, False)
    """

    def __init__(self,
                 *,
                 score_thr: float = 0.0,
                 trail_length: int = 30,
                 with_scores: bool = False,
                 with_boxes: bool = True,
                 with_ids: bool = True) -> None:
        self.score_thr = score_thr
        self.trail_length = trail_length
        self.with_scores = with_scores
        self.with_boxes = with_boxes
        self.with_ids = with_ids
        self._trails: Dict[int, Deque[Tuple[int, int, int]]] = {}
        self._num_frames = 0

    def reset(self) -> None:
        """Forget all trails."""
        self._trails.clear()
        self._num_frames = 0

    def draw(self, image: np.ndarray, tracks: InstanceData) -> np.ndarray:
        """Draw the tracks of the next frame.

        Args:
            image (np.ndarray): BGR, uint8, has shape (h, w, 3).
            tracks (InstanceData): ``bboxes`` xyxy pixels of this image, of
                shape (K, 4), ``scores`` (K,) and ``instances_id`` (K,).

        Returns:
            np.ndarray: A new image of the same shape.
        """
        image = image.copy()
        scores = tracks.scores.detach().cpu().numpy()
        keep = scores >= self.score_thr
        bboxes = tracks.bboxes.detach().cpu().numpy()[keep]
        ids = tracks.instances_id.detach().cpu().numpy()[keep]
        if self.trail_length > 0:
            self._extend_trails(bboxes, ids)
            self._draw_trails(image)
        draw_boxes(image, bboxes, ids,
                   scores[keep] if self.with_scores else None,
                   self.with_boxes, self.with_ids)
        self._num_frames += 1
        return image

    def _extend_trails(self, bboxes: np.ndarray, ids: np.ndarray) -> None:
        """Add the feet of this frame, drop what is too long ago."""
        for bbox, track_id in zip(bboxes, ids.tolist()):
            trail = self._trails.setdefault(track_id, deque())
            trail.append((self._num_frames, int((bbox[0] + bbox[2]) / 2),
                          int(bbox[3])))
        oldest = self._num_frames - self.trail_length
        for track_id in list(self._trails):
            trail = self._trails[track_id]
            while trail and trail[0][0] <= oldest:
                trail.popleft()
            if not trail:
                del self._trails[track_id]

    def _draw_trails(self, image: np.ndarray) -> None:
        thick = max(round(min(image.shape[:2]) / 240), 1)
        for track_id, trail in self._trails.items():
            points = np.array([point[1:] for point in trail], np.int32)
            cv2.polylines(image, [points], False, track_color(track_id),
                          thick, cv2.LINE_AA)
