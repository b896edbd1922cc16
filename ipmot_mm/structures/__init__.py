"""What flows between the parts: frozen dataclasses without weights."""
from .frame_assignment import NO_GT, FrameAssignment
from .frame_memory import FrameMemory
from .frame_report import FrameReport
from .frame_targets import FrameTargets
from .identity_map import NO_IDENTITY, IdentityMap
from .query_outputs import QueryOutputs
from .query_selection import QuerySelection
from .target_batch import TargetBatch
from .track_queries import NO_ID, TrackQueries
from .track_state import TrackState

__all__ = [
    'NO_GT', 'NO_ID', 'NO_IDENTITY', 'FrameAssignment', 'FrameMemory',
    'FrameReport', 'FrameTargets', 'IdentityMap', 'QueryOutputs',
    'QuerySelection', 'TargetBatch', 'TrackQueries', 'TrackState'
]
