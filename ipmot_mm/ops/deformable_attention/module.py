"""The attention module of the encoder and decoder."""
from typing import Optional, Sequence, Tuple

import torch
from mmcv.ops import MultiScaleDeformableAttention as MMCVDeformableAttention
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction
from torch import Tensor

from .functional import (has_compiled_op, in_full_precision,
                         multi_scale_deformable_attn)


class MultiScaleDeformableAttention(MMCVDeformableAttention):
    """mmcv's module with Python shapes and a choice of kernels.

    Parameters, names and initialisation are mmcv's, so its checkpoints load.
    The kernel is mmcv's compiled one where it exists and the tensors are on
    a CUDA device, else our PyTorch form. Both sample in float32, also under
    autocast, and give the type of the values back.

    Args:
        dropout (float): Dropout of the output. mmcv's default of 0.1 is not
            that of the official models. Defaults to 0.0.
        kwargs: As mmcv's, batch first.
    """

    def __init__(self, *, dropout: float = 0.0, **kwargs) -> None:
        kwargs['batch_first'] = True
        super().__init__(dropout=dropout, **kwargs)

    def forward(self,
                query: Tensor,
                value: Tensor,
                spatial_shapes: Sequence[Tuple[int, int]],
                reference_points: Tensor,
                query_pos: Optional[Tensor] = None,
                key_padding_mask: Optional[Tensor] = None) -> Tensor:
        """Sample ``value`` around the reference points and add to the query.

        Letters: N batch, Q queries, S positions, V levels, C dims.

        Args:
            query (Tensor): Has shape (N, Q, C).
            value (Tensor): Has shape (N, S, C).
            spatial_shapes (sequence[tuple[int, int]]): Height and width of
                each level.
            reference_points (Tensor): (cx, cy) or (cx, cy, w, h) in [0, 1],
                has shape (N, Q, V, 2) or (N, Q, V, 4).
            query_pos (Tensor, optional): Added to the query, (N, Q, C).
            key_padding_mask (Tensor, optional): True on padding, has shape
                (N, S).

        Returns:
            Tensor: Has shape (N, Q, C), the query included as residual.
        """
        identity = query
        if query_pos is not None:
            query = query + query_pos
        bs, num_queries, _ = query.shape
        shape = (bs, num_queries, self.num_heads, self.num_levels,
                 self.num_points)
        value = self.value_proj(value)
        if key_padding_mask is not None:
            value = value.masked_fill(key_padding_mask[..., None], 0.0)
        value = value.view(bs, value.size(1), self.num_heads, -1)
        offsets = self.sampling_offsets(query).view(*shape, 2)
        weights = self.attention_weights(query).view(*shape[:3], -1)
        weights = weights.softmax(-1).view(shape)
        locations = self._sampling_locations(offsets, reference_points,
                                             spatial_shapes)
        output = self._attend(value, spatial_shapes, locations, weights)
        return self.dropout(self.output_proj(output)) + identity

    def _sampling_locations(
            self, offsets: Tensor, reference_points: Tensor,
            spatial_shapes: Sequence[Tuple[int, int]]) -> Tensor:
        """Reference points plus offsets, has shape (N, Q, H, V, P, 2)."""
        references = reference_points[:, :, None, :, None, :].float()
        if references.size(-1) == 2:
            sizes = references.new_tensor([(w, h) for h, w in spatial_shapes])
            return references + offsets / sizes[:, None]
        scales = references[..., 2:] * (0.5 / self.num_points)
        return references[..., :2] + offsets * scales

    def _attend(self, value: Tensor, spatial_shapes: Sequence[Tuple[int,
                                                                    int]],
                locations: Tensor, weights: Tensor) -> Tensor:
        if not (value.is_cuda and has_compiled_op()):
            return multi_scale_deformable_attn(value, spatial_shapes,
                                               locations, weights)
        return self._run_kernel(value, spatial_shapes, locations, weights)

    def _run_kernel(self, value: Tensor, spatial_shapes: Sequence[Tuple[int,
                                                                        int]],
                    locations: Tensor, weights: Tensor) -> Tensor:
        """mmcv's op, which wants one type and knows no bfloat16."""
        shapes = torch.tensor(spatial_shapes, device=value.device)
        starts = shapes.prod(1).cumsum(0) - shapes.prod(1)
        inputs = [
            tensor.contiguous()
            for tensor in in_full_precision(value, locations, weights)
        ]
        output = MultiScaleDeformableAttnFunction.apply(
            inputs[0], shapes, starts, *inputs[1:], self.im2col_step)
        return output.to(value.dtype)
