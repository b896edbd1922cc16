"""The loss that teaches the TrackBook to describe identities."""
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.registry import MODELS

T2I_FORMS = ('mean_of_logs', 'sum_in_log')
T2I_WEIGHTINGS = ('sample', 'identity')


@MODELS.register_module()
class ImageTextContrastiveLoss(nn.Module):
    r"""Contrast crops with the texts of their identities, both ways.

    Implements L_i2t and L_t2i of the paper, Eq. 2 to 4, in which every crop
    brings its own copy of the text of its identity. The copies are not made:
    with n_k crops of identity k they equal one text that counts n_k times,

    .. math::
        L_{i2t} = \frac{1}{B} \sum_i \Big[ \log \sum_k n_k e^{s_{ik}}
            - s_{i,y_i} \Big], \qquad
        p_{ik} = \frac{e^{s_{ik}}}{\sum_a e^{s_{ak}}}.

    Identity k then contributes to L_t2i, with P(k) its crops:

    * ``mean_of_logs``: the mean of -log p_ik over P(k), as in the supervised
      contrastive loss of Syliz517/CLIP-ReID@eb1898b,
      loss/supcontrast.py:10-30;
    * ``sum_in_log``: -1/n_k times the log of the sum of p_ik over P(k), the
      letter of Eq. 4. One crop that fits is enough to satisfy it.

    The similarity s is a plain dot product (Eq. 1) as in CLIP-ReID, whose
    features keep their norm; ``logit_scale`` selects CLIP's own scaled cosine
    instead. All arithmetic is in float32, also under autocast.

    Args:
        t2i_form (str): ``'mean_of_logs'`` or ``'sum_in_log'``. Defaults to
            ``'mean_of_logs'``.
        t2i_weighting (str): How identities are averaged in L_t2i:
            ``'sample'`` by n_k / B, as in CLIP-ReID, or ``'identity'`` alike.
            Defaults to ``'sample'``.
        logit_scale (float, optional): Factor of the cosine. None for the dot
            product. Defaults to None.
        loss_weight_i2t (float): Weight of L_i2t. Defaults to 1.0.
        loss_weight_t2i (float): Weight of L_t2i. Defaults to 1.0.
    """

    def __init__(self,
                 *,
                 t2i_form: str = 'mean_of_logs',
                 t2i_weighting: str = 'sample',
                 logit_scale: Optional[float] = None,
                 loss_weight_i2t: float = 1.0,
                 loss_weight_t2i: float = 1.0) -> None:
        super().__init__()
        if t2i_form not in T2I_FORMS:
            raise ValueError(
                f't2i_form must be one of {T2I_FORMS}, got {t2i_form!r}.')
        if t2i_weighting not in T2I_WEIGHTINGS:
            raise ValueError(f't2i_weighting must be one of {T2I_WEIGHTINGS}, '
                             f'got {t2i_weighting!r}.')
        self.t2i_form = t2i_form
        self.t2i_weighting = t2i_weighting
        self.logit_scale = logit_scale
        self.loss_weight_i2t = loss_weight_i2t
        self.loss_weight_t2i = loss_weight_t2i

    def forward(self, features: Tensor, texts: Tensor,
                class_inds: Tensor) -> Tuple[Tensor, Tensor]:
        """Compare B crops with the texts of their K identities.

        Args:
            features (Tensor): Image features, has shape (B, D).
            texts (Tensor): Text features of the K identities, each of which
                owns at least one crop, has shape (K, D).
            class_inds (Tensor): Row of ``texts`` of each crop, int64, has
                shape (B, ).

        Returns:
            tuple[Tensor, Tensor]: Weighted L_i2t and L_t2i, scalars. Zero
            with a graph where there is no crop.
        """
        if len(features) == 0:
            zero = texts.float().sum() * 0
            return zero, zero
        with torch.autocast(features.device.type, enabled=False):
            logits = self._similarity(features.float(), texts.float())
            # one_hot would look at the values first
            is_own = class_inds[:, None] == torch.arange(
                len(texts), device=texts.device)  # (B, K)
            loss_i2t = self._image_to_text(logits, class_inds, is_own.sum(0))
            loss_t2i = self._text_to_image(logits, is_own)
        return (self.loss_weight_i2t * loss_i2t,
                self.loss_weight_t2i * loss_t2i)

    def _similarity(self, features: Tensor, texts: Tensor) -> Tensor:
        if self.logit_scale is None:
            return features @ texts.T
        features = F.normalize(features, dim=-1)
        return self.logit_scale * features @ F.normalize(texts, dim=-1).T

    @staticmethod
    def _image_to_text(logits: Tensor, class_inds: Tensor,
                       counts: Tensor) -> Tensor:
        log_norm = (logits + counts.log()).logsumexp(1)  # (B, )
        own = logits.gather(1, class_inds[:, None]).squeeze(1)
        return (log_norm - own).mean()

    def _text_to_image(self, logits: Tensor, is_own: Tensor) -> Tensor:
        counts = is_own.sum(0)  # (K, )
        log_probs = logits.log_softmax(0)  # over all crops, (B, K)
        if self.t2i_form == 'mean_of_logs':
            summed = log_probs.masked_fill(~is_own, 0).sum(0)
        else:
            summed = log_probs.masked_fill(~is_own, -torch.inf).logsumexp(0)
        per_identity = -summed / counts
        if self.t2i_weighting == 'identity':
            return per_identity.mean()
        return (per_identity * counts).sum() / len(logits)
