"""The loss that pulls embeddings of one identity together."""
import torch
from torch import Tensor, nn

from ipmot_mm.registry import MODELS

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

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Compare all embeddings of a clip with each other.

        Args:
            embeddings (Tensor): Has shape (E, D).
            identities (Tensor): Identity of each, int64, has shape (E, ).

        Returns:
            Tensor: Weighted mean, a scalar; zero with a graph where no anchor
            has both a positive and a negative.
        """
        if len(embeddings) == 0:
            return embeddings.float().sum() * 0
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = embeddings.float()
            if self.normalize:
                embeddings = nn.functional.normalize(embeddings, dim=-1)
            # Differences, not expanded squares: exact for near twins, whose
            # gradient is 0 instead of infinite.
            distances = torch.cdist(
                embeddings,
                embeddings,
                compute_mode='donot_use_mm_for_euclid_dist')  # (E, E)
            is_same = identities[:, None] == identities[None, :]
            is_self = torch.eye(
                len(identities), dtype=torch.bool, device=identities.device)
            mine = self._mine_hard if self.mode == 'hard' else self._mine_all
            loss = mine(distances, is_same & ~is_self, ~is_same)
        return self.loss_weight * loss

    def _mine_hard(self, distances: Tensor, is_positive: Tensor,
                   is_negative: Tensor) -> Tensor:
        farthest = distances.masked_fill(~is_positive, -torch.inf).amax(1)
        nearest = distances.masked_fill(~is_negative, torch.inf).amin(1)
        is_anchor = is_positive.any(1) & is_negative.any(1)  # (E, )
        violations = (farthest - nearest + self.margin).clamp(min=0)
        violations = violations.masked_fill(~is_anchor, 0)
        return violations.sum() / is_anchor.sum().clamp(min=1)

    def _mine_all(self, distances: Tensor, is_positive: Tensor,
                  is_negative: Tensor) -> Tensor:
        anchors, positives = is_positive.nonzero(as_tuple=True)
        is_triplet = is_negative[anchors]  # (pairs, E)
        violations = (
            distances[anchors, positives, None] - distances[anchors] +
            self.margin).clamp(min=0)
        violations = violations.masked_fill(~is_triplet, 0)
        return violations.sum() / is_triplet.sum().clamp(min=1)
