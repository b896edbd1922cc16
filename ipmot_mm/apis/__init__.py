"""Load a tracker; track frames, folders, videos and cameras."""
from ipmot_mm.datasets.frame_source import FrameSource

from .frame_tracker import FrameTracker, track_video
from .init_tracker import init_tracker

__all__ = ['FrameSource', 'FrameTracker', 'init_tracker', 'track_video']
