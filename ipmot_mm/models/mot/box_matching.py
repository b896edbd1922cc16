"""Boxes of each frame, joined to tracks by one of mmdet's trackers."""
from abc import abstractmethod
from typing import Any, Dict, List, Optional, Sequence

import torch
from mmdet.models.mot import BaseMOTModel
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.bbox import get_box_wh
from mmengine.structures import InstanceData
from torch import Tensor

from ipmot_mm.registry import MODELS


class BoxMatching(BaseMOTModel):
    """Tracking by detection: what this package is compared with.

    .. code:: text

        frames --detect--> boxes, scores of each frame alone
               --mmdet's tracker--> the same boxes with track ids

    Nothing is trained. Where the boxes come from is up to the subclass; how
    they are joined, to mmdet, whose trackers (``ByteTracker``,
    ``OCSORTTracker``, ``SORTTracker`` without ReID; mmdet 3.3.0,
    ``mmdet/models/trackers``) are taken as they are, their motion model with
    them. They forget all tracks at frame 0 and see one video after the other.

    Args:
        tracker (dict): Config of the tracker, such as
            ``dict(type='mmdet.ByteTracker', motion=dict(
            type='mmdet.KalmanFilter'), ...)``.
        min_area (float): Boxes must be larger, in square pixels of the
            original frame, as in :class:`QueryTracker`. Defaults to 100.
        data_preprocessor (dict, optional): Config of mmdet's
            ``TrackDataPreprocessor``.
    """

    def __init__(self,
                 *,
                 tracker: dict,
                 min_area: float = 100.0,
                 data_preprocessor: Optional[dict] = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.tracker = build_box_tracker(tracker)
        self.min_area = min_area

    @abstractmethod
    def detect(self, inputs: Tensor,
               frames: Sequence[DetDataSample]) -> List[InstanceData]:
        """Find the objects of each frame on its own.

        Args:
            inputs (Tensor): Normalised, has shape (T, 3, H, W).
            frames (sequence[:obj:`DetDataSample`]): T frames.

        Returns:
            list[InstanceData]: Of each frame, ``bboxes`` xyxy in original
            pixels, ``scores`` and ``labels``.
        """

    def reset(self) -> None:
        """Forget all tracks; frame 0 of a video does it by itself."""
        self.tracker.reset()

    @torch.no_grad()
    def predict(self, inputs: Tensor, data_samples: Sequence[TrackDataSample],
                **kwargs: Any) -> Sequence[TrackDataSample]:
        """Track the next T frames of a video.

        Args:
            inputs (Tensor): Normalised, has shape (1, T, 3, H, W).
            data_samples (sequence[:obj:`TrackDataSample`]): One, of T frames.

        Returns:
            sequence[:obj:`TrackDataSample`]: The same, each frame with
            ``pred_track_instances`` on the CPU: ``bboxes`` xyxy in original
            pixels, ``scores``, ``labels`` and ``instances_id`` from 1 on.

        Raises:
            ValueError: If there are several videos, or a state is given.
        """
        if len(data_samples) != 1 or kwargs.get('state') is not None:
            raise ValueError(
                f'{type(self).__name__} tracks one video at a time and keeps '
                f'its tracks itself, got a batch of {len(data_samples)} and '
                f'state={type(kwargs.get("state")).__name__}; set batch_size '
                '= 1 in test_dataloader and val_dataloader, and track videos '
                'with tools/test.py')
        frames = data_samples[0].video_data_samples
        detections = self.detect(inputs[0], frames)
        for frame, objects in zip(frames, detections):
            objects = objects.cpu()
            areas = torch.stack(get_box_wh(objects.bboxes)).prod(0)
            frame.pred_track_instances = self._match(
                objects[areas > self.min_area], frame.frame_id)
        return data_samples

    def _match(self, objects: InstanceData, frame_id: int) -> InstanceData:
        """Objects with ids; of mmdet's from 0 on, ours begin with 1."""
        sample = DetDataSample(
            metainfo=dict(frame_id=frame_id), pred_instances=objects)
        # ByteTracker takes the sample alone; SORTTracker would crop for ReID
        tracks = self.tracker.track(
            model=self, img=None, data_sample=sample)
        tracks.instances_id = tracks.instances_id.long() + 1
        return tracks

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample],
             **kwargs: Any) -> Dict[str, Tensor]:
        """There is none.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f'{type(self).__name__} is not trained; train the detector, with '
            'a config of IPMOT, and give its checkpoint to tools/test.py with '
            'this config')


def build_box_tracker(cfg: dict) -> Any:
    """Build a tracker of mmdet.

    Args:
        cfg (dict): Of the tracker.

    Returns:
        BaseTracker: Of mmdet.

    Raises:
        ValueError: If a package is missing that it needs.
    """
    try:
        return MODELS.build(cfg)
    except RuntimeError as error:
        if 'is not installed' not in str(error):
            raise
        missing = str(error).split()[0]
    raise ValueError(
        f'{cfg["type"]} needs the package {missing}, which is not installed; '
        'run `pip install "ipmot_mm[baselines]"`, or `pip install lap '
        'motmetrics`')
