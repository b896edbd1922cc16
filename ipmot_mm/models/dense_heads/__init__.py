"""Branches that read decoder outputs."""
from .track_head import TrackHead

__all__ = ['TrackHead']
