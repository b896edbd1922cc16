"""What a causal tower says of the words that all prompts begin with."""
from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KeysValues = List[Tuple[Tensor, Tensor]]
"""Keys and values of each layer, (1, heads, P, head_dims) each."""


@torch.no_grad()
def encode_prefix(blocks: nn.ModuleList, prefix: Tensor) -> KeysValues:
    """Keys and values of the tokens that stand first.

    No later token reaches them, so that those of a frozen tower are
    constants.

    Args:
        blocks (nn.ModuleList): ``ResidualAttentionBlock`` of open_clip.
        prefix (Tensor): Embeddings with their positions added, has shape
            (1, P, C).

    Returns:
        list[tuple[Tensor, Tensor]]: Keys and values of each layer, with
        shape (1, heads, P, C / heads).
    """
    cache = []
    # not what a caller under autocast or inference mode would keep
    with torch.inference_mode(False), torch.autocast(
            prefix.device.type, enabled=False):
        hidden = prefix
        for block in blocks:
            queries, keys, values = _project(block, hidden)
            cache.append((keys, values))
            attended = F.scaled_dot_product_attention(
                queries, keys, values, is_causal=True)
            hidden = _finish(block, hidden, attended)
    return cache


def encode_after_prefix(blocks: nn.ModuleList, hidden: Tensor,
                        cache: KeysValues, mask: Tensor) -> Tensor:
    """Last token of sequences whose first tokens are known.

    Equals the tower run on whole sequences: the others read the first tokens
    as keys and values and in no other way. What the last layer makes of
    tokens but the last one nobody reads, so it is left out.

    Args:
        blocks (nn.ModuleList): As for :func:`encode_prefix`.
        hidden (Tensor): Embeddings of the S tokens after the prefix, with
            their positions added, has shape (K, S, C).
        cache (list[tuple[Tensor, Tensor]]): Of :func:`encode_prefix`.
        mask (Tensor): Rows of the causal mask for these tokens, 0 or -inf,
            has shape (S, P + S).

    Returns:
        Tensor: Has shape (K, C).
    """
    num = len(hidden)
    mask = mask.to(hidden.dtype)
    last = len(blocks) - 1
    for layer, (block, (keys, values)) in enumerate(zip(blocks, cache)):
        queries, new_keys, new_values = _project(block, hidden)
        keys = torch.cat([keys.expand(num, -1, -1, -1), new_keys], dim=2)
        values = torch.cat([values.expand(num, -1, -1, -1), new_values],
                           dim=2)
        if layer == last:
            queries, hidden, mask = queries[:, :, -1:], hidden[:, -1:], None
        attended = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=mask)
        hidden = _finish(block, hidden, attended)
    return hidden[:, -1]


def _project(block: nn.Module,
             hidden: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, each of shape (K, heads, S, head_dims)."""
    attn = block.attn
    joint = F.linear(
        block.ln_1(hidden), attn.in_proj_weight, attn.in_proj_bias)
    joint = joint.unflatten(-1, (3, attn.num_heads, attn.head_dim))
    queries, keys, values = joint.permute(2, 0, 3, 1, 4)
    return queries, keys, values


def _finish(block: nn.Module, hidden: Tensor, attended: Tensor) -> Tensor:
    """What comes after the attention; (K, S, C) from (K, heads, S, dims)."""
    attended = attended.transpose(1, 2).flatten(2)
    hidden = hidden + block.ls_1(block.attn.out_proj(attended))
    return hidden + block.ls_2(block.mlp(block.ln_2(hidden)))
