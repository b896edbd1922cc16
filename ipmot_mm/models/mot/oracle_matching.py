"""Perfect boxes, matched: how hard association alone is."""
from typing import Any, List, Sequence

from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from ipmot_mm.registry import MODELS

from .box_matching import BoxMatching


@MODELS.register_module()
class OracleMatching(BoxMatching):
    """Match the boxes of the ground truth, without their ids.

    An upper bound for every detector: what is lost here is lost in the
    matching. Persons who can hardly be seen are left out, as a detector
    would leave them out.

    Args:
        min_visibility (float): Visible share of a person from which on it is
            detected, in [0, 1]. Defaults to 0.25.
        kwargs: Of :class:`BoxMatching`.
    """

    def __init__(self, *, min_visibility: float = 0.25, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min_visibility = min_visibility

    def detect(self, inputs: Tensor,
               frames: Sequence[DetDataSample]) -> List[InstanceData]:
        """See :meth:`BoxMatching.detect`."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: DetDataSample) -> InstanceData:
        truth = frame.gt_instances
        truth = truth[truth.visibilities >= self.min_visibility]
        scale = truth.bboxes.new_tensor(tuple(frame.scale_factor) * 2)
        return InstanceData(
            bboxes=truth.bboxes / scale,
            scores=truth.bboxes.new_ones(len(truth)),
            labels=truth.labels)
