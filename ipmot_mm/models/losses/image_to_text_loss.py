"""The loss that aligns embeddings with the texts of the TrackBook."""
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.registry import MODELS

from .precision import at_least_float32

NO_TEXT = -1
"""Class of an embedding that the loss leaves out."""
EXCLUDED = -1e30
"""Logit of a text that is no class."""


@MODELS.register_module()
class ImageToTextLoss(nn.Module):
    """Classify an embedding among the texts of the identities of the clip.

    Implements L_i2tce of the paper, Eq. 10: cross entropy over s(e, text_k)
    with the smoothed target (1 - eps) [k = y] + eps / K. The texts carry no
    gradient: the TrackBook was optimised before (Algorithm 1, lines 9, 18).
    Smoothing as in Syliz517/CLIP-ReID@eb1898b, loss/softmax_loss.py:33.
    Float32, also under autocast.

    Args:
        label_smoothing (float): Epsilon. Defaults to 0.1.
        logit_scale (float, optional): Factor of the cosine similarity, for a
            TrackBook with ``normalize_features``. None for the dot product of
            Eq. 1. Defaults to None.
        loss_weight (float): Lambda_i2tce of Eq. 11. Defaults to 4.0.
    """

    def __init__(self,
                 *,
                 label_smoothing: float = 0.1,
                 logit_scale: Optional[float] = None,
                 loss_weight: float = 4.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError('label_smoothing must lie in [0, 1), got '
                             f'{label_smoothing}.')
        self.label_smoothing = label_smoothing
        self.logit_scale = logit_scale
        self.loss_weight = loss_weight

    def forward(self, embeddings: Tensor, texts: Tensor,
                class_inds: Tensor) -> Tensor:
        """Compare the embeddings of a pool with the texts of the pool.

        The classes of a pool are the texts that ``class_inds`` names in it;
        other texts play no part.

        Args:
            embeddings (Tensor): B pools, one for each clip and layer, padded
                to E embeddings each, has shape (B, E, D).
            texts (Tensor): Text features of all identities of the batch, has
                shape (P, D).
            class_inds (Tensor): Row of ``texts`` of each embedding,
                ``NO_TEXT`` where it has none and on padding, int64, has shape
                (B, E).

        Returns:
            Tensor: Weighted mean over the embeddings of each pool that have a
            text, has shape (B, ); zero with a graph where there are less than
            two texts to tell apart.
        """
        if len(texts) < 2:
            return at_least_float32(embeddings).sum((1, 2)) * 0
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = at_least_float32(embeddings)
            texts = texts.detach().to(embeddings)
            if self.logit_scale is not None:
                embeddings = F.normalize(embeddings, dim=-1)
                texts = self.logit_scale * F.normalize(texts, dim=-1)
            rows = torch.arange(len(texts), device=texts.device)
            is_own = class_inds[..., None] == rows  # (B, E, P)
            is_class = is_own.any(1, keepdim=True)  # (B, 1, P)
            # Finite, so that a pool without any class has a finite softmax;
            # e to that power is exactly 0 beside any other.
            log_probs = (embeddings @ texts.T).masked_fill(
                ~is_class, EXCLUDED).log_softmax(-1)
            num_classes = is_class.sum(2)  # (B, 1)
            own = log_probs.gather(2, class_inds.clamp(min=0)[..., None])
            smooth = torch.where(is_class, log_probs, 0).sum(2)
            likelihood = torch.lerp(
                own.squeeze(2), smooth / num_classes.clamp(min=1),
                self.label_smoothing)
            has_text = class_inds != NO_TEXT  # (B, E)
            total = torch.where(has_text, likelihood, 0).sum(1)
            mean = total / has_text.sum(1).clamp(min=1)
            mean = torch.where(num_classes[:, 0] > 1, mean, 0)
        return -self.loss_weight * mean
