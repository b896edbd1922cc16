"""Decoders that decode detect and track queries together."""
from dataclasses import dataclass
from typing import Optional, Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks.transformer import FFN
from mmdet.models.layers import MLP, DeformableDetrTransformerDecoderLayer
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import FrameMemory

from .anchor_encoding import AnchorEncoding
from .deformable_encoder import OWN_OUTPUT
from .query_attention import QueryAttention

LOGIT_EPS = 1e-5
"""Where anchors are cut before the logit, as in the official code."""


@dataclass(frozen=True)
class DecodedQueries:
    """What the decoder returns for one frame.

    Letters: L layers, N batch, Q = Qd + Qt queries, C dims.

    Attributes:
        hidden_states (Tensor): Output of each layer, (L, N, Q, C).
        bboxes (Tensor): (cx, cy, w, h) in [0, 1], gradient through the box
            branch of the own layer alone, has shape (L, N, Q, 4).
        last_content (Tensor): Content entering the last layer, (N, Q, C).
        last_anchors (Tensor): Anchors entering the last layer, (N, Q, 4).
    """
    hidden_states: Tensor
    bboxes: Tensor
    last_content: Tensor
    last_anchors: Tensor


class DeformableDecoderLayer(DeformableDetrTransformerDecoderLayer):
    """mmdet's layer with a mask for padded queries in the self-attention."""

    def _init_layers(self) -> None:
        self.self_attn = QueryAttention(**self.self_attn_cfg)
        self.cross_attn = MultiScaleDeformableAttention(**self.cross_attn_cfg)
        self.embed_dims = self.self_attn.embed_dims
        self.ffn = FFN(**{**OWN_OUTPUT, **self.ffn_cfg})
        self.norms = ModuleList([
            build_norm_layer(self.norm_cfg, self.embed_dims)[1]
            for _ in range(3)
        ])

    def forward(self,
                query: Tensor,
                query_pos: Tensor,
                valid: Optional[Tensor],
                memory: FrameMemory,
                reference_points: Tensor,
                value: Optional[Tensor] = None) -> Tensor:
        """Self-attention, deformable cross-attention, feed-forward.

        Args:
            query (Tensor): Content, has shape (N, Q, C).
            query_pos (Tensor): Has shape (N, Q, C).
            valid (Tensor, optional): False for queries that nobody may attend
                to, bool, has shape (N, Q). None where all are.
            memory (:obj:`FrameMemory`): The frame.
            reference_points (Tensor): Scaled by the valid ratios, has shape
                (N, Q, V, 2) or (N, Q, V, 4).
            value (Tensor, optional): The frame projected for this layer, see
                :func:`project_values`, (N, S, H, D). None projects it here.

        Returns:
            Tensor: Has shape (N, Q, C).
        """
        query = self.self_attn(query, query_pos, valid)
        if value is None:
            value = self.cross_attn.project_value(memory.features,
                                                  memory.padding_mask)
        query = self.cross_attn(
            self.norms[0](query),
            projected_value=value,
            spatial_shapes=memory.spatial_shapes,
            reference_points=reference_points,
            query_pos=query_pos)
        return self.norms[2](self.ffn(self.norms[1](query)))


def project_values(layers: Sequence[DeformableDecoderLayer],
                   memory: FrameMemory) -> Sequence[Tensor]:
    """Project a frame for all layers in one product.

    The projections read no query. In the backward pass the gradients of all
    layers wait for each other: L times N * S * C numbers, of one frame.

    Args:
        layers (sequence[:class:`DeformableDecoderLayer`]): L of them.
        memory (:obj:`FrameMemory`): Of N frames.

    Returns:
        sequence[Tensor]: L times what ``project_value`` of the layer's
        cross-attention gives, slices of one tensor, (N, S, H, D).
    """
    projections = [layer.cross_attn.value_proj for layer in layers]
    values = F.linear(
        memory.features,
        torch.cat([projection.weight for projection in projections]),
        torch.cat([projection.bias for projection in projections]))
    if memory.padding_mask is not None:
        values = values.masked_fill(memory.padding_mask[..., None], 0.0)
    num_heads = layers[0].cross_attn.num_heads
    return values.unflatten(-1, (len(layers), num_heads, -1)).unbind(2)


@MODELS.register_module()
class DeformableDecoder(BaseModule):
    """Decoder of the plain Deformable DETR with box refinement (IP-MOT*).

    The first ``num_detect_only_layers`` layers decode detect queries alone;
    track queries join after them untouched, as in MeMOTR @7de13f4
    (models/deformable_decoder.py:275-319). The first layer samples around
    the centre of the reference alone, later ones around the refined box.

    Args:
        num_layers (int): L.
        layer_cfg (dict): ``self_attn_cfg``, ``cross_attn_cfg``, ``ffn_cfg``.
        num_detect_only_layers (int): Layers without track queries; 0 as in
            MOTR. Defaults to 1.
        with_cp (bool): Whether to recompute the layers in the backward pass.
            Defaults to False.
    """

    first_reference_dims = 2

    def __init__(self,
                 *,
                 num_layers: int,
                 layer_cfg: dict,
                 num_detect_only_layers: int = 1,
                 with_cp: bool = False,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if not 0 <= num_detect_only_layers < num_layers:
            raise ValueError(
                'decoder.num_detect_only_layers must be in [0, num_layers = '
                f'{num_layers}), got {num_detect_only_layers}; at least the '
                'last layer must decode the track queries.')
        self.num_layers = num_layers
        self.num_detect_only_layers = num_detect_only_layers
        self.with_cp = with_cp
        self.layers = ModuleList(
            [DeformableDecoderLayer(**layer_cfg) for _ in range(num_layers)])
        self.embed_dims = self.layers[0].embed_dims

    def forward(self, *, content: Tensor, anchors: Tensor,
                query_pos: Optional[Tensor], valid: Tensor,
                memory: FrameMemory, num_detect_queries: int,
                reg_branches: Sequence[nn.Module]) -> DecodedQueries:
        """Decode [detect queries ; track queries] of one frame.

        Args:
            content (Tensor): Has shape (N, Q, C).
            anchors (Tensor): (cx, cy, w, h) in [0, 1], has shape (N, Q, 4).
            query_pos (Tensor, optional): Given positional part, (N, Q, C).
            valid (Tensor): False on padding, bool, has shape (N, Q).
            memory (:obj:`FrameMemory`): Of N frames.
            num_detect_queries (int): Qd.
            reg_branches (sequence[nn.Module]): Box branch of each layer.

        Returns:
            :obj:`DecodedQueries`: Of all layers; where a layer leaves track
            queries out, it holds what they entered with.
        """
        hidden_states, bboxes = [], []
        recomputes = self.with_cp and self.training
        # Recomputation would keep them for all layers.
        values: Sequence[Optional[Tensor]] = [None] * self.num_layers
        if not recomputes:
            values = project_values(self.layers, memory)
        for layer_id, layer in enumerate(self.layers):
            last_content, last_anchors = content, anchors
            active, is_valid = slice(None), valid
            if layer_id < self.num_detect_only_layers:
                active = slice(num_detect_queries)
            if content[:, active].size(1) == num_detect_queries:
                is_valid = None  # detect queries are never padding
            references = self._scale(anchors[:, active], memory)
            position = None if query_pos is None else query_pos[:, active]
            inputs = (content[:, active],
                      self.position(content[:, active], position, references,
                                    layer_id), is_valid, memory,
                      self._sampled_references(references, layer_id),
                      values[layer_id])
            if recomputes:
                output = checkpoint(layer, *inputs, use_reentrant=False)
            else:
                output = layer(*inputs)
            bbox = self._refine(reg_branches[layer_id], output,
                                anchors[:, active])
            content = self._replace(content, output)
            bboxes.append(self._replace(anchors, bbox))
            hidden_states.append(content)
            anchors = bboxes[-1].detach()
        return DecodedQueries(
            hidden_states=torch.stack(hidden_states),
            bboxes=torch.stack(bboxes),
            last_content=last_content,
            last_anchors=last_anchors.detach())

    def position(self, content: Tensor, query_pos: Optional[Tensor],
                 references: Tensor, layer_id: int) -> Tensor:
        """Positional part of the queries; here the one that was given.

        Args:
            content (Tensor): Has shape (N, Q, C).
            query_pos (Tensor, optional): Has shape (N, Q, C).
            references (Tensor): Scaled by the valid ratios, (N, Q, V, 4).
            layer_id (int): Which layer asks.

        Returns:
            Tensor: Has shape (N, Q, C).
        """
        return query_pos

    def _sampled_references(self, references: Tensor,
                            layer_id: int) -> Tensor:
        """Centre or box around which the layer samples."""
        if layer_id == 0:
            return references[..., :self.first_reference_dims]
        return references

    @staticmethod
    def _refine(reg_branch: nn.Module, output: Tensor,
                anchors: Tensor) -> Tensor:
        """Boxes of one layer, (N, Q, 4); in float32 also under autocast,
        since half types round a logit to 1 % and 1 - 1e-5 to 1."""
        with torch.autocast(output.device.type, enabled=False):
            delta = reg_branch(output.float())
            logits = torch.logit(anchors.float(), eps=LOGIT_EPS)
            return (delta + logits).sigmoid()

    @staticmethod
    def _scale(anchors: Tensor, memory: FrameMemory) -> Tensor:
        """Anchors in the padded frame of each level, (N, Q, V, 4)."""
        if memory.padding_mask is None:  # all ratios are 1
            return anchors[:, :, None].expand(
                -1, -1, len(memory.spatial_shapes), -1)
        ratios = memory.valid_ratios.repeat(1, 1, 2)  # (N, V, 4)
        return anchors[:, :, None] * ratios[:, None]

    @staticmethod
    def _replace(old: Tensor, new: Tensor) -> Tensor:
        """Put what was decoded in front, keep what was left out."""
        if new.size(1) == old.size(1):
            return new
        return torch.cat([new, old[:, new.size(1):].to(new.dtype)], dim=1)


@MODELS.register_module()
class DABDeformableDecoder(DeformableDecoder):
    """Decoder of DAB-Deformable-DETR: positions come from 4-D anchors.

    ``query_pos = query_scale(content) * ref_point_head(sine(anchor))``, the
    scale being 1 in the first layer, after IDEA-Research/DAB-DETR @723ddb8
    (models/dab_deformable_detr/deformable_transformer.py:379-434). The sine
    embedding has the order (y, x, w, h) that the official checkpoint expects,
    see :class:`AnchorEncoding`.
    """

    first_reference_dims = 4

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        dims = self.embed_dims
        self.anchor_encoding = AnchorEncoding(dims // 2)
        self.query_scale = MLP(dims, dims, dims, 2)
        self.ref_point_head = MLP(dims * 2, dims, dims, 2)

    def position(self, content: Tensor, query_pos: Optional[Tensor],
                 references: Tensor, layer_id: int) -> Tensor:
        """Position from the anchor, see the class."""
        sine = self.anchor_encoding(references[:, :, 0])
        position = self.ref_point_head(sine.to(content.dtype))
        if layer_id == 0:
            return position
        return self.query_scale(content) * position
