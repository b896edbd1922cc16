"""Which queries of a frame live on, chosen by assigner or tracker."""
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class QuerySelection:
    """Queries that become the track queries of the next frame.

    The one result that training (:class:`ClipAssigner`) and inference
    (:class:`QueryTracker`) share; :class:`QueryUpdater` reads it without
    knowing which of both made it. Letters: N batch, S selected queries of the
    richest sample; poorer samples are padded.

    Attributes:
        query_inds (Tensor): Index into the Q = Qd + Qt queries of the frame,
            int64, has shape (N, S).
        valid (Tensor): False for padding, bool, has shape (N, S).
        ids (Tensor): Instance id in training, track id at test time, int64,
            ``NO_ID`` for false positives, has shape (N, S).
        labels (Tensor): Class of the track, fixed at birth, int64, has shape
            (N, S).
        scores (Tensor): Tracking score s, has shape (N, S).
        ious (Tensor): IoU with the ground truth at the last frame where it
            was visible; 1 at test time, has shape (N, S).
        num_frames_missed (Tensor): Consecutive frames below the track
            threshold, int64, has shape (N, S).
    """
    query_inds: Tensor
    valid: Tensor
    ids: Tensor
    labels: Tensor
    scores: Tensor
    ious: Tensor
    num_frames_missed: Tensor

    def gather(self, per_query: Tensor) -> Tensor:
        """Take the selected queries out of a tensor over all queries.

        Args:
            per_query (Tensor): Has shape (N, Q) or (N, Q, dim).

        Returns:
            Tensor: Has shape (N, S) or (N, S, dim); padding holds the values
            of query 0 and is masked by ``valid``.
        """
        inds = self.query_inds
        if per_query.dim() == 3:
            inds = inds[..., None].expand(-1, -1, per_query.size(-1))
        return per_query.gather(1, inds)
