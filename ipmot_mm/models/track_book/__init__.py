"""The TrackBook and the frozen CLIP behind it; training only."""
from .track_book_head import TrackBookHead

__all__ = ['TrackBookHead']
