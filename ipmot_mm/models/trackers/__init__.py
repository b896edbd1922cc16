"""Life cycle of tracks at test time, without weights."""
from .query_tracker import QueryTracker

__all__ = ['QueryTracker']
