"""Plain Deformable DETR with track queries, the detector of IP-MOT*."""
from typing import Tuple

import torch
from torch import Tensor, nn

from ipmot_mm.registry import MODELS

from .query_detector import QueryDetector


@MODELS.register_module()
class DeformableDetector(QueryDetector):
    """Detect queries are learned positions and contents.

    The centre of the first reference is a linear function of the position;
    width and height start as 0.5, logit 0, so that the first refinement sets
    them (MCG-NJU/MeMOTR @7de13f4, models/memotr.py:245-253). Paper, Table 1,
    row IP-MOT*. Needs :class:`DeformableDecoder`. Arguments as
    :class:`QueryDetector`.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        # [position | content], the order of mmdet and of the official weights
        self.query_embedding = nn.Embedding(self.num_queries,
                                            self.embed_dims * 2)
        self.reference_points_fc = nn.Linear(self.embed_dims, 2)

    def init_weights(self) -> None:
        """As the base, and Xavier for the first reference points."""
        super().init_weights()
        nn.init.xavier_uniform_(self.reference_points_fc.weight)
        nn.init.zeros_(self.reference_points_fc.bias)

    def detect_queries(self) -> Tuple[Tensor, Tensor, Tensor]:
        """See :meth:`QueryDetector.detect_queries`."""
        position, content = self.query_embedding.weight.chunk(2, dim=1)
        with torch.autocast(position.device.type, enabled=False):
            centres = self.reference_points_fc(position).sigmoid()
        anchors = torch.cat([centres, torch.full_like(centres, 0.5)], dim=-1)
        return content, anchors, position
