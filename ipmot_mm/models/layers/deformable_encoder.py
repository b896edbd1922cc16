"""Deformable encoder on Python shapes, with optional checkpointing."""
from typing import Optional, Sequence, Tuple

import torch
from mmcv.cnn import build_norm_layer
from mmcv.cnn.bricks.transformer import FFN
from mmdet.models.layers import (DeformableDetrTransformerEncoder,
                                 DeformableDetrTransformerEncoderLayer)
from mmengine.model import ModuleList
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.registry import MODELS

from .size_cache import SizeCache

OWN_OUTPUT = dict(act_cfg=dict(type='ReLU', inplace=False))
"""Of a feed-forward network. mmcv changes the output of the linear layer,
which is a view; torch then copies its gradient twice, and with 2048 hidden
channels these are the largest tensors of the backward pass."""


class DeformableEncoderLayer(DeformableDetrTransformerEncoderLayer):
    """mmdet's layer around our attention; the same parameter names."""

    def _init_layers(self) -> None:
        self.self_attn = MultiScaleDeformableAttention(**self.self_attn_cfg)
        self.embed_dims = self.self_attn.embed_dims
        self.ffn = FFN(**{**OWN_OUTPUT, **self.ffn_cfg})
        self.norms = ModuleList([
            build_norm_layer(self.norm_cfg, self.embed_dims)[1]
            for _ in range(2)
        ])

    def forward(self, query: Tensor, query_pos: Tensor,
                key_padding_mask: Optional[Tensor],
                spatial_shapes: Sequence[Tuple[int, int]],
                reference_points: Tensor) -> Tensor:
        """Attend to the own feature map, then the feed-forward network.

        Args:
            query (Tensor): Features of all levels, has shape (B, S, C).
            query_pos (Tensor): Positional encoding, has shape (B, S, C).
            key_padding_mask (Tensor, optional): True on padding, (B, S).
            spatial_shapes (sequence[tuple[int, int]]): (h, w) per level.
            reference_points (Tensor): Has shape (B, S, V, 2).

        Returns:
            Tensor: Has shape (B, S, C).
        """
        query = self.self_attn(
            query,
            value=query,
            spatial_shapes=spatial_shapes,
            reference_points=reference_points,
            query_pos=query_pos,
            key_padding_mask=key_padding_mask)
        return self.norms[1](self.ffn(self.norms[0](query)))


@MODELS.register_module()
class DeformableEncoder(DeformableDetrTransformerEncoder):
    """Encoder of Deformable DETR; it never sees a track query.

    Args:
        num_layers (int): Number of layers.
        layer_cfg (dict): ``self_attn_cfg`` and ``ffn_cfg`` of a layer.
        with_cp (bool): Whether to recompute the layers in the backward pass
            instead of storing them (non-reentrant, so that it works under
            DDP). Defaults to False.
    """

    def __init__(self,
                 *,
                 num_layers: int,
                 layer_cfg: dict,
                 with_cp: bool = False,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(
            num_layers=num_layers, layer_cfg=layer_cfg, init_cfg=init_cfg)
        self.with_cp = with_cp
        self._centres_of_size = SizeCache()

    def _init_layers(self) -> None:
        self.layers = ModuleList([
            DeformableEncoderLayer(**self.layer_cfg)
            for _ in range(self.num_layers)
        ])
        self.embed_dims = self.layers[0].embed_dims

    def forward(self, query: Tensor, query_pos: Tensor,
                key_padding_mask: Optional[Tensor],
                spatial_shapes: Sequence[Tuple[int, int]],
                valid_ratios: Tensor) -> Tensor:
        """Encode the flattened features of B frames.

        Args:
            query (Tensor): Has shape (B, S, C).
            query_pos (Tensor): Has shape (B, S, C).
            key_padding_mask (Tensor, optional): True on padding, (B, S);
                None where nothing is padded.
            spatial_shapes (tuple[tuple[int, int]]): (h, w) per level.
            valid_ratios (Tensor): Unpadded share, has shape (B, V, 2). Read
                only where something is padded.

        Returns:
            Tensor: Memory, has shape (B, S, C).
        """
        if key_padding_mask is None:
            references = self._centres(spatial_shapes, query.device)
            references = references[None, :, None].expand(
                len(query), -1, len(spatial_shapes), -1)
        else:
            references = self.get_encoder_reference_points(
                spatial_shapes, valid_ratios, device=query.device)
        for layer in self.layers:
            inputs = (query, query_pos, key_padding_mask, spatial_shapes,
                      references)
            if self.with_cp and self.training:
                query = checkpoint(layer, *inputs, use_reentrant=False)
            else:
                query = layer(*inputs)
        return query

    def _centres(self, spatial_shapes: Sequence[Tuple[int, int]],
                 device: torch.device) -> Tensor:
        """Centre of every position in its own level, (S, 2)."""
        if self.training:
            return _centres(spatial_shapes, device)
        return self._centres_of_size.get(
            spatial_shapes, device, lambda: _centres(spatial_shapes, device))

    @staticmethod
    def get_encoder_reference_points(
            spatial_shapes: Sequence[Tuple[int, int]], valid_ratios: Tensor,
            device: torch.device) -> Tensor:
        """Centre of every position, seen from every level.

        As mmdet's, with Python shapes instead of a tensor that is read back
        from the device for each level.

        Returns:
            Tensor: (x, y) in [0, 1], has shape (B, S, V, 2).
        """
        sizes = [height * width for height, width in spatial_shapes]
        centres = torch.cat([
            centre / ratio[:, None] for centre, ratio in zip(
                _centres(spatial_shapes, device).split(sizes),
                valid_ratios.unbind(1))
        ], 1)
        return centres[:, :, None] * valid_ratios[:, None]


def _centres(spatial_shapes: Sequence[Tuple[int, int]],
             device: torch.device) -> Tensor:
    centres = []
    for height, width in spatial_shapes:
        y = (torch.arange(height, device=device) + 0.5) / height
        x = (torch.arange(width, device=device) + 0.5) / width
        centres += [
            torch.stack([x.expand(height, -1), y[:, None].expand(-1, width)],
                        -1).flatten(0, 1)
        ]
    return torch.cat(centres)
