"""The loss that pulls embeddings of one identity together."""
import torch
from torch import Tensor, nn

from ipmot_mm.registry import MODELS

from .precision import at_least_float32

MODES = ('hard', 'all')


@MODELS.register_module()
class BatchHardTripletLoss(nn.Module):
    """Keep an identity nearer to itself than to others, by a margin.

    Implements L_tri of the paper, Eq. 9: max(d(a, p) - d(a, n) + margin, 0)
    with Euclidean distances. A clip holds any number of embeddings per
    identity, so mining is masked; the reshape of Syliz517/CLIP-ReID@eb1898b,
    loss/triplet_loss.py:78-83, would need equal counts. An anchor is never
    its own positive, in contrast to that code. Float32, also under autocast.

    Args:
        margin (float): Alpha of Eq. 9. Defaults to 0.3.
        mode (str): ``'hard'`` takes the farthest positive and the nearest
            negative of each anchor and averages over anchors that have both;
            ``'all'`` averages over all triplets. Defaults to ``'hard'``.
        normalize (bool): Whether to scale embeddings to length 1. Defaults to
            False.
        loss_weight (float): Lambda_tri of Eq. 11. Defaults to 2.0.
    """

    def __init__(self,
                 *,
                 margin: float = 0.3,
                 mode: str = 'hard',
                 normalize: bool = False,
                 loss_weight: float = 2.0) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f'mode must be one of {MODES}, got {mode!r}.')
        self.margin = margin
        self.mode = mode
        self.normalize = normalize
        self.loss_weight = loss_weight

    def forward(self, embeddings: Tensor, identities: Tensor,
                is_valid: Tensor) -> Tensor:
        """Compare all embeddings of a pool with each other.

        Mode ``'all'`` waits for the device once, to list the pairs of an
        identity; ``'hard'`` does not.

        Args:
            embeddings (Tensor): B pools, one for each clip and layer, padded
                to E embeddings each, has shape (B, E, D).
            identities (Tensor): Identity of each, int64, has shape (B, E).
            is_valid (Tensor): False on padding, bool, has shape (B, E).

        Returns:
            Tensor: Weighted mean of each pool, has shape (B, ); zero with a
            graph where no anchor has both a positive and a negative.
        """
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = at_least_float32(embeddings)
            if self.normalize:
                embeddings = nn.functional.normalize(embeddings, dim=-1)
            is_pair = is_valid[:, :, None] & is_valid[:, None]
            is_positive = is_pair & (
                identities[:, :, None] == identities[:, None])
            is_negative = is_pair ^ is_positive
            is_positive.diagonal(dim1=1, dim2=2).fill_(False)
            mine = self._mine_hard if self.mode == 'hard' else self._mine_all
            loss = mine(embeddings, is_positive, is_negative)
        return self.loss_weight * loss

    @staticmethod
    def _distances(embeddings: Tensor) -> Tensor:
        """Between all embeddings of a pool, has shape (B, E, E).

        Differences, not expanded squares: exact for near twins, whose
        gradient is 0 instead of infinite.
        """
        return torch.cdist(
            embeddings,
            embeddings,
            compute_mode='donot_use_mm_for_euclid_dist')

    def _mine_hard(self, embeddings: Tensor, is_positive: Tensor,
                   is_negative: Tensor) -> Tensor:
        # Chosen without a graph: on a GPU the gradient of all distances
        # would take E times the memory of the embeddings.
        distances = self._distances(embeddings.detach())
        farthest = torch.where(is_positive, distances, -torch.inf).argmax(2)
        nearest = torch.where(is_negative, distances, torch.inf).argmin(2)
        partners = torch.stack([farthest, nearest], 1)  # (B, 2, E)
        others = embeddings.gather(
            1,
            partners.flatten(1)[..., None].expand(-1, -1, embeddings.size(2)))
        others = others.unflatten(1, partners.shape[1:])
        gaps = torch.linalg.vector_norm(
            embeddings[:, None] - others, dim=-1)  # (B, 2, E)
        violations = (gaps[:, 0] - gaps[:, 1] + self.margin).clamp(min=0)
        is_anchor = is_positive.any(2) & is_negative.any(2)
        violations = torch.where(is_anchor, violations, 0).sum(1)
        return violations / is_anchor.sum(1).clamp(min=1)

    def _mine_all(self, embeddings: Tensor, is_positive: Tensor,
                  is_negative: Tensor) -> Tensor:
        distances = self._distances(embeddings)
        pools, anchors, positives = is_positive.nonzero(as_tuple=True)
        is_triplet = is_negative[pools, anchors]  # (pairs, E)
        violations = (
            distances[pools, anchors, positives, None] -
            distances[pools, anchors] + self.margin).clamp(min=0)
        violations = torch.where(is_triplet, violations, 0).sum(1)
        zeros = violations.new_zeros(len(embeddings))
        counts = zeros.index_add(0, pools, is_triplet.sum(1).to(zeros))
        return zeros.index_add(0, pools, violations) / counts.clamp(min=1)
