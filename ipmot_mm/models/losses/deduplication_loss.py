"""Supervision of the deduplication confidence d."""
import torch
from torch import Tensor, nn
from torch.nn import functional

from ipmot_mm.registry import MODELS

from .focal_loss import sigmoid_focal_loss
from .precision import at_least_float32


@MODELS.register_module()
class DeduplicationLoss(nn.Module):
    """Is this query the one that carries a target?

    The paper gives d no loss; the label follows from its purpose. The class
    confidence c learns all objects with every query, so d must tell a target's
    one carrier (its track query; the detect query of an object without
    track) from duplicates and background. Background is a negative by
    default: s is a square root, and an unconstrained d near 1 would lift a
    weak c above the threshold.

    Args:
        mode (str): ``focal`` on d, ``bce`` on d, or ``score``: focal on the
            product sigmoid(c) sigmoid(d). Defaults to ``focal``.
        ignores_background (bool): Learn from matched detect queries and
            tracks alone. Defaults to False.
        loss_weight (float): Defaults to 2.0, as lambda_cls.
        alpha (float): Of the focal loss. Defaults to 0.25.
        gamma (float): Of the focal loss. Defaults to 2.0.
    """

    def __init__(self,
                 *,
                 mode: str = 'focal',
                 ignores_background: bool = False,
                 loss_weight: float = 2.0,
                 alpha: float = 0.25,
                 gamma: float = 2.0) -> None:
        super().__init__()
        if mode not in ('focal', 'bce', 'score'):
            raise ValueError('dedup.mode must be "focal", "bce" or "score", '
                             f'got {mode!r}.')
        self.mode = mode
        self.ignores_background = ignores_background
        self.loss_weight = loss_weight
        self.alpha = alpha
        self.gamma = gamma

    def forward(self, logits: Tensor, cls_logits: Tensor, targets: Tensor,
                is_valid: Tensor, is_background: Tensor) -> Tensor:
        """Sum over the queries of all frames of N clips, S together.

        Args:
            logits (Tensor): d before the sigmoid, has shape (N, S).
            cls_logits (Tensor): c before the sigmoid, of the last layer, has
                shape (N, S, K).
            targets (Tensor): 1 for the carrier of a target, 0 elsewhere, has
                shape (N, S).
            is_valid (Tensor): False on padding, bool, has shape (N, S).
            is_background (Tensor): True for detect queries without object,
                bool, has shape (N, S).

        Returns:
            Tensor: Weighted sum, not normalised, has shape ().
        """
        learns = is_valid
        if self.ignores_background:
            learns = learns & ~is_background
        logits = at_least_float32(logits)
        if self.mode == 'focal':
            loss = sigmoid_focal_loss(logits, targets > 0, self.alpha,
                                      self.gamma)
        elif self.mode == 'bce':
            loss = functional.binary_cross_entropy_with_logits(
                logits, targets.to(logits), reduction='none')
        else:
            cls_scores = at_least_float32(cls_logits).sigmoid().amax(-1)
            loss = self._focal_of_score(cls_scores, logits, targets)
        return self.loss_weight * torch.where(learns, loss, 0).sum()

    def _focal_of_score(self, cls_scores: Tensor, logits: Tensor,
                        targets: Tensor) -> Tensor:
        """Focal loss of the product; never of its root, whose gradient is
        unbounded at 0."""
        score = (cls_scores * logits.sigmoid()).clamp(1e-6, 1 - 1e-6)
        positive = self.alpha * (1 - score).pow(self.gamma) * score.log()
        negative = (1 - self.alpha) * score.pow(
            self.gamma) * (1 - score).log()
        return -torch.where(targets > 0, positive, negative)
