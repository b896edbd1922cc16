"""Attention among queries of which some are padding, in few kernels."""
from typing import Optional

import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.transformer import MultiheadAttention
from torch import Tensor, nn


def attend(attention: nn.MultiheadAttention,
           query: Tensor,
           key: Tensor,
           value: Tensor,
           valid: Optional[Tensor] = None,
           bias: Optional[Tensor] = None) -> Tensor:
    """Run an attention module without weights that nobody reads.

    What the module itself gives, which makes a mask of floats out of a mask
    of booleans and projects query and key apart also where they are one
    tensor (torch 2.6, torch/nn/functional.py:5862-6301).

    Args:
        attention (nn.MultiheadAttention): Batch first, with biases, query,
            key and value of the same dims C.
        query (Tensor): Has shape (N, Q, C).
        key (Tensor): Has shape (N, Q, C).
        value (Tensor): Has shape (N, Q, C).
        valid (Tensor, optional): False for those that nobody may attend to,
            bool, has shape (N, Q); one of each sample is True. None where
            all are.
        bias (Tensor, optional): Added to the logits of query and key, has
            shape (N, H, Q, Q) for H heads.

    Returns:
        Tensor: Has shape (N, Q, C).
    """
    dims = attention.embed_dim
    weights, biases = attention.in_proj_weight, attention.in_proj_bias

    def project(source: Tensor, first: int, end: int) -> Tensor:
        rows = slice(first * dims, end * dims)
        projected = F.linear(source, weights[rows], biases[rows])
        # (N, Q, n*C) -> n tensors (N, H, Q, D)
        heads = (end - first, attention.num_heads, attention.head_dim)
        return projected.unflatten(-1, heads).permute(2, 0, 3, 1, 4)

    if query is key is value:
        parts = [*project(query, 0, 3)]
    elif query is key:
        parts = [*project(query, 0, 2), *project(value, 2, 3)]
    else:
        parts = [
            project(source, i, i + 1)[0]
            for i, source in enumerate((query, key, value))
        ]
    mask = None if valid is None else valid[:, None, None]
    if bias is not None:
        mask = bias if mask is None else bias.masked_fill(~mask, -torch.inf)
    attended = F.scaled_dot_product_attention(
        *parts,
        mask,
        dropout_p=attention.dropout if attention.training else 0.0)
    return attention.out_proj(attended.transpose(1, 2).flatten(2))


class QueryAttention(MultiheadAttention):
    """Self-attention of mmcv, without the weights that nobody reads.

    mmcv asks ``nn.MultiheadAttention`` for the attention weights (mmcv 2.1.0,
    mmcv/cnn/bricks/transformer.py:542-547), which keeps torch from using a
    fused kernel. Parameters and their names are mmcv's.

    Dropout is also mmcv's, with one difference: the deprecated ``dropout`` of
    one layer does not become the default of all layers built after it, which
    mmcv's shared default lets happen (mmcv 2.1.0, same file:435-447).

    Args:
        dropout_layer (dict, optional): Dropout of what is added to the
            queries. Defaults to none.
        kwargs: As mmcv's, batch first, biases included.
    """

    def __init__(self,
                 *args,
                 dropout_layer: Optional[dict] = None,
                 **kwargs) -> None:
        # a dict of this layer's own: mmcv writes into it
        own = dict(dropout_layer or dict(type='Dropout', drop_prob=0.0))
        super().__init__(*args, dropout_layer=own, **kwargs)

    def forward(self, query: Tensor, query_pos: Tensor,
                valid: Optional[Tensor]) -> Tensor:
        """Let the queries see each other, and add what they see.

        Args:
            query (Tensor): Has shape (N, Q, C).
            query_pos (Tensor): Has shape (N, Q, C).
            valid (Tensor, optional): As of :func:`attend`.

        Returns:
            Tensor: Has shape (N, Q, C).
        """
        located = query + query_pos
        attended = attend(self.attn, located, located, query, valid)
        return query + self.dropout_layer(self.proj_drop(attended))
