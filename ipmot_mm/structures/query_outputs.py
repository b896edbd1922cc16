"""What the detector says of every query of one frame."""
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Optional

import torch
from torch import Tensor


@dataclass(frozen=True)
class QueryOutputs:
    """Predictions of one frame for [detect queries ; track queries].

    Letters: L decoder layers, N batch, Q = Qd + Qt queries (detect first), K
    classes, C query dims, D embedding dims.

    Attributes:
        num_detect_queries (int): Qd, where the track queries begin.
        num_detect_only_layers (int): The first layers that leave track
            queries out; what they hold for them is no prediction.
        valid (Tensor): False for padded track queries, bool, has shape
            (N, Q).
        cls_logits (Tensor): c of Eq. 6 before the sigmoid, has shape
            (L, N, Q, K).
        bboxes (Tensor): (cx, cy, w, h) in [0, 1], has shape (L, N, Q, 4).
        hidden_states (Tensor): Output embeddings O of each layer, has shape
            (L, N, Q, C).
        last_content (Tensor): Content that entered the last layer, has shape
            (N, Q, C). A newborn track starts from it.
        last_anchors (Tensor): Anchors that entered the last layer, (cx, cy,
            w, h) in [0, 1], detached, has shape (N, Q, 4).
        query_pos (Tensor, optional): Positional part of the queries of the
            plain Deformable-DETR, has shape (N, Q, C). None where the anchor
            gives the position.
        dedup_logits (Tensor, optional): d of Eq. 5, has shape (N, Q). None
            without a deduplication module.
        embeddings (Tensor, optional): e of Eq. 9 and 10 for each layer, has
            shape (L, N, Q, D). None at test time.
    """
    num_detect_queries: int
    num_detect_only_layers: int
    valid: Tensor
    cls_logits: Tensor
    bboxes: Tensor
    hidden_states: Tensor
    last_content: Tensor
    last_anchors: Tensor
    query_pos: Optional[Tensor] = None
    dedup_logits: Optional[Tensor] = None
    embeddings: Optional[Tensor] = None

    @cached_property
    def cls_scores(self) -> Tensor:
        """Tensor: sigmoid(c) of the best class of the last layer, has shape
        (N, Q)."""
        return self.cls_logits[-1].float().sigmoid().amax(-1)

    @cached_property
    def scores(self) -> Tensor:
        """Tensor: Tracking score s of Eq. 6, has shape (N, Q).

        s = sqrt(sigmoid(c) * sigmoid(d)) with deduplication, else sigmoid(c).
        Detached: it selects queries, no loss reads it.
        """
        scores = self.cls_scores.detach()
        if self.dedup_logits is None:
            return scores
        dedup_scores = self.dedup_logits.detach().float().sigmoid()
        return (scores * dedup_scores).sqrt()

    @cached_property
    def labels(self) -> Tensor:
        """Tensor: Best class of the last layer, int64, shape (N, Q)."""
        return self.cls_logits[-1].argmax(-1)

    @property
    def num_queries(self) -> int:
        """int: Q, detect and track queries together."""
        return self.valid.size(1)

    @property
    def is_detect(self) -> Tensor:
        """Tensor: True for detect queries, bool, has shape (Q, )."""
        positions = torch.arange(self.num_queries, device=self.valid.device)
        return positions < self.num_detect_queries

    def replace(self, **changes: Any) -> 'QueryOutputs':
        """Copy with some fields changed."""
        return replace(self, **changes)
