"""Schedules and side effects of a training or a test."""
from .clip_length_hook import ClipLengthHook
from .progress_bar_hook import ProgressBarHook
from .track_book_hook import TrackBookHook
from .track_video_hook import TrackVideoHook

__all__ = [
    'ClipLengthHook', 'ProgressBarHook', 'TrackBookHook', 'TrackVideoHook'
]
