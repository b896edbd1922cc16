"""Which confident but wrong detections become track queries in training."""
import numpy as np

from ipmot_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class FalsePositiveSpawner:
    """Keep confident detections without a new target as false tracks.

    At test time such a detection would start a track; in training it is
    handed on without identity, so that the tracker learns to end it. The
    number is capped, since uncapped false tracks are what exhausts memory in
    MOTR (megvii-research/MOTRv2 issue 16, megvii-research/MOTR issue 30).

    Args:
        score_thr (float): Tracking score s above which a detection would
            start a track, tau_det of Algorithm 1. Defaults to 0.5.
        takes_duplicates (bool): Whether detections of an object that has a
            track are false tracks, too. Under QBS nearly every object has
            one: it is then a target by its track and background by its
            duplicate, at the same place. Defaults to True.
        min_cap (int): Spawned per frame at least allowed. Defaults to 16.
        cap_ratio (float): Spawned per frame allowed for each object.
            Defaults to 0.5.
    """

    def __init__(self,
                 *,
                 score_thr: float = 0.5,
                 takes_duplicates: bool = True,
                 min_cap: int = 16,
                 cap_ratio: float = 0.5) -> None:
        self.score_thr = score_thr
        self.takes_duplicates = takes_duplicates
        self.min_cap = min_cap
        self.cap_ratio = cap_ratio

    def __call__(self, scores: np.ndarray, is_newborn: np.ndarray,
                 is_duplicate: np.ndarray, num_gts: int) -> np.ndarray:
        """Choose detect queries of one frame.

        Args:
            scores (np.ndarray): s of the detect queries, has shape (Qd, ).
            is_newborn (np.ndarray): Detect queries that found an object
                without track, bool, has shape (Qd, ).
            is_duplicate (np.ndarray): Those that found an object with a
                track, bool, has shape (Qd, ).
            num_gts (int): Objects in the frame.

        Returns:
            np.ndarray: Indices of detect queries, best first.
        """
        is_candidate = (scores > self.score_thr) & ~is_newborn
        if not self.takes_duplicates:
            is_candidate &= ~is_duplicate
        candidates = np.flatnonzero(is_candidate)
        cap = max(self.min_cap, int(self.cap_ratio * num_gts))
        order = np.argsort(-scores[candidates], kind='stable')
        return candidates[order[:cap]]
