"""Deduplication module (DEM): which query carries a target."""
from typing import Optional

import torch
from mmdet.models.layers import MLP
from mmengine.model import BaseModule
from torch import Tensor, nn

from ipmot_mm.ops.box_geometry import generalized_iou
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import QueryOutputs

from .anchor_encoding import AnchorEncoding
from .query_attention import attend


@MODELS.register_module()
class DeduplicationModule(BaseModule):
    """d = MLP(MHA([O_det, O_tck])), paper Section 3.4 and Eq. 5.

    Under the query-balanced strategy a tracked target is found by its track
    query and by a detect query. The module looks at all queries of a frame
    and gives each a logit d: high for the one query that carries the target.
    One logit per query, whatever the number of classes.

    The paper draws the attention without residual. A detect query and its
    track twin have nearly the same embedding (supplement, B); without the
    residual both would get nearly the same attention output and could not be
    told apart, so ``with_residual`` is the default.

    Args:
        embed_dims (int): Query dims C. Defaults to 256.
        num_heads (int): Attention heads. Defaults to 8.
        with_residual (bool): LN(X + MHA(X)) instead of MHA(X). Defaults to
            True.
        with_pos (bool): Whether to add an embedding of the predicted box to
            attention queries and keys. Defaults to False.
        with_type_embed (bool): Whether to add a learned vector that says
            detect or track. Defaults to False.
        overlap_scale (float, optional): What each head adds to the logits of
            two queries for each unit of GIoU of their boxes, at first; it is
            learned. A duplicate lies where its track lies, which embeddings
            alone take long to say. None adds nothing. Defaults to None.
        detach_input (bool): Whether to keep the gradient of d out of the
            decoder. Defaults to False.
    """

    def __init__(self,
                 *,
                 embed_dims: int = 256,
                 num_heads: int = 8,
                 with_residual: bool = True,
                 with_pos: bool = False,
                 with_type_embed: bool = False,
                 overlap_scale: Optional[float] = None,
                 detach_input: bool = False,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.detach_input = detach_input
        self.attention = nn.MultiheadAttention(
            embed_dims, num_heads, batch_first=True)
        self.norm = nn.LayerNorm(embed_dims) if with_residual else None
        self.encoding = self.pos_head = None
        if with_pos:
            self.encoding = AnchorEncoding(embed_dims // 2)
            self.pos_head = MLP(embed_dims * 2, embed_dims, embed_dims, 2)
        self.overlap_scales = None
        if overlap_scale is not None:
            self.overlap_scales = nn.Parameter(
                torch.full((num_heads, ), float(overlap_scale)))
        self.type_embed = nn.Embedding(
            2, embed_dims) if with_type_embed else None
        self.mlp = MLP(embed_dims, embed_dims, 1, 2)

    def init_weights(self) -> None:
        """Bias of d is 0, sigmoid(d) = 0.5.

        With the usual prior of 0.01 the score s starts near 0.1 and every
        gate at 0.5 stays shut: no track would ever update.
        """
        super().init_weights()
        nn.init.zeros_(self.mlp.layers[-1].bias)

    def forward(self, outputs: QueryOutputs) -> Tensor:
        """Compare all queries of a frame.

        Args:
            outputs (:obj:`QueryOutputs`): The embeddings of the last layer,
                boxes and padding are read.

        Returns:
            Tensor: d of Eq. 5 before the sigmoid, float32 also under
            autocast, has shape (N, Q).
        """
        hidden = outputs.hidden_states[-1]
        if self.detach_input:
            hidden = hidden.detach()
        if self.type_embed is not None:
            is_track = (~outputs.is_detect).long()
            hidden = hidden + self.type_embed(is_track)
        query = hidden
        if self.pos_head is not None:
            sine = self.encoding(outputs.bboxes[-1].detach())
            query = hidden + self.pos_head(sine.to(hidden.dtype))
        attended = attend(self.attention, query, query, hidden, outputs.valid,
                          self._overlap_bias(outputs, hidden.dtype))
        if self.norm is not None:
            attended = self.norm(hidden + attended)
        with torch.autocast(attended.device.type, enabled=False):
            return self.mlp(attended.float()).squeeze(-1)

    def _overlap_bias(self, outputs: QueryOutputs,
                      dtype: torch.dtype) -> Optional[Tensor]:
        """Has shape (N, H, Q, Q)."""
        if self.overlap_scales is None:
            return None
        bboxes = outputs.bboxes[-1].detach()
        overlaps = generalized_iou(bboxes[:, :, None], bboxes[:, None])
        scales = self.overlap_scales[:, None, None]
        return (scales * overlaps[:, None]).to(dtype)
