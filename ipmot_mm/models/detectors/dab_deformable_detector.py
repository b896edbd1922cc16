"""DAB-Deformable-DETR with track queries, the detector of IP-MOT."""
from typing import Tuple

from torch import Tensor, nn

from ipmot_mm.registry import MODELS

from .query_detector import QueryDetector


@MODELS.register_module()
class DABDeformableDetector(QueryDetector):
    """Detect queries are learned contents and learned 4-D anchors.

    After IDEA-Research/DAB-DETR @723ddb8
    (models/dab_deformable_detr/dab_deformable_detr.py:69-80); paper, Section
    4.2. Needs :class:`DABDeformableDecoder`. Arguments as
    :class:`QueryDetector`.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.query_content = nn.Embedding(self.num_queries, self.embed_dims)
        self.query_anchor = nn.Embedding(self.num_queries, 4)

    def detect_queries(self) -> Tuple[Tensor, Tensor, None]:
        """See :meth:`QueryDetector.detect_queries`."""
        anchors = self.query_anchor.weight.float().sigmoid()
        return self.query_content.weight, anchors, None
