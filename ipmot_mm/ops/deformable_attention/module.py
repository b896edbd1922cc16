"""The attention module of the encoder and decoder."""
from typing import Optional, Sequence, Tuple

from mmcv.ops import MultiScaleDeformableAttention as MMCVDeformableAttention
from torch import Tensor

from .backends import check_choice, deformable_attention


class MultiScaleDeformableAttention(MMCVDeformableAttention):
    """mmcv's module with Python shapes and a choice of kernels.

    Parameters, names and initialisation are mmcv's, so its checkpoints load.
    The kernel is that of :func:`deformable_attention`. Positions and sums
    are float32, also under autocast; the result has the type of the values.

    Args:
        dropout (float): Dropout of the output. mmcv's default of 0.1 is not
            that of the official models. Defaults to 0.0.
        backend (str, optional): 'auto', 'deformops', 'mmcv', 'triton' or
            'torch'. Defaults to what :func:`set_default_backend` or the
            environment variable IPMOT_DEFORMABLE_BACKEND say, else 'auto'.
        kwargs: As mmcv's, batch first.

    Raises:
        ValueError: If there is no such backend.
    """

    def __init__(self,
                 *,
                 dropout: float = 0.0,
                 backend: Optional[str] = None,
                 **kwargs) -> None:
        kwargs['batch_first'] = True
        super().__init__(dropout=dropout, **kwargs)
        self.backend = backend and check_choice(backend, 'backend')

    def forward(self,
                query: Tensor,
                value: Optional[Tensor] = None,
                spatial_shapes: Sequence[Tuple[int, int]] = (),
                reference_points: Optional[Tensor] = None,
                query_pos: Optional[Tensor] = None,
                key_padding_mask: Optional[Tensor] = None,
                projected_value: Optional[Tensor] = None) -> Tensor:
        """Sample values around the reference points and add to the query.

        Letters: N batch, Q queries, S positions, V levels, C dims, H heads,
        D = C / H.

        Args:
            query (Tensor): Has shape (N, Q, C).
            value (Tensor, optional): To be projected here, (N, S, C).
            spatial_shapes (sequence[tuple[int, int]]): Height and width of
                each level.
            reference_points (Tensor): (cx, cy) or (cx, cy, w, h) in [0, 1],
                has shape (N, Q, V, 2) or (N, Q, V, 4).
            query_pos (Tensor, optional): Added to the query, (N, Q, C).
            key_padding_mask (Tensor, optional): True on padding, has shape
                (N, S). Belongs to ``value``.
            projected_value (Tensor, optional): Result of
                :meth:`project_value`, given instead of ``value``; strided
                like a slice of a product for all layers, or contiguous. Has
                shape (N, S, H, D).

        Returns:
            Tensor: Has shape (N, Q, C), the query included as residual.
        """
        identity = query
        if query_pos is not None:
            query = query + query_pos
        bs, num_queries, _ = query.shape
        shape = (bs, num_queries, self.num_heads, self.num_levels,
                 self.num_points)
        if projected_value is None:
            projected_value = self.project_value(value, key_padding_mask)
        # under autocast, one copy for both products
        query = query.to(projected_value.dtype)
        offsets = self.sampling_offsets(query).view(*shape, 2)
        logits = self.attention_weights(query).view(shape)
        output = deformable_attention(projected_value, spatial_shapes,
                                      reference_points, offsets, logits,
                                      self.backend)
        return self.dropout(self.output_proj(output)) + identity

    def project_value(self,
                      value: Tensor,
                      key_padding_mask: Optional[Tensor] = None) -> Tensor:
        """Values of every head, zero on padding.

        Args:
            value (Tensor): Has shape (N, S, C).
            key_padding_mask (Tensor, optional): True on padding, (N, S).

        Returns:
            Tensor: Has shape (N, S, H, D).
        """
        value = self.value_proj(value)
        if key_padding_mask is not None:
            value = value.masked_fill(key_padding_mask[..., None], 0.0)
        return value.unflatten(-1, (self.num_heads, -1))
