"""Flip, resize and crop, the same for all frames of a clip."""
from typing import Optional, Sequence, Tuple

import numpy as np

from ipmot_mm.registry import TRANSFORMS

from .clip_transform import ClipTransform, Frame
from .image_view import CropWindow, as_view


@TRANSFORMS.register_module()
class ClipRandomFlip(ClipTransform):
    """Mirror the clip left to right.

    Args:
        prob (float): Probability. Defaults to 0.5.
    """

    needs_pixels = False

    def __init__(self, *, prob: float = 0.5) -> None:
        self.prob = prob

    def draw(self, frame: Frame) -> bool:
        """Whether to flip."""
        return np.random.rand() < self.prob

    def transform_frame(self, frame: Frame, params: bool) -> Frame:
        """Flip image and boxes."""
        if not params:
            return frame
        x1, y1, x2, y2 = frame['gt_bboxes'].T
        width = frame['img'].shape[1]
        flip = not frame['flip']
        return dict(
            frame,
            img=as_view(frame['img']).mirror(),
            gt_bboxes=np.stack([width - x2, y1, width - x1, y2], axis=1),
            flip=flip,
            flip_direction='horizontal' if flip else None)


@TRANSFORMS.register_module()
class ClipRandomResize(ClipTransform):
    """Resize so that the short side is one of some lengths, ratio kept.

    The size is that of MeMOTR (MCG-NJU/MeMOTR @7de13f4 data/transforms.py),
    except that an upright image is rounded down, too, and that the long side
    never exceeds its limit; with one length it is the resize of test time.
    Bilinear, as everywhere in OpenMMLab, in training and test alike.

    Args:
        short_sizes (Sequence[int]): Lengths of the short side in pixels to
            choose from.
        max_long (int, optional): Largest length of the long side in pixels;
            the short side gives way to it. Defaults to None, for no limit.
    """

    needs_pixels = False

    def __init__(self,
                 *,
                 short_sizes: Sequence[int],
                 max_long: Optional[int] = None) -> None:
        if not short_sizes or min(short_sizes) < 1:
            raise ValueError(
                'short_sizes of ClipRandomResize must hold at least one '
                f'positive length in pixels, got {short_sizes}.')
        self.short_sizes = tuple(short_sizes)
        self.max_long = max_long

    def draw(self, frame: Frame) -> Tuple[int, int]:
        """Height and width to resize to."""
        short = self.short_sizes[np.random.randint(len(self.short_sizes))]
        return fit_short_side(frame['img'].shape[:2], short, self.max_long)

    def transform_frame(self, frame: Frame, params: Tuple[int, int]) -> Frame:
        """Resize image and boxes."""
        height, width = params
        img = as_view(frame['img'])
        ratio = (width / img.shape[1], height / img.shape[0])
        return dict(
            frame,
            img=img.resize((height, width)),
            img_shape=(height, width),
            scale_factor=(frame['scale_factor'][0] * ratio[0],
                          frame['scale_factor'][1] * ratio[1]),
            gt_bboxes=frame['gt_bboxes'] * np.array(ratio * 2, np.float32))


@TRANSFORMS.register_module()
class ClipResize(ClipRandomResize):
    """Resize at test time: short side 800, long side at most 1536 pixels, as
    MOTR and MeMOTR do.

    Args:
        short_size (int): Length of the short side. Defaults to 800.
        max_long (int): Largest length of the long side. Defaults to 1536.
    """

    def __init__(self, *, short_size: int = 800, max_long: int = 1536) -> None:
        super().__init__(short_sizes=(short_size, ), max_long=max_long)


@TRANSFORMS.register_module()
class ClipRandomCrop(ClipTransform):
    """Cut the same random window out of all frames.

    Width and height are drawn on their own from U{min_size..min(side,
    max_size)}. Objects outside of the window are not dropped here but by
    :obj:`FilterBoxes`, which knows what to do with those that stick out.

    Args:
        min_size (int): Smallest side of the window in pixels.
        max_size (int): Largest side of the window in pixels.
    """

    needs_pixels = False

    def __init__(self, *, min_size: int, max_size: int) -> None:
        if not 0 < min_size <= max_size:
            raise ValueError(
                'ClipRandomCrop needs 0 < min_size <= max_size, got '
                f'min_size={min_size} and max_size={max_size}.')
        self.min_size = min_size
        self.max_size = max_size

    def draw(self, frame: Frame) -> CropWindow:
        """The window."""
        height, width = frame['img'].shape[:2]
        crop_w, crop_h = self._draw_side(width), self._draw_side(height)
        x1 = np.random.randint(width - crop_w + 1)
        y1 = np.random.randint(height - crop_h + 1)
        return CropWindow(x1, y1, x1 + crop_w, y1 + crop_h)

    def _draw_side(self, side: int) -> int:
        largest = min(side, self.max_size)
        return np.random.randint(min(self.min_size, largest), largest + 1)

    def transform_frame(self, frame: Frame, params: CropWindow) -> Frame:
        """Crop the image and move the boxes."""
        corner = np.array([params.x1, params.y1] * 2, np.float32)
        img = as_view(frame['img']).crop(params)
        return dict(
            frame,
            img=img,
            img_shape=img.size,
            gt_bboxes=frame['gt_bboxes'] - corner)


def fit_short_side(shape: Tuple[int, int], short: int,
                   max_long: Optional[int]) -> Tuple[int, int]:
    """Size after a resize that keeps the ratio.

    Args:
        shape (tuple[int, int]): Height and width in pixels.
        short (int): Wanted length of the short side.
        max_long (int, optional): Largest length of the long side.

    Returns:
        tuple[int, int]: Height and width.

    Example:
        >>> fit_short_side((1080, 1920), 800, 1536)
        (800, 1422)
        >>> fit_short_side((1080, 1920), 992, 1536)
        (864, 1536)
    """
    low, high = min(shape), max(shape)
    if max_long is not None and high * short > max_long * low:
        short = max(max_long * low // high, 1)
    long = short * high // low
    if max_long is not None:
        long = min(long, max_long)
    return (short, long) if shape[0] <= shape[1] else (long, short)
