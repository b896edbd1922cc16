"""Which positions of which level are padding."""
from typing import List, Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor


def padding_masks(
        shapes: Sequence[Tuple[int, int]], images: Tensor,
        img_shapes: Sequence[Tuple[int, int]]) -> Optional[List[Tensor]]:
    """True on padding; a position is what the pixel nearest to it is.

    Nothing is asked of the device. Where the frames differ in size, the
    sizes are sent to it, once and without waiting; those of one size, as all
    are at test time, need no upload, which a recorded CUDA graph could not
    repeat.

    Args:
        shapes (sequence[tuple[int, int]]): Height and width of each level.
        images (Tensor): Padded to one size, has shape (B, 3, H, W).
        img_shapes (sequence[tuple[int, int]]): Height and width of each
            frame without padding.

    Returns:
        list[Tensor] | None: For each level a bool (B, h, w); None where no
        frame is padded.
    """
    size = tuple(images.shape[-2:])
    if all(tuple(shape) == size for shape in img_shapes):
        return None
    heights, widths = _limits(img_shapes, images.device)
    pixels = [
        torch.arange(length, device=images.device).float()[None, None]
        for length in size
    ]
    masks = []
    for shape in shapes:
        # pixel of each row and of each column
        rows, cols = (
            F.interpolate(line, size=length)[0]
            for line, length in zip(pixels, shape))
        mask = (rows >= heights)[:, :, None] | (cols >= widths)[:, None]
        masks.append(mask.expand(len(images), -1, -1))
    return masks


def _limits(img_shapes: Sequence[Tuple[int, int]],
            device: torch.device) -> Sequence[Union[int, Tensor]]:
    """Heights and widths without padding: numbers, or tensors (B, 1)."""
    sizes = {tuple(shape) for shape in img_shapes}
    if len(sizes) == 1:
        return sizes.pop()
    limits = torch.tensor([tuple(shape) for shape in img_shapes])
    if device.type == 'cuda':
        limits = limits.pin_memory()
    limits = limits.to(device, non_blocking=True)
    return limits[:, None].unbind(2)


def valid_ratios(masks: Sequence[Tensor]) -> Tensor:
    """Unpadded share of width and height.

    Args:
        masks (sequence[Tensor]): Of :func:`padding_masks`, V of them.

    Returns:
        Tensor: (width, height) in [0, 1], has shape (B, V, 2).
    """
    ratios = []
    for mask in masks:
        height, width = mask.shape[-2:]
        rows = (~mask[:, :, 0]).sum(1)
        cols = (~mask[:, 0]).sum(1)
        ratios.append(torch.stack([cols / width, rows / height], -1))
    return torch.stack(ratios, 1)
