"""Load a tracker; track frames, folders, videos and cameras."""
from ipmot_mm.datasets.frame_source import FrameSource

from .frame_tracker import FrameTracker, track_clips
from .init_tracker import init_tracker
from .track_video import track_video, track_videos

__all__ = [
    'FrameSource', 'FrameTracker', 'init_tracker', 'track_clips',
    'track_video', 'track_videos'
]
