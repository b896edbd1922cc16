"""The smallest project: a query updater without weights."""
from .smooth_updater import SmoothUpdater

__all__ = ['SmoothUpdater']
