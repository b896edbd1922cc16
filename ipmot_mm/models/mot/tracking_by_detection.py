"""The detector of a tracker, without its track queries."""
from typing import Any, Dict, List, Optional, Sequence

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import Tensor

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries

from .box_matching import BoxMatching

TRAINING_ONLY = 'detector.bbox_head.embed_branches.'


@MODELS.register_module()
class TrackingByDetection(BoxMatching):
    """Match what the detect queries of a :class:`QueryDetector` find.

    Every frame is decoded as the first one of a video is: detect queries
    alone, no track query, so that all persons are newborn. The score is
    sigmoid(c) of the last layer; a deduplication module has nothing to
    compare with here and is left out.

    A checkpoint of :class:`IPMOT` can be loaded: what belongs to the detector
    must fit, all of it; the rest is dropped.

    Args:
        detector (dict): Config of a :class:`QueryDetector`. Its embedding
            branch, which only losses read, is not built.
        kwargs: Of :class:`BoxMatching`.
    """

    def __init__(self, *, detector: dict, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        head = dict(detector['bbox_head'], joint_dims=None)
        self.detector = MODELS.build(dict(detector, bbox_head=head))
        self._register_load_state_dict_pre_hook(self._keep_detector)

    def detect(self, inputs: Tensor,
               frames: Sequence[DetDataSample]) -> List[InstanceData]:
        """See :meth:`BoxMatching.detect`."""
        memory = self.detector.encode(
            inputs, [frame.img_shape for frame in frames])
        no_tracks = TrackQueries.empty(
            len(frames), self.detector.embed_dims, inputs.device)
        outputs = self.detector.decode(memory, no_tracks)
        # (T, Qd, 4), shares of the frame
        bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1])
        sizes = torch.tensor(
            [(frame.ori_shape[1], frame.ori_shape[0]) * 2
             for frame in frames], device=bboxes.device)
        return [
            InstanceData(bboxes=boxes, scores=scores, labels=labels)
            for boxes, scores, labels in zip(
                bboxes * sizes[:, None], outputs.cls_scores, outputs.labels)
        ]

    def _keep_detector(self, state_dict: Dict[str, Any], prefix: str,
                       *args: Any) -> None:
        """Drop the tracker of a checkpoint; refuse another detector."""
        own = {prefix + key for key in self.state_dict()}
        dropped = [
            key for key in state_dict if key.startswith(prefix)
            and _is_of_tracker(key[len(prefix):])
        ]
        for key in dropped:
            del state_dict[key]
        given = {key for key in state_dict if key.startswith(prefix)}
        fault = _find_fault(own, given)
        if fault is not None:
            raise ValueError(
                f'the checkpoint has another detector: {fault}; give the '
                'config of a detector that equals the one in training')
        parts = sorted({key[len(prefix):].split('.')[0] for key in dropped})
        if parts:
            print_log(
                f'of the checkpoint, {len(dropped)} tensors of '
                f'{", ".join(parts)} are not used: boxes are matched, not '
                'tracked by queries',
                logger='current')


def _is_of_tracker(key: str) -> bool:
    """Whether a tensor of a checkpoint is of no use to detect."""
    return key.startswith(TRAINING_ONLY) or not key.startswith('detector.')


def _find_fault(own: set, given: set) -> Optional[str]:
    """What the keys of model and checkpoint differ in."""
    missing = sorted(
        key for key in own - given if not key.endswith('num_batches_tracked'))
    if missing:
        return f'{len(missing)} tensors are missing, such as {missing[0]}'
    extra = sorted(given - own)
    if extra:
        return f'{len(extra)} tensors are not known, such as {extra[0]}'
    return None
