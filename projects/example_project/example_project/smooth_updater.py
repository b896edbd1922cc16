"""A query updater without weights."""
from typing import Any

from torch import Tensor

from ipmot_mm.models.layers.query_updater import BaseQueryUpdater
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries


@MODELS.register_module()
class SmoothUpdater(BaseQueryUpdater):
    """The content of a track is a running mean of its output embeddings.

    Args:
        momentum (float): Share of the old content. Defaults to 0.5.
    """

    def __init__(self, *, momentum: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum

    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """Mix the content of the tracks with ``hidden``, both (N, S, C)."""
        return tracks.replace(content=hidden.lerp(tracks.content,
                                                  self.momentum))
