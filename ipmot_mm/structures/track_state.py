"""What one video hands from frame to frame at test time."""
from typing import Optional

import torch
from torch import Tensor

from .track_queries import TrackQueries


class TrackState:
    """Tracks and ids of one video; all else is computed from the frame.

    A model follows as many videos at once as there are states: each video
    brings its own to :meth:`IPMOT.predict`. It does not grow with the number
    of frames: tracks replace each other, and ids are only counted.

    Attributes:
        tracks (:obj:`TrackQueries`, optional): That enter the next frame,
            N = 1, in slots of which some are empty. None before the first
            frame.
        num_ids (Tensor, optional): Track ids given so far, 1 to ``num_ids``,
            int64, where the tracks are, so that nobody waits for it; has
            shape (1, ). None before the first frame.
        is_broken (bool): Whether it was said that the predictions of this
            video are not finite.

    Example:
        >>> state = TrackState()
        >>> state.reset(TrackQueries.empty(1, 8, num_slots=4))
        >>> state.num_ids
        tensor([0])
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self, tracks: Optional[TrackQueries] = None) -> None:
        """Begin a video: ids start at 1.

        Args:
            tracks (:obj:`TrackQueries`, optional): That enter its first
                frame. Defaults to None.
        """
        self.tracks = tracks
        self.num_ids: Optional[Tensor] = None
        if tracks is not None:
            self.num_ids = torch.zeros(
                1, dtype=torch.long, device=tracks.valid.device)
        self.is_broken = False

    def update(self, tracks: TrackQueries, num_ids: Tensor) -> None:
        """Go on to the next frame.

        Args:
            tracks (:obj:`TrackQueries`): That enter it.
            num_ids (Tensor): Ids given up to now, has shape (1, ).
        """
        self.tracks = tracks
        self.num_ids = num_ids
