"""Draw once, apply to every frame: the form of all clip augmentations."""
from abc import abstractmethod
from typing import Any, Dict, Union

import numpy as np
from mmcv.transforms import BaseTransform
from numpy import ndarray

from ..base_clip_dataset import OBJECT_KEYS
from .image_view import ImageView, render

Frame = Dict[str, Any]
"""Values of one frame: what the dict of a clip holds at one t."""


class ClipTransform(BaseTransform):
    """Transform of a clip, a dict in which every value is a list of length T.

    It draws its random numbers once in :meth:`draw` and applies them to every
    frame in :meth:`transform_frame`, so a clip cannot be treated
    inconsistently. All randomness comes from numpy's global state, which the
    dataset seeds for each clip (:obj:`ClipIndex`). Images are uint8 BGR
    arrays of shape (h, w, 3) and are replaced, never written to: two frames
    may share one.

    Between transforms an image may be an :obj:`ImageView`, whose resize is
    still due. It becomes an array before a transform sees it, unless the
    class says ``needs_pixels = False``.
    """

    needs_pixels = True

    def transform(self, results: Dict[str, list]) -> Dict[str, list]:
        """Apply the transform to all frames.

        Args:
            results (dict[str, list]): The clip, lists of length T.

        Returns:
            dict[str, list]: A new clip.
        """
        num_frames = len(results['img_path'])
        if self.needs_pixels:
            results = render_clip(results)
        frames = [{
            key: values[t]
            for key, values in results.items()
        } for t in range(num_frames)]
        params = self.draw(frames[0])
        frames = [self.transform_frame(frame, params) for frame in frames]
        return {key: [frame[key] for frame in frames] for key in frames[0]}

    def draw(self, frame: Frame) -> Any:
        """Random numbers for the whole clip; none by default.

        Args:
            frame (dict): The first frame, whose size all frames have.

        Returns:
            object: What :meth:`transform_frame` gets for every frame.
        """

    @abstractmethod
    def transform_frame(self, frame: Frame, params: Any) -> Frame:
        """Apply the numbers drawn to one frame.

        Args:
            frame (dict): Values of one frame; may be changed.
            params (object): What :meth:`draw` returned.

        Returns:
            dict: The frame.
        """


def render_clip(results: Dict[str, list]) -> Dict[str, list]:
    """The clip with all its images as arrays.

    Args:
        results (dict[str, list]): The clip. Without ``img`` it is returned as
            it is.

    Returns:
        dict[str, list]: A new clip. Frames that show one array or view keep
        sharing it.
    """
    if 'img' not in results:
        return results
    arrays = {id(img): img for img in results['img']}
    arrays = {key: render(img) for key, img in arrays.items()}
    return {**results, 'img': [arrays[id(img)] for img in results['img']]}


def keep_objects(frame: Frame, keep: ndarray) -> Frame:
    """The frame with some of its objects, in every array at once.

    mmdet's affine and shift transforms drop boxes but not their ids, which
    shifts the identities of the rest without an error.

    Args:
        frame (dict): Values of one frame.
        keep (ndarray): Mask, bool, has shape (num_objects, ).

    Returns:
        dict: A new frame.
    """
    return {**frame, **{key: frame[key][keep] for key in OBJECT_KEYS}}


def clip_boxes(bboxes: ndarray, img: Union[ndarray, ImageView]) -> ndarray:
    """Part of each box inside of the image.

    Args:
        bboxes (ndarray): (x1, y1, x2, y2) in pixels, has shape
            (num_objects, 4).
        img (ndarray | ImageView): The image, has shape (h, w, 3).

    Returns:
        ndarray: Clipped boxes, has shape (num_objects, 4). A box outside of
        the image gets zero width or height.
    """
    height, width = img.shape[:2]
    return np.clip(bboxes, 0, np.array([width, height] * 2, bboxes.dtype))


def has_area(bboxes: ndarray) -> ndarray:
    """Whether boxes xyxy are not degenerate, bool, has shape
    (num_objects, )."""
    return (bboxes[:, 2:] > bboxes[:, :2]).all(1)
