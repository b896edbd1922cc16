"""Focal loss in few kernels."""
import torch
from torch import Tensor
from torch.nn import functional


def sigmoid_focal_loss(logits: Tensor,
                       is_positive: Tensor,
                       alpha: float = 0.25,
                       gamma: float = 2.0) -> Tensor:
    """Focal loss of binary decisions (Lin et al., ICCV 2017, Eq. 5).

    Written with the logit of the wrong answer, which halves the kernels of
    mmdet's ``py_sigmoid_focal_loss`` and needs no target of type float.

    Args:
        logits (Tensor): Of any shape.
        is_positive (Tensor): bool, of the same shape.
        alpha (float): Weight of positives, 1 - alpha that of negatives.
            Defaults to 0.25.
        gamma (float): How little sure answers count. Defaults to 2.0.

    Returns:
        Tensor: Not reduced, of the same shape.
    """
    wrong = torch.where(is_positive, -logits, logits)
    losses = wrong.sigmoid().pow(gamma) * functional.softplus(wrong)
    return torch.where(is_positive, alpha * losses, (1 - alpha) * losses)
