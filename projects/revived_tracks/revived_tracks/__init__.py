"""Lost tracks that live on from a detect query."""
from .reviving_tracker import RevivingTracker

__all__ = ['RevivingTracker']
