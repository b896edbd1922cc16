"""Order of clips and frames over epochs and ranks."""
from .clip_sampler import ClipSampler
from .video_sampler import VideoSampler

__all__ = ['ClipSampler', 'VideoSampler']
