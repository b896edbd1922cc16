"""Decoders that decode detect and track queries together."""
from dataclasses import dataclass
from typing import Optional, Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks.transformer import FFN, MultiheadAttention
from mmdet.models.layers import (MLP, DeformableDetrTransformerDecoderLayer,
                                 coordinate_to_encoding, inverse_sigmoid)
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import FrameMemory


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
        self.self_attn = MultiheadAttention(**self.self_attn_cfg)
        self.cross_attn = MultiScaleDeformableAttention(**self.cross_attn_cfg)
        self.embed_dims = self.self_attn.embed_dims
        self.ffn = FFN(**self.ffn_cfg)
        self.norms = ModuleList([
            build_norm_layer(self.norm_cfg, self.embed_dims)[1]
            for _ in range(3)
        ])

    def forward(self, query: Tensor, query_pos: Tensor, is_padding: Tensor,
                memory: FrameMemory, reference_points: Tensor) -> Tensor:
        """Self-attention, deformable cross-attention, feed-forward.

        Args:
            query (Tensor): Content, has shape (N, Q, C).
            query_pos (Tensor): Has shape (N, Q, C).
            is_padding (Tensor): Queries that nobody may attend to, bool, has
                shape (N, Q).
            memory (:obj:`FrameMemory`): The frame.
            reference_points (Tensor): Scaled by the valid ratios, has shape
                (N, Q, V, 2) or (N, Q, V, 4).

        Returns:
            Tensor: Has shape (N, Q, C).
        """
        query = self.self_attn(
            query,
            query_pos=query_pos,
            key_pos=query_pos,
            key_padding_mask=is_padding)
        query = self.cross_attn(
            self.norms[0](query),
            value=memory.features,
            spatial_shapes=memory.spatial_shapes,
            reference_points=reference_points,
            query_pos=query_pos,
            key_padding_mask=memory.padding_mask)
        return self.norms[2](self.ffn(self.norms[1](query)))


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
        hidden_states, bboxes, is_padding = [], [], ~valid
        for layer_id, layer in enumerate(self.layers):
            last_content, last_anchors = content, anchors
            active = slice(None)
            if layer_id < self.num_detect_only_layers:
                active = slice(num_detect_queries)
            references = self._scale(anchors[:, active], memory)
            position = None if query_pos is None else query_pos[:, active]
            inputs = (content[:, active],
                      self.position(content[:, active], position, references,
                                    layer_id), is_padding[:, active], memory,
                      self._sampled_references(references, layer_id))
            if self.with_cp and self.training:
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
            return (delta + inverse_sigmoid(anchors.float())).sigmoid()

    @staticmethod
    def _scale(anchors: Tensor, memory: FrameMemory) -> Tensor:
        """Anchors in the padded frame of each level, (N, Q, V, 4)."""
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
    embedding has the order (y, x, w, h) of mmdet's
    :func:`coordinate_to_encoding`, as the official checkpoint expects.
    """

    first_reference_dims = 4

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        dims = self.embed_dims
        self.query_scale = MLP(dims, dims, dims, 2)
        self.ref_point_head = MLP(dims * 2, dims, dims, 2)

    def position(self, content: Tensor, query_pos: Optional[Tensor],
                 references: Tensor, layer_id: int) -> Tensor:
        """Position from the anchor, see the class."""
        sine = coordinate_to_encoding(references[:, :, 0],
                                      self.embed_dims // 2)
        position = self.ref_point_head(sine.to(content.dtype))
        if layer_id == 0:
            return position
        return self.query_scale(content) * position
