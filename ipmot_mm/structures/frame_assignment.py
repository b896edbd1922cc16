"""Which ground truth each query answers for, in every decoder layer."""
from dataclasses import dataclass

from torch import Tensor

NO_GT = -1
"""Ground-truth index of a query whose target is background."""


@dataclass(frozen=True)
class FrameAssignment:
    """Targets of all queries of one frame, on the host.

    The loss brings those of all frames of a clip to the device at once.
    Letters: L decoder layers, N batch, Q = Qd + Qt queries (detect first).

    Attributes:
        gt_inds (Tensor): Index into the :class:`FrameTargets` of the sample
            or ``NO_GT`` for background, int64, has shape (L, N, Q).
        is_supervised (Tensor): False where no loss applies: padding, and
            track queries in layers that only decode detect queries; bool,
            has shape (L, N, Q).
        dedup_targets (Tensor): 1 for the one query that carries a target, 0
            elsewhere (label of Eq. 5), float, has shape (N, Q).
    """
    gt_inds: Tensor
    is_supervised: Tensor
    dedup_targets: Tensor
