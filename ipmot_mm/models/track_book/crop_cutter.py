"""From ground truth boxes to crops for the image tower of CLIP."""
import zlib
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ipmot_mm.structures import FrameTargets


@dataclass(frozen=True)
class CropSelection:
    """Objects whose pictures teach the TrackBook, known to the host.

    Attributes:
        frame_inds (Tensor): Position of each object among the N * T frames,
            ascending, int64, has shape (B, ).
        bboxes (Tensor): (x1, y1, x2, y2) in pixels inside of the frame, has
            shape (B, 4).
        identities (Tensor): Rows of the TrackBook, int64, has shape (B, ).
    """
    frame_inds: Tensor
    bboxes: Tensor
    identities: Tensor

    def __len__(self) -> int:
        return len(self.identities)

    def __getitem__(self, inds: Tensor) -> 'CropSelection':
        """Some of them, by a mask or by positions."""
        return CropSelection(self.frame_inds[inds], self.bboxes[inds],
                             self.identities[inds])


class CropCutter:
    """Cut the objects of a clip out of its frames (Algorithm 1, lines 3-6).

    Boxes are clipped to the frame and widened to whole pixels; crops are
    resized without keeping the aspect ratio, as Syliz517/CLIP-ReID@eb1898b,
    make_dataloader_clipreid.py:54-58 does. Which objects there are the host
    knows, so that nothing here waits for the device.

    Args:
        size (tuple[int, int]): Height and width of a crop.
        max_crops (int): How many crops of a batch to keep at most.
        min_box_size (tuple[float, float]): Width and height in pixels that a
            clipped box must have.
        min_visibility (float): Visible share that an object must have.
    """

    def __init__(self, *, size: Tuple[int, int], max_crops: int,
                 min_box_size: Tuple[float, float],
                 min_visibility: float) -> None:
        self.size = size
        self.max_crops = max_crops
        self.min_box_size = min_box_size
        self.min_visibility = min_visibility

    def select(self, targets: Sequence[Sequence[FrameTargets]],
               num_identities: int) -> CropSelection:
        """Objects that have a row in the TrackBook and can be seen.

        Args:
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.
            num_identities (int): Rows of the TrackBook.

        Returns:
            :obj:`CropSelection`: At most ``max_crops`` objects, by frame.
        """
        frames = [frame for clip in targets for frame in clip]
        bboxes, identities, visibilities = (
            torch.cat([getattr(frame, name) for frame in frames])
            for name in ('bboxes', 'identities', 'visibilities'))
        frame_inds = torch.arange(len(frames)).repeat_interleave(
            torch.tensor([len(frame) for frame in frames]))
        limits = torch.tensor([frame.img_shape[::-1] * 2 for frame in frames],
                              dtype=bboxes.dtype)
        bboxes = torch.minimum(bboxes.clamp(min=0), limits[frame_inds])
        width, height = self.min_box_size
        keep = ((bboxes[:, 2] - bboxes[:, 0] >= width) &
                (bboxes[:, 3] - bboxes[:, 1] >= height) &
                (visibilities >= self.min_visibility) & (identities >= 0) &
                (identities < num_identities))
        chosen = CropSelection(frame_inds, bboxes, identities)[keep]
        # The boxes seed the draw: a resumed run draws the same crops.
        seed = zlib.crc32(chosen.bboxes.numpy().tobytes())
        return chosen[choose_evenly(
            chosen.identities, self.max_crops, seed=seed)]

    @torch.no_grad()
    def cut(self, images: Tensor, selection: CropSelection) -> Tensor:
        """Crops of some objects.

        Args:
            images (Tensor): RGB in [0, 1], padded on the right and bottom,
                has shape (N, T, 3, H, W).
            selection (:obj:`CropSelection`): B objects.

        Returns:
            Tensor: On the device of the images, has shape (B, 3, *size).
        """
        frames = images.flatten(0, 1)  # (N * T, 3, H, W)
        if len(selection) == 0:
            return frames.new_zeros(0, 3, *self.size)
        corners = outer_pixels(selection.bboxes).tolist()
        return torch.cat([
            self._resize(frames[frame_ind], each)
            for frame_ind, each in zip(selection.frame_inds.tolist(), corners)
        ])

    def _resize(self, frame: Tensor, corners: List[int]) -> Tensor:
        x1, y1, x2, y2 = corners
        return F.interpolate(
            frame[None, :, y1:y2, x1:x2],
            size=self.size,
            mode='bilinear',
            align_corners=False,
            antialias=True)


def choose_evenly(identities: Tensor, max_num: int, *, seed: int) -> Tensor:
    """Random subset in which every identity keeps about as many crops.

    First one crop of each identity is taken, then a second one, and so on, so
    that a crowded clip does not lose identities.

    Args:
        identities (Tensor): int64, on the CPU, has shape (num, ).
        max_num (int): Size of the subset.
        seed (int): Of the draw.

    Returns:
        Tensor: Ascending positions, int64, has shape (min(num, max_num), ).
    """
    num = len(identities)
    if num <= max_num:
        return torch.arange(num)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(num, generator=generator)
    order = order[identities[order].argsort(stable=True)]  # by identity
    _, counts = identities[order].unique_consecutive(return_counts=True)
    starts = counts.cumsum(0) - counts
    turns = torch.arange(num) - starts.repeat_interleave(counts)
    # Identities compete for the last turn at random, not by their number.
    shuffled = torch.randperm(num, generator=generator)
    turn_order = shuffled[turns[shuffled].argsort(stable=True)]
    return order[turn_order[:max_num]].sort().values


def outer_pixels(bboxes: Tensor) -> Tensor:
    """Boxes widened to whole pixels.

    Args:
        bboxes (Tensor): (x1, y1, x2, y2), has shape (num, 4).

    Returns:
        Tensor: int64, has shape (num, 4).
    """
    return torch.cat([bboxes[:, :2].floor(), bboxes[:, 2:].ceil()], 1).long()
