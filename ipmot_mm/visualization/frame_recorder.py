"""Look at the queries of a tracked frame, without code in the model."""
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional, Tuple, Type

import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ipmot_mm.structures import (FrameReport, QueryOutputs, QuerySelection,
                                 TrackQueries)


@dataclass(frozen=True)
class SeenFrame:
    """One frame of one video, as the tracker saw it.

    Attributes:
        outputs (:obj:`QueryOutputs`): Of N videos.
        tracks (:obj:`TrackQueries`): That entered the frame, of N videos.
        selection (:obj:`QuerySelection`): Of the queries that live on.
        index (int): Which of the N videos it is.
    """
    outputs: QueryOutputs
    tracks: TrackQueries
    selection: QuerySelection
    index: int


class FrameRecorder:
    """Sees every frame that a model tracks while it is attached.

    It stands before ``model.tracker`` and hands everything on, so that the
    model does what it did. Subclasses say what is recorded. Frames must be
    run eagerly: recorded graphs do not come by here.

    Args:
        model (nn.Module): An :obj:`IPMOT`, or what has a ``tracker`` of the
            same two calls.

    Raises:
        TypeError: If the model has no such tracker.
    """

    def __init__(self, model: nn.Module) -> None:
        tracker = getattr(model, 'tracker', None)
        if not (callable(tracker) and hasattr(tracker, 'results')
                and hasattr(model, 'detector')):
            raise TypeError(
                'queries can be recorded of an IPMOT with a QueryTracker, got '
                f'{type(model).__name__} with {type(tracker).__name__}; '
                'take the config of a query-based tracker')
        self.model = model

    def attach(self) -> None:
        """Begin to record."""
        self.model.tracker = _Tap(self.model.tracker, self)

    def detach(self) -> None:
        """Leave the model as it was; to detach twice does no harm."""
        place: Any = self.model
        while isinstance(place.tracker, _Tap):  # others may record as well
            if place.tracker.recorder is self:
                place.tracker = place.tracker.tracker
            else:
                place = place.tracker

    def on_frame(self, seen: SeenFrame, instances: InstanceData) -> None:
        """Called for every frame of every video.

        Args:
            seen (:obj:`SeenFrame`): The queries.
            instances (InstanceData): What the model is about to return; may
                be given more fields.
        """
        raise NotImplementedError

    def __enter__(self) -> 'FrameRecorder':
        self.attach()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.detach()


class _Tap:
    """Before a tracker, for a recorder."""

    def __init__(self, tracker: Any, recorder: FrameRecorder) -> None:
        self.tracker = tracker
        self.recorder = recorder
        self._seen: Optional[tuple] = None

    def __call__(self, outputs: QueryOutputs, tracks: TrackQueries,
                 num_ids: Tensor, num_slots: int) -> Tuple[Any, ...]:
        """See :meth:`QueryTracker.__call__`; the last call of a frame counts,
        since it is repeated where the slots were too few."""
        result = self.tracker(outputs, tracks, num_ids, num_slots)
        self._seen = (outputs, tracks, result[0])
        return result

    def results(self, report: FrameReport, index: int,
                ori_shape: Tuple[int, int]) -> InstanceData:
        """See :meth:`QueryTracker.results`."""
        instances = self.tracker.results(report, index, ori_shape)
        if self._seen is None or not torch.equal(self._seen[2].ids.cpu(),
                                                 report.ids.cpu()):
            raise ValueError(
                'the queries of a frame were not seen: frames run as recorded '
                'or compiled graphs. Set model.frame_mode="eager".')
        self.recorder.on_frame(SeenFrame(*self._seen, index), instances)
        return instances

    def __getattr__(self, name: str) -> Any:
        if name == 'tracker':  # while it is copied or unpickled
            raise AttributeError(name)
        return getattr(self.tracker, name)
