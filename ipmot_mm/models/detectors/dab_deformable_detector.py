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
    4.2. Needs :class:`DABDeformableDecoder`.

    Args:
        content_std (float): Standard deviation of the initial contents. The
            default of 1 is the official one; a small value lets the anchors
            speak first in the self-attention, which helps where nothing is
            pretrained. Defaults to 1.0.
        kwargs: As :class:`QueryDetector`.
    """

    def __init__(self, *, content_std: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.content_std = content_std
        self.query_content = nn.Embedding(self.num_queries, self.embed_dims)
        self.query_anchor = nn.Embedding(self.num_queries, 4)

    def init_weights(self) -> None:
        """As the base, and the contents of the detect queries."""
        super().init_weights()
        nn.init.normal_(self.query_content.weight, std=self.content_std)

    def detect_queries(self) -> Tuple[Tensor, Tensor, None]:
        """See :meth:`QueryDetector.detect_queries`."""
        anchors = self.query_anchor.weight.float().sigmoid()
        return self.query_content.weight, anchors, None
