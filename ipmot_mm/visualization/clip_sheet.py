"""A clip as one picture: as loaded above, as the pipeline made it below."""
from dataclasses import dataclass
from typing import Any, Dict, Sequence, Tuple

import cv2
import numpy as np
from numpy import ndarray

from ipmot_mm.datasets import BaseClipDataset, ClipIndex, LoadClipImages

from .track_visualizer import draw_boxes

MARGIN = 0.08
"""Border around a frame, as a share of its longer side, in which one sees
the boxes that reach beyond the frame."""
TILE_SIDE = 560
"""Pixels of the longer side of a frame in the picture, with its margin."""
GAP = 6
GREY, PAPER, INK = (96, 96, 96), (255, 255, 255), (32, 32, 32)
SMALLEST_TEXT = 0.25


@dataclass(frozen=True)
class ClipView:
    """Frames of a clip and what to draw into them.

    Attributes:
        images (tuple[ndarray]): BGR, uint8, of shape (h, w, 3), length T.
        bboxes (tuple[ndarray]): xyxy in pixels of these images, each of
            shape (num_objects, 4).
        ids (tuple[ndarray]): Identity in the video, which chooses the
            colour, each of shape (num_objects, ).
        titles (tuple[str]): One line for each frame.
        caption (str): One line above all frames.
    """
    images: Tuple[ndarray, ...]
    bboxes: Tuple[ndarray, ...]
    ids: Tuple[ndarray, ...]
    titles: Tuple[str, ...]
    caption: str


def view_loaded(clip: Dict[str, list], interval: int) -> ClipView:
    """A clip as it is on the disk.

    Args:
        clip (dict[str, list]): What :obj:`LoadClipImages` returns.
        interval (int): Distance of neighbours in frames.

    Returns:
        :obj:`ClipView`: The view.
    """
    height, width = clip['img_shape'][0]
    pace = f', interval {interval}' if len(clip['img']) > 1 else ''
    return ClipView(
        images=tuple(clip['img']),
        bboxes=tuple(clip['gt_bboxes']),
        ids=tuple(clip['gt_instances_ids']),
        titles=_titles(clip['mot_frame_id'], clip['gt_bboxes']),
        caption=f'{clip["dataset_name"][0]} / {clip["video_name"][0]}'
        f'{pace}, as loaded: {width}x{height}')


def view_packed(sample: Dict[str, Any]) -> ClipView:
    """A clip as the model gets it.

    Args:
        sample (dict): What :obj:`PackClipInputs` returns: ``inputs``, uint8
            BGR of shape (T, 3, h, w), and ``data_samples``.

    Returns:
        :obj:`ClipView`: The view.
    """
    frames = list(sample['data_samples'])
    bboxes = tuple(frame.gt_instances.bboxes.numpy() for frame in frames)
    height, width = sample['inputs'].shape[2:]
    flipped = ', flipped' if frames[0].flip else ''
    return ClipView(
        images=tuple(
            np.ascontiguousarray(image.numpy().transpose(1, 2, 0))
            for image in sample['inputs']),
        bboxes=bboxes,
        ids=tuple(frame.gt_instances.instances_ids.numpy()
                  for frame in frames),
        titles=_titles([frame.mot_frame_id for frame in frames], bboxes),
        caption=f'after the pipeline: {width}x{height}{flipped}')


def _titles(numbers: Sequence[int],
            bboxes: Sequence[ndarray]) -> Tuple[str, ...]:
    return tuple(f'frame {number}: {len(boxes)} objects'
                 for number, boxes in zip(numbers, bboxes))


def draw_clip(dataset: BaseClipDataset, index: ClipIndex) -> ndarray:
    """Draw a clip of a data set before and after its pipeline.

    Args:
        dataset (:obj:`BaseClipDataset`): Its pipeline packs clips.
        index (:obj:`ClipIndex`): The clip; its seed makes the augmentation
            come out as in training.

    Returns:
        ndarray: BGR, uint8, of shape (h, w, 3): a row of frames as loaded,
        below it the same as the pipeline made them.

    Raises:
        ValueError: If the pipeline does not pack the clip.
    """
    loaded = LoadClipImages().transform(dataset.get_data_info(index))
    sample = dataset[index]
    if not isinstance(sample, dict) or 'data_samples' not in sample:
        raise ValueError(
            f'The pipeline of dataset "{dataset.dataset_name}" returns a '
            f'{type(sample).__name__} without data_samples. Let it end with '
            'PackClipInputs.')
    return stack_rows([
        draw_row(view_loaded(loaded, index.interval)),
        draw_row(view_packed(sample))
    ])


def draw_row(view: ClipView) -> ndarray:
    """Draw the frames of a clip beside one another, with captions.

    Args:
        view (:obj:`ClipView`): At least one frame.

    Returns:
        ndarray: BGR, uint8, of shape (h, w, 3).
    """
    tiles = []
    for image, bboxes, ids, title in zip(view.images, view.bboxes, view.ids,
                                         view.titles):
        tile = draw_tile(image, bboxes, ids)
        tiles.append(
            np.vstack([text_strip(title, tile.shape[1], 20), tile]))
        tiles.append(np.full((tiles[-1].shape[0], GAP, 3), PAPER, np.uint8))
    row = np.hstack(tiles[:-1])
    return np.vstack([text_strip(view.caption, row.shape[1], 28), row])


def draw_tile(image: ndarray, bboxes: ndarray, ids: ndarray) -> ndarray:
    """Draw a frame with its boxes, made small, on a grey margin.

    Args:
        image (ndarray): BGR, uint8, has shape (h, w, 3).
        bboxes (ndarray): xyxy in pixels, may reach beyond the image, has
            shape (num_objects, 4).
        ids (ndarray): Has shape (num_objects, ).

    Returns:
        ndarray: BGR, uint8; the longer side has ``TILE_SIDE`` pixels.
    """
    longer = max(image.shape[:2])
    scale = TILE_SIDE / (longer * (1 + 2 * MARGIN))
    border = round(longer * scale * MARGIN)
    height, width = (max(round(side * scale), 1) for side in image.shape[:2])
    small = cv2.resize(
        image, (width, height),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    tile = cv2.copyMakeBorder(
        small, border, border, border, border, cv2.BORDER_CONSTANT, value=GREY)
    # Far boxes first, so that the near and large ones stay readable.
    order = np.argsort(bboxes[:, 3], kind='stable')
    draw_boxes(tile, bboxes[order] * scale + border, ids[order])
    return tile


def stack_rows(rows: Sequence[ndarray]) -> ndarray:
    """Put rows below one another, filled up with white to one width.

    Args:
        rows (sequence[ndarray]): BGR, uint8.

    Returns:
        ndarray: BGR, uint8, has shape (h, w, 3).
    """
    width = max(row.shape[1] for row in rows)
    padded = [
        cv2.copyMakeBorder(
            row,
            0,
            GAP,
            0,
            width - row.shape[1],
            cv2.BORDER_CONSTANT,
            value=PAPER) for row in rows
    ]
    return np.vstack(padded)


def text_strip(text: str, width: int, height: int) -> ndarray:
    """A line of text, as small as it must be to fit.

    Args:
        text (str): The line.
        width (int): In pixels.
        height (int): In pixels.

    Returns:
        ndarray: BGR, uint8, has shape (height, width, 3).
    """
    strip = np.full((height, width, 3), PAPER, np.uint8)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, height / 45
    needed = cv2.getTextSize(text, font, scale, 1)[0][0]
    scale = max(scale * min((width - GAP) / max(needed, 1), 1), SMALLEST_TEXT)
    cv2.putText(strip, text, (GAP // 2, round(height * 0.72)), font, scale,
                INK, 1, cv2.LINE_AA)
    return strip
