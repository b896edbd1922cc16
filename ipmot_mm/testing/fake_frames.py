"""Hand-made frames: ground truth, queries and tracks without a network."""
from typing import Optional, Sequence, Tuple

import torch
from torch import Tensor

from ipmot_mm.structures import NO_ID, FrameTargets, QueryOutputs, TrackQueries

IMG_SHAPE = (100, 100)
"""Height and width, so that a pixel is a hundredth."""


def make_targets(bboxes: Sequence[Sequence[float]],
                 ids: Optional[Sequence[int]] = None,
                 *,
                 identities: Optional[Sequence[int]] = None,
                 labels: Optional[Sequence[int]] = None,
                 name: str = 'frame') -> FrameTargets:
    """Ground truth of a frame of 100 x 100 pixels.

    Args:
        bboxes (sequence): (cx, cy, w, h) in [0, 1] of each object.
        ids (sequence[int], optional): Instance ids. Defaults to 1, 2, ...
        identities (sequence[int], optional): Rows of the TrackBook. Defaults
            to ``ids``.
        labels (sequence[int], optional): Classes. Defaults to 0.
        name (str): Of the frame. Defaults to ``'frame'``.

    Returns:
        :obj:`FrameTargets`: The objects.
    """
    boxes = torch.as_tensor(bboxes, dtype=torch.float).reshape(-1, 4) * 100
    count = len(boxes)
    centre, size = boxes[:, :2], boxes[:, 2:]
    ids = list(range(1, count + 1)) if ids is None else list(ids)
    return FrameTargets(
        bboxes=torch.cat([centre - size / 2, centre + size / 2], 1),
        labels=_integers([0] * count if labels is None else labels),
        instance_ids=_integers(ids),
        identities=_integers(ids if identities is None else identities),
        visibilities=torch.ones(count),
        img_shape=IMG_SHAPE,
        name=name)


def make_tracks(ids: Sequence[int],
                *,
                ious: Optional[Sequence[float]] = None,
                num_frames_missed: Optional[Sequence[int]] = None,
                length: Optional[int] = None,
                embed_dims: int = 8) -> TrackQueries:
    """Track queries of one video.

    Args:
        ids (sequence[int]): Id of each track, ``NO_ID`` for a false positive.
        ious (sequence[float], optional): Defaults to 1.
        num_frames_missed (sequence[int], optional): Defaults to 0.
        length (int, optional): Qt with padding. Defaults to no padding.
        embed_dims (int): C. Defaults to 8.

    Returns:
        :obj:`TrackQueries`: N = 1.
    """
    count = len(ids)
    length = count if length is None else length
    padding = length - count
    numbers = [1.0] * count if ious is None else list(ious)
    missed = [0] * count if num_frames_missed is None else num_frames_missed
    return TrackQueries(
        content=torch.randn(1, length, embed_dims),
        anchors=torch.rand(1, length, 4),
        ids=_integers([*ids, *[NO_ID] * padding])[None],
        labels=torch.zeros(1, length, dtype=torch.long),
        scores=torch.ones(1, length),
        ious=torch.tensor([*numbers, *[0.0] * padding])[None],
        num_frames_missed=_integers([*missed, *[0] * padding])[None],
        valid=torch.arange(length)[None] < count)


def make_outputs(bboxes: Tensor,
                 cls_scores: Tensor,
                 num_detect_queries: int,
                 *,
                 dedup_scores: Optional[Tensor] = None,
                 num_detect_only_layers: int = 0,
                 valid: Optional[Tensor] = None,
                 dims: Tuple[int, int] = (8, 8)) -> QueryOutputs:
    """What a detector with these predictions would hand on.

    Args:
        bboxes (Tensor): (cx, cy, w, h) in [0, 1], has shape (L, N, Q, 4).
        cls_scores (Tensor): sigmoid(c), has shape (L, N, Q, K).
        num_detect_queries (int): Qd.
        dedup_scores (Tensor, optional): sigmoid(d), has shape (N, Q). None
            for no deduplication module.
        num_detect_only_layers (int): Defaults to 0.
        valid (Tensor, optional): Has shape (N, Q). Defaults to all.
        dims (tuple[int, int]): C and D. Defaults to (8, 8).

    Returns:
        :obj:`QueryOutputs`: With random hidden states and embeddings.
    """
    shape = bboxes.shape[:3]
    if valid is None:
        valid = torch.ones(shape[1:], dtype=torch.bool)
    logits = cls_scores.clamp(1e-6, 1 - 1e-6).logit()
    return QueryOutputs(
        num_detect_queries=num_detect_queries,
        num_detect_only_layers=num_detect_only_layers,
        valid=valid,
        cls_logits=logits,
        bboxes=bboxes,
        hidden_states=torch.randn(*shape, dims[0]),
        last_content=torch.randn(*shape[1:], dims[0]),
        last_anchors=torch.rand(*shape[1:], 4),
        dedup_logits=None if dedup_scores is None else dedup_scores.clamp(
            1e-6, 1 - 1e-6).logit(),
        embeddings=torch.randn(*shape, dims[1]))


def _integers(values: Sequence[int]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.long)
