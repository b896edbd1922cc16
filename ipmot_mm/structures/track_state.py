"""What one video hands from frame to frame at test time."""
from typing import Optional

from .track_queries import TrackQueries


class TrackState:
    """Tracks and ids of one video; all else is computed from the frame.

    A model follows as many videos at once as there are states: each video
    brings its own to :meth:`IPMOT.predict`. It does not grow with the number
    of frames: tracks replace each other, and ids are only counted.

    Attributes:
        tracks (:obj:`TrackQueries`, optional): That enter the next frame,
            N = 1. None before the first frame.
        num_ids (int): Track ids given so far, 1 to ``num_ids``.
        is_broken (bool): Whether it was said that the predictions of this
            video are not finite.

    Example:
        >>> state = TrackState()
        >>> state.claim_ids(2), state.claim_ids(1)
        (range(1, 3), range(3, 4))
        >>> state.reset()
        >>> state.claim_ids(1)
        range(1, 2)
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
        self.num_ids = 0
        self.is_broken = False

    def claim_ids(self, count: int) -> range:
        """Ids that this video has not used and will not use again.

        Args:
            count (int): How many.

        Returns:
            range: The ids.
        """
        first = self.num_ids + 1
        self.num_ids += count
        return range(first, self.num_ids + 1)

    def update(self, tracks: TrackQueries) -> None:
        """Go on to the next frame.

        Args:
            tracks (:obj:`TrackQueries`): That enter it.
        """
        self.tracks = tracks
