"""Load a tracker; track frames, folders, videos, cameras and streams."""
from ipmot_mm.datasets.frame_source import FrameSource

from .frame_tracker import FrameTracker, track_clips
from .init_tracker import init_tracker
from .track_files import TrackFile
from .track_formats import to_mot_rows, to_supervision
from .track_journal import TrackJournal
from .track_video import track_video, track_videos

__all__ = [
    'FrameSource', 'FrameTracker', 'TrackFile', 'TrackJournal', 'init_tracker',
    'to_mot_rows', 'to_supervision', 'track_clips', 'track_video',
    'track_videos'
]
