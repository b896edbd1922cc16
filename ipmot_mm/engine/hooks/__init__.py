"""Schedules and side effects of a training or a test."""
from .checkpoint_layout_hook import CheckpointLayoutHook
from .class_check_hook import ClassCheckHook
from .clip_length_hook import ClipLengthHook
from .progress_bar_hook import ProgressBarHook
from .track_book_hook import TrackBookHook
from .track_video_hook import TrackVideoHook

__all__ = [
    'CheckpointLayoutHook', 'ClassCheckHook', 'ClipLengthHook',
    'ProgressBarHook', 'TrackBookHook', 'TrackVideoHook'
]
