"""Geometry of an image that is carried out once, when pixels are needed."""
from dataclasses import dataclass, replace
from typing import NamedTuple, Tuple, Union

import cv2
from numpy import ndarray


class CropWindow(NamedTuple):
    """Part of an image in whole pixels; the ends are not inside of it."""
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class ImageView:
    """An image that is to be resized and mirrored, but has not been yet.

    Flip, resize and crop make views, so a crop after a resize costs no more
    than the pixels that remain. It looks like an array as far as ``shape``;
    :func:`render` makes the array.

    Sub-pixel convention: pixel i covers [i, i + 1], as for boxes. A window is
    cut out of the source at whole pixels, so the pixels of a crop lie within
    half a source pixel of where the boxes, which are not rounded, say. An
    enlargement after a reduction is done in two steps: the detail that the
    reduction cost stays lost, as in the chain of MeMOTR (@7de13f4
    data/mot17.py:225-270), whose crops look like small images enlarged.

    Attributes:
        source (ndarray): uint8 BGR, has shape (h, w, 3); it may be a slice
            of the image in the file.
        size (tuple[int, int]): Height and width after the resize.
        mirrored (bool): Whether left and right change places at the end.
    """
    source: ndarray
    size: Tuple[int, int]
    mirrored: bool = False

    @property
    def shape(self) -> Tuple[int, int, int]:
        """Shape of the array to come, (h, w, 3)."""
        return (*self.size, self.source.shape[2])

    def mirror(self) -> 'ImageView':
        """Left and right change places."""
        return replace(self, mirrored=not self.mirrored)

    def resize(self, size: Tuple[int, int]) -> 'ImageView':
        """Another size, bilinear.

        Args:
            size (tuple[int, int]): Height and width in pixels.

        Returns:
            :obj:`ImageView`: The new view.
        """
        reduced = min(self.size) < min(self.source.shape[:2])
        if reduced and min(size) > min(self.size):
            return ImageView(self._resized(), size, self.mirrored)
        return replace(self, size=size)

    def crop(self, window: CropWindow) -> 'ImageView':
        """A part.

        Args:
            window (CropWindow): In pixels of this view.

        Returns:
            :obj:`ImageView`: Of the size of the window.
        """
        height, width = self.size
        x1, x2 = window.x1, window.x2
        if self.mirrored:
            x1, x2 = width - x2, width - x1
        rows = whole_pixels(window.y1, window.y2, height,
                            self.source.shape[0])
        columns = whole_pixels(x1, x2, width, self.source.shape[1])
        return replace(
            self,
            source=self.source[rows, columns],
            size=(window.y2 - window.y1, window.x2 - window.x1))

    def render(self) -> ndarray:
        """The pixels, uint8 BGR, has shape (h, w, 3); the source itself where
        there is nothing to do."""
        img = self._resized()
        return cv2.flip(img, 1) if self.mirrored else img

    def _resized(self) -> ndarray:
        if self.size == self.source.shape[:2]:
            return self.source
        return cv2.resize(
            self.source, self.size[::-1], interpolation=cv2.INTER_LINEAR)


def whole_pixels(begin: int, end: int, side: int, source_side: int) -> slice:
    """Pixels of the source that a span of its resized form shows.

    Args:
        begin (int): First pixel of the span.
        end (int): The one after its last.
        side (int): Length of the resized form in pixels.
        source_side (int): Length of the source in pixels.

    Returns:
        slice: At least one pixel, the ends rounded to whole pixels.
    """
    first = min(round(begin * source_side / side), source_side - 1)
    return slice(first, max(round(end * source_side / side), first + 1))


def as_view(img: Union[ndarray, ImageView]) -> ImageView:
    """An image as a view."""
    if isinstance(img, ImageView):
        return img
    return ImageView(img, img.shape[:2])


def render(img: Union[ndarray, ImageView]) -> ndarray:
    """An image as an array, uint8 BGR, has shape (h, w, 3)."""
    return img.render() if isinstance(img, ImageView) else img
