"""Updaters whose anchors move on instead of waiting at the last box."""
import torch
from torch import Tensor

from ipmot_mm.models.layers import (MemoryQueryUpdater, PositionalQueryUpdater,
                                    QueryUpdater)
from ipmot_mm.models.layers.query_updater import BaseQueryUpdater
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import QueryOutputs, QuerySelection, TrackQueries

MOTION_PARTS = (2, 1, 1)
"""Width of velocity, whether there was a confident frame, frames since."""


class MotionMixin(BaseQueryUpdater):
    """Moves the anchors of an updater to where the targets should be next.

    The velocity of the centre is estimated as in an alpha-beta filter. The
    anchor that entered a frame was itself a prediction, so that its distance
    to the box which was found there is the error of the velocity:

    .. code:: text

        confident:  v += gain * (box - anchor) / (frames since the last box)
                    anchor = box + v
        otherwise:  v *= damping
                    anchor += v

    A target is at rest until the second confident frame. Sizes stay those of
    the last box: ``../anchor_error.py`` shows that the noise of their change
    is larger than the change.

    Velocities are in shares of the frame per frame of the clip. A clip has
    one interval, so that in training they are those of a camera with that
    frame rate; there are no weights that would have to know it. They carry
    no gradient, as anchors.

    Args:
        gain (float): Share of an error that corrects the velocity, in
            [0, 1]; 0 leaves the anchors where they are. Defaults to 0.2.
        damping (float): Share of the velocity that is left after a frame
            without a confident box, in [0, 1]. Defaults to 0.9.

    Raises:
        ValueError: If one of them is outside of its range.
    """

    def __init__(self,
                 *,
                 gain: float = 0.2,
                 damping: float = 0.9,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        for name, value in (('gain', gain), ('damping', damping)):
            if not 0 <= value <= 1:
                raise ValueError(
                    f'updater.{name} must lie in [0, 1], got {value}.')
        self.gain = gain
        self.damping = damping

    def forward(self, tracks: TrackQueries, outputs: QueryOutputs,
                selection: QuerySelection) -> TrackQueries:
        """As the updater, then move the anchors.

        Args:
            tracks (:obj:`TrackQueries`): That entered this frame, Qt.
            outputs (:obj:`QueryOutputs`): Of this frame.
            selection (:obj:`QuerySelection`): S queries that live on.

        Returns:
            :obj:`TrackQueries`: S track queries; ``extra`` has the motion,
            with shape (N, S, 4).
        """
        updated = super().forward(tracks, outputs, selection)
        if len(updated) == 0:
            return updated
        motion = self._motion_before(tracks, outputs, selection)
        velocities, was_seen, num_unseen = motion.split(MOTION_PARTS, -1)
        centres, sizes = updated.anchors.split(2, -1)
        entered = selection.gather(
            _detect_and_track(outputs, outputs.last_anchors, tracks.anchors))
        is_confident = (updated.scores > self.update_score_thr)[..., None]
        # without a box before there is no error, but a position at last
        errors = was_seen * (centres - entered[..., :2]) / (num_unseen + 1)
        velocities = torch.where(is_confident,
                                 velocities + self.gain * errors,
                                 self.damping * velocities)
        motion = torch.cat([
            velocities,
            torch.where(is_confident, 1, was_seen),
            torch.where(is_confident, 0, num_unseen + 1)
        ], -1)
        moved = (centres + velocities).clamp(0, 1)
        return updated.replace(
            anchors=torch.cat([moved, sizes], -1), extra=motion)

    @staticmethod
    def _motion_before(tracks: TrackQueries, outputs: QueryOutputs,
                       selection: QuerySelection) -> Tensor:
        """Motion of the selected queries as they entered, (N, S, 4)."""
        anchors = outputs.last_anchors
        motion = anchors.new_zeros(*anchors.shape[:2], sum(MOTION_PARTS))
        if tracks.extra is not None:  # None before the first frame
            motion = _detect_and_track(outputs, motion, tracks.extra)
        return selection.gather(motion)


def _detect_and_track(outputs: QueryOutputs, detect: Tensor,
                      track: Tensor) -> Tensor:
    """[detect ; track], (N, Q, any)."""
    return torch.cat([detect[:, :outputs.num_detect_queries], track], 1)


@MODELS.register_module()
class MotionQueryUpdater(MotionMixin, QueryUpdater):
    """:class:`QueryUpdater` with moving anchors, and with its weights."""


@MODELS.register_module()
class MotionPositionalQueryUpdater(MotionMixin, PositionalQueryUpdater):
    """:class:`PositionalQueryUpdater`, for the plain Deformable DETR.

    Only what the decoder samples around moves; the positional part of the
    query is learned.
    """


@MODELS.register_module()
class MotionMemoryQueryUpdater(MotionMixin, MemoryQueryUpdater):
    """:class:`MemoryQueryUpdater` with moving anchors."""
