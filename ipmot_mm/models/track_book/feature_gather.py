"""Share the crops of all ranks as features, not as pixels."""
from typing import List, Tuple

import torch
from mmengine.dist import all_gather, get_world_size
from torch import Tensor

from ipmot_mm.structures.packed_transfer import to_device


def gather_features(features: Tensor,
                    identities: Tensor) -> Tuple[Tensor, Tensor]:
    """All crops of all ranks, in the order of the ranks.

    Algorithm 1, line 7 gathers crops; the image tower is frozen, so that
    gathering features is the same at 1/190 of the traffic. Ranks may have
    different numbers of crops, also none; every rank must take part.

    Args:
        features (Tensor): Of this rank, without gradient, has shape (B, D).
        identities (Tensor): Of this rank, on the host, int64, has shape
            (B, ).

    Returns:
        tuple[Tensor, Tensor]: Features and, on the host, identities of all
        ranks, the same on every rank; the arguments themselves in a single
        process.
    """
    if get_world_size() == 1:
        return features, identities
    num = torch.tensor([len(features)], device=features.device)
    nums = torch.cat(all_gather(num)).tolist()
    identities, = to_device([identities.numpy()], features.device)
    return (_gather_ragged(features, nums),
            _gather_ragged(identities, nums).cpu())


def _gather_ragged(values: Tensor, nums: List[int]) -> Tensor:
    # Collectives need equal shapes: gloo aborts the process on ragged ones.
    padded = values.new_zeros(max(nums), *values.shape[1:])
    padded[:len(values)] = values
    parts = all_gather(padded)
    return torch.cat([part[:num] for part, num in zip(parts, nums)])
