"""What every query of a clip has to answer, gathered on the host."""
from dataclasses import dataclass
from typing import List, NamedTuple, Sequence

import numpy as np

from ipmot_mm.structures import (NO_GT, NO_IDENTITY, FrameAssignment,
                                 FrameTargets, QueryOutputs)
from ipmot_mm.structures.target_batch import FILLER

NO_CLASS = -1
"""Label of background, and of queries that no loss applies to."""


class ClipFrame(NamedTuple):
    """One frame of N clips, as its loss needs it.

    Attributes:
        outputs (:obj:`QueryOutputs`): On the device.
        assignment (:obj:`FrameAssignment`): On the host.
        targets (sequence[:obj:`FrameTargets`]): On the host, N of them.
    """
    outputs: QueryOutputs
    assignment: FrameAssignment
    targets: Sequence[FrameTargets]

    @property
    def gt_inds(self) -> np.ndarray:
        """np.ndarray: Object of each query, ``NO_GT`` where it has none or
        no loss applies, has shape (L, N, Q)."""
        return np.where(self.assignment.is_supervised.numpy(),
                        self.assignment.gt_inds.numpy(), NO_GT)

    def look_up(self, gt_inds: np.ndarray, name: str,
                missing: int) -> np.ndarray:
        """A number of the object of each query.

        Args:
            gt_inds (np.ndarray): Of the N clips, has shape (..., N, Q).
            name (str): Field of :class:`FrameTargets`.
            missing (int): For ``NO_GT``.

        Returns:
            np.ndarray: int64, has the shape of ``gt_inds``.
        """
        values = np.empty(gt_inds.shape, dtype=np.int64)
        for n, target in enumerate(self.targets):
            # NO_GT takes the last one
            table = np.append(getattr(target, name).numpy(), missing)
            values[..., n, :] = table[gt_inds[..., n, :]]
        return values

    def bboxes(self, gt_inds: np.ndarray) -> np.ndarray:
        """Box of the object of each query.

        Args:
            gt_inds (np.ndarray): Has shape (L, N, Q).

        Returns:
            np.ndarray: (cx, cy, w, h) in [0, 1], those of background
            arbitrary but finite, float32, has shape (L, N, Q, 4).
        """
        values = np.empty((*gt_inds.shape, 4), dtype=np.float32)
        for n, target in enumerate(self.targets):
            table = np.array([*target.bboxes_cxcywh.numpy(), FILLER],
                             dtype=np.float32)
            values[:, n] = table[gt_inds[:, n]]
        return values


@dataclass(frozen=True)
class QueryTargets:
    """Targets of the queries of all frames; arrays on the host, or tensors.

    Letters: L decoder layers, N batch, S queries of all frames.

    Attributes:
        labels (np.ndarray): Class, ``NO_CLASS`` for background, int64, has
            shape (L, N, S, 1).
        bboxes (np.ndarray): (cx, cy, w, h) in [0, 1], float32, has shape
            (L, N, S, 4).
        is_matched (np.ndarray): Where a box is learned, has shape (L, N, S).
        is_supervised (np.ndarray): Where a class is learned, has shape
            (L, N, S, 1).
        dedup_targets (np.ndarray): Of Eq. 5, float32, has shape (N, S).
        is_valid (np.ndarray): False on padding, has shape (N, S).
        is_background (np.ndarray): Detect queries without object, has shape
            (N, S).
    """
    labels: np.ndarray
    bboxes: np.ndarray
    is_matched: np.ndarray
    is_supervised: np.ndarray
    dedup_targets: np.ndarray
    is_valid: np.ndarray
    is_background: np.ndarray


def query_targets(frames: Sequence[ClipFrame]) -> QueryTargets:
    """Gather the targets of all frames of a batch of clips.

    Args:
        frames (sequence[:obj:`ClipFrame`]): T of them.

    Returns:
        :obj:`QueryTargets`: Frame after frame along S.
    """
    parts: List[tuple] = []
    for frame in frames:
        gt_inds = frame.gt_inds
        supervised = frame.assignment.is_supervised.numpy()
        is_background = gt_inds[-1] == NO_GT
        is_background[:, frame.outputs.num_detect_queries:] = False
        parts.append(
            (frame.look_up(gt_inds, 'labels', NO_CLASS)[..., None],
             frame.bboxes(gt_inds), gt_inds != NO_GT, supervised[..., None],
             frame.assignment.dedup_targets.numpy(), supervised[-1],
             is_background))
    axes = (2, 2, 2, 2, 1, 1, 1)
    return QueryTargets(*(
        np.concatenate(part, axis) for part, axis in zip(zip(*parts), axes)))


@dataclass(frozen=True)
class PoolTargets:
    """P_emb of all clips in some layers, as places and numbers.

    Letters: A aligned layers, N batch, E embeddings of the richest pool, at
    least one; other pools are padded.

    Attributes:
        places (list[np.ndarray]): For each frame the position of its part of
            E in its flattened embeddings (L * N * Q, D), int64, has shape
            (A * N * E_t, ).
        is_valid (np.ndarray): False on padding, has shape (A * N, E).
        instance_ids (np.ndarray): Id in its video of the object of each,
            int64, has shape (A * N, E).
        identities (np.ndarray): TrackBook row of that object,
            ``NO_IDENTITY`` where it has none, and on padding; int64, has
            shape (A * N, E).
    """
    places: List[np.ndarray]
    is_valid: np.ndarray
    instance_ids: np.ndarray
    identities: np.ndarray


def pool_targets(frames: Sequence[ClipFrame],
                 layers: Sequence[int]) -> PoolTargets:
    """Find the queries that have an object, in every layer and clip.

    Args:
        frames (sequence[:obj:`ClipFrame`]): T of them.
        layers (sequence[int]): Indices of A decoder layers.

    Returns:
        :obj:`PoolTargets`: Frame after frame along E.
    """
    places, parts = [], []
    for frame in frames:
        gt_inds = frame.gt_inds[layers]  # (A, N, Q)
        is_matched = gt_inds != NO_GT
        most = max(int(is_matched.sum(-1).max()), 1)
        queries = np.argsort(~is_matched, axis=-1, kind='stable')[..., :most]
        gt_inds = np.take_along_axis(gt_inds, queries, -1)
        batch_size, num_queries = is_matched.shape[1:]
        rows = (np.array(layers)[:, None] * batch_size +
                np.arange(batch_size))  # (A, N)
        places.append((rows[..., None] * num_queries + queries).reshape(-1))
        parts.append([
            field.reshape(-1, most)
            for field in (gt_inds != NO_GT,
                          frame.look_up(gt_inds, 'instance_ids', 0),
                          frame.look_up(gt_inds, 'identities', NO_IDENTITY))
        ])
    return PoolTargets(places,
                       *(np.concatenate(part, 1) for part in zip(*parts)))
