"""Clips as they leave the data loader, made ready for the model."""
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

from mmdet.models import TrackDataPreprocessor
from mmdet.structures import DetDataSample, TrackDataSample
from torch import Tensor

from ipmot_mm.structures import FrameTargets


@dataclass(frozen=True)
class ClipBatch:
    """Clips that are trained in one forward and backward pass.

    Attributes:
        inputs (Tensor): Normalised, has shape (N, T, 3, H, W).
        data_samples (list[:obj:`TrackDataSample`]): N clips.
        targets (list[list[:obj:`FrameTargets`]]): T frames of N clips, on
            the host.
    """
    inputs: Tensor
    data_samples: Sequence[TrackDataSample]
    targets: Sequence[Sequence[FrameTargets]]

    @property
    def images(self) -> List[str]:
        """list[str]: Names of all frames that have one."""
        return [
            frame.name for clip in self.targets for frame in clip if frame.name
        ]

    @property
    def flips(self) -> List[bool]:
        """list[bool]: Whether each of the N * T frames is mirrored."""
        return [
            bool(frame.get('flip', False)) for clip in self.data_samples
            for frame in clip.video_data_samples
        ]

    @classmethod
    def of(cls, data: Dict[str, Any],
           preprocessor: TrackDataPreprocessor) -> 'ClipBatch':
        """Clips on the device, normalised and padded to one size.

        Args:
            data (dict): ``inputs`` and ``data_samples`` of N clips.
            preprocessor (:obj:`TrackDataPreprocessor`): Of the model.

        Returns:
            :obj:`ClipBatch`: With the ground truth on the host.
        """
        targets = read_targets(data['data_samples'])
        return cls(
            **preprocessor(without_truth(data), training=True),
            targets=targets)


def refuse_batch_augments(preprocessor: TrackDataPreprocessor) -> None:
    """Refuse what would change the frames but not their ground truth.

    Args:
        preprocessor (:obj:`TrackDataPreprocessor`): Of the model.

    Raises:
        ValueError: If it augments batches.
    """
    if getattr(preprocessor, 'batch_augments', None) is not None:
        raise ValueError(
            'IPMOT does not take model.data_preprocessor.batch_augments: '
            'the ground truth does not pass there. Set it to None, and put '
            'the augmentation into train_dataloader.dataset.pipeline.')


def read_targets(
        data_samples: Sequence[TrackDataSample]) -> List[List[FrameTargets]]:
    """Ground truth of N clips of T frames.

    Args:
        data_samples (sequence[:obj:`TrackDataSample`]): N clips.

    Returns:
        list[list[:obj:`FrameTargets`]]: On the host.
    """
    return [[
        FrameTargets.from_instances(frame.gt_instances, frame.img_shape,
                                    frame.get('img_path', ''))
        for frame in clip.video_data_samples
    ] for clip in data_samples]


def without_truth(data: Dict[str, Any]) -> Dict[str, Any]:
    """Leave the ground truth out of what is copied to the device.

    It is read on the host, and would go there as many small tensors, each
    with a wait.

    Args:
        data (dict): ``inputs`` and ``data_samples`` of N clips.

    Returns:
        dict: The same, with data samples that hold their meta information
        alone.
    """
    clips = []
    for clip in data['data_samples']:
        bare = TrackDataSample(metainfo=clip.metainfo)
        bare.video_data_samples = [
            DetDataSample(metainfo=frame.metainfo)
            for frame in clip.video_data_samples
        ]
        clips.append(bare)
    return dict(data, data_samples=clips)


def denormalise(inputs: Tensor,
                preprocessor: TrackDataPreprocessor) -> Tensor:
    """The way back from what a preprocessor gave.

    Args:
        inputs (Tensor): Has shape (N, T, 3, H, W).
        preprocessor (:obj:`TrackDataPreprocessor`): Of the model.

    Returns:
        Tensor: RGB in [0, 1], has shape (N, T, 3, H, W).
    """
    if preprocessor._enable_normalize:
        inputs = inputs * preprocessor.std + preprocessor.mean
    if not preprocessor._channel_conversion:  # frames are read as BGR
        inputs = inputs.flip(2)
    return inputs / 255
