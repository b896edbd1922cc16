"""From the dict of a clip to what the model takes."""
from typing import Any, Dict, Sequence

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from numpy import ndarray
from torch import Tensor

from ipmot_mm.registry import TRANSFORMS

from ..base_clip_dataset import OBJECT_KEYS
from .clip_data_sample import ClipDataSample
from .clip_transform import Frame, render_clip

META_KEYS = ('img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip',
             'flip_direction', 'frame_id', 'mot_frame_id', 'video_id',
             'video_name', 'video_length', 'ori_video_length', 'gt_path',
             'dataset_name')

INSTANCE_FIELDS = {
    'gt_bboxes': 'bboxes',
    'gt_bboxes_labels': 'labels',
    'gt_instances_ids': 'instances_ids',
    'gt_identities': 'identities',
    'gt_visibilities': 'visibilities'
}
"""Key in the pipeline -> field of ``gt_instances``, in mmdet's words."""


@TRANSFORMS.register_module()
class PackClipInputs(BaseTransform):
    """Pack a clip as ``dict(inputs, data_samples)``.

    ``inputs`` is a uint8 BGR tensor of shape (T, 3, h, w); ``data_samples``
    is a ``TrackDataSample`` of T ``DetDataSample`` with ``gt_instances`` and
    the meta information in ``META_KEYS``.
    """

    def transform(self, results: Dict[str, list]) -> Dict[str, Any]:
        """Pack the clip.

        Args:
            results (dict[str, list]): The clip, lists of length T.

        Returns:
            dict: ``inputs`` and ``data_samples``.

        Raises:
            ValueError: If the arrays of a frame disagree in length.
        """
        results = render_clip(results)
        frames = [{
            key: values[t]
            for key, values in results.items()
        } for t in range(len(results['img_path']))]
        inputs = pack_images([frame['img'] for frame in frames])
        samples = ClipDataSample()
        samples.video_data_samples = [pack_frame(frame) for frame in frames]
        return dict(inputs=inputs, data_samples=samples)


def pack_images(images: Sequence[ndarray]) -> Tensor:
    """Channels first.

    Args:
        images (Sequence[ndarray]): uint8 BGR, each of shape (h, w, 3).

    Returns:
        Tensor: uint8, has shape (T, 3, h, w).
    """
    height, width = images[0].shape[:2]
    planes = np.empty((len(images), 3, height, width), np.uint8)
    for img, target in zip(images, planes):
        # several times faster than a transposed copy
        cv2.split(img, list(target))
    return torch.from_numpy(planes)


def pack_frame(frame: Frame) -> DetDataSample:
    """Pack the annotations of one frame.

    Args:
        frame (dict): Values of one frame.

    Returns:
        :obj:`DetDataSample`: With ``gt_instances``.

    Raises:
        ValueError: If the arrays disagree in length.
    """
    lengths = {key: len(frame[key]) for key in OBJECT_KEYS}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f'Frame "{frame["img_path"]}" has arrays of different lengths: '
            f'{lengths}. A transform dropped boxes but not their ids: drop '
            'objects with keep_objects, or leave that transform out.')
    sample = DetDataSample(metainfo={key: frame[key] for key in META_KEYS})
    sample.gt_instances = InstanceData(
        **{
            field: torch.from_numpy(np.ascontiguousarray(frame[key]))
            for key, field in INSTANCE_FIELDS.items()
        })
    return sample
