"""One-to-many matching of detect queries in early decoder layers."""
from dataclasses import replace
from typing import Any, Optional, Sequence, Tuple

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.models.task_modules.match_cost import match_costs
from ipmot_mm.registry import TASK_UTILS
from ipmot_mm.structures import (NO_GT, FrameAssignment, FrameTargets,
                                 QueryOutputs, QuerySelection, TargetBatch,
                                 TrackQueries)


@TASK_UTILS.register_module()
class HybridAssigner(ClipAssigner):
    """Several detect queries learn each object in early decoder layers.

    The hybrid layer scheme of H-DETR (Jia et al., "DETRs with Hybrid
    Matching", CVPR 2023): in the first layers the objects of a
    frame are repeated ``num_repeats`` times before the matching, in the other
    ones each object has one query. Tracks, newborns and the deduplication
    label are those of the parent, whose matching of the last layer stays as
    it is.

    A frame with so many objects that the copies would not all find a query
    repeats them fewer times, at least once.

    Args:
        num_repeats (int): K, queries of each object. Defaults to 4.
        num_hybrid_layers (int, optional): How many layers, from the first
            on. Must leave the last one. None stands for all but the last.
    """

    def __init__(self,
                 *,
                 num_repeats: int = 4,
                 num_hybrid_layers: Optional[int] = None,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_repeats < 1:
            raise ValueError('assigner.num_repeats must be 1 or more, got '
                             f'{num_repeats!r}.')
        self.num_repeats = num_repeats
        self.num_hybrid_layers = num_hybrid_layers

    @torch.no_grad()
    def __call__(
        self, outputs: QueryOutputs, tracks: TrackQueries,
        targets: Sequence[FrameTargets]
    ) -> Tuple[FrameAssignment, QuerySelection]:
        """As the parent, with other targets in the hybrid layers."""
        targets = TargetBatch.of(targets, outputs.valid.device)
        assignment, selection = super().__call__(outputs, tracks, targets)
        costs = match_costs(outputs, targets, self.cost_weights)
        costs = costs[:self._count_layers(len(costs))].cpu()
        gt_inds = assignment.gt_inds.clone()
        num_detect = outputs.num_detect_queries
        for n, target in enumerate(targets):
            for layer, cost in enumerate(costs[:, n, :, :len(target)]):
                gt_inds[layer, n, :num_detect] = self.match(cost)
        return replace(assignment, gt_inds=gt_inds), selection

    def match(self, cost: Tensor) -> Tensor:
        """Object of each query, ``NO_GT`` where it has none.

        Args:
            cost (Tensor): On the host, has shape (Qd, G).

        Returns:
            Tensor: int64, has shape (Qd, ).
        """
        num_queries, num_gts = cost.shape
        gt_inds = torch.full((num_queries, ), NO_GT)
        if num_gts == 0:
            return gt_inds
        repeats = max(min(self.num_repeats, num_queries // num_gts), 1)
        finite = np.nan_to_num(cost.numpy(), nan=1e4, posinf=1e4, neginf=-1e4)
        queries, columns = linear_sum_assignment(
            np.tile(finite, (1, repeats)))  # copy k of object g: k * G + g
        gt_inds[queries] = torch.from_numpy(columns % num_gts)
        return gt_inds

    def _count_layers(self, num_layers: int) -> int:
        if self.num_hybrid_layers is None:
            return num_layers - 1
        if not 0 <= self.num_hybrid_layers < num_layers:
            raise ValueError(
                'assigner.num_hybrid_layers must leave the last of the '
                f'{num_layers} decoder layers, got {self.num_hybrid_layers}.')
        return self.num_hybrid_layers
