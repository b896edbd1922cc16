"""A TrackBook of image features, without text."""
from .image_book_head import ImageBookHead

__all__ = ['ImageBookHead']
