"""The loss that aligns embeddings with the texts of the TrackBook."""
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.registry import MODELS


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
        """Compare E embeddings with K texts.

        Args:
            embeddings (Tensor): Has shape (E, D).
            texts (Tensor): Text features of the K identities, has shape
                (K, D).
            class_inds (Tensor): Row of ``texts`` of each embedding, int64,
                has shape (E, ).

        Returns:
            Tensor: Weighted mean over embeddings, a scalar; zero with a graph
            where there is no embedding or less than two texts to tell apart.
        """
        if len(embeddings) == 0 or len(texts) < 2:
            return embeddings.float().sum() * 0
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings, texts = embeddings.float(), texts.detach().float()
            if self.logit_scale is not None:
                embeddings = F.normalize(embeddings, dim=-1)
                texts = self.logit_scale * F.normalize(texts, dim=-1)
            loss = F.cross_entropy(
                embeddings @ texts.T,
                class_inds,
                label_smoothing=self.label_smoothing)
        return self.loss_weight * loss
