"""Tracks on pictures and videos, drawn with OpenCV."""
from .frame_writer import FolderWriter, FrameWriter, VideoWriter, open_writer
from .track_visualizer import TrackVisualizer, draw_boxes, track_color

__all__ = [
    'FolderWriter', 'FrameWriter', 'TrackVisualizer', 'VideoWriter',
    'draw_boxes', 'open_writer', 'track_color'
]
