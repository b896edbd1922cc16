"""From ground truth boxes to crops for the image tower of CLIP."""
import zlib
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ipmot_mm.structures import FrameTargets


class CropCutter:
    """Cut the objects of a clip out of its frames (Algorithm 1, lines 3-6).

    Boxes are clipped to the frame and widened to whole pixels; crops are
    resized without keeping the aspect ratio, as Syliz517/CLIP-ReID@eb1898b,
    make_dataloader_clipreid.py:54-58 does.

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

    @torch.no_grad()
    def cut(self, images: Tensor, targets: Sequence[Sequence[FrameTargets]],
            num_identities: int) -> Tuple[Tensor, Tensor]:
        """Crops of the objects that have a row in the TrackBook.

        Args:
            images (Tensor): RGB in [0, 1], padded on the right and bottom,
                has shape (N, T, 3, H, W).
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.
            num_identities (int): Rows of the TrackBook.

        Returns:
            tuple[Tensor, Tensor]: Crops with shape (B, 3, *size) and their
            identities, int64, with shape (B, ).
        """
        frames = images.flatten(0, 1)  # (N * T, 3, H, W)
        boxes, identities, frame_inds = [], [], []
        for frame_ind, frame in enumerate(
                frame for clip in targets for frame in clip):
            bboxes = _clip_to_frame(frame)
            keep = self._is_usable(bboxes, frame, num_identities)
            boxes.append(bboxes[keep])
            identities.append(frame.identities[keep])
            frame_inds += [frame_ind] * len(boxes[-1])
        if not frame_inds:
            return (frames.new_zeros(0, 3, *self.size),
                    torch.zeros(0, dtype=torch.long, device=frames.device))
        all_identities = torch.cat(identities).to(frames.device)
        corners = torch.cat(boxes).cpu()
        # The boxes seed the draw: a resumed run draws the same crops.
        seed = zlib.crc32(corners.numpy().tobytes())
        chosen = choose_evenly(all_identities.cpu(), self.max_crops, seed=seed)
        corners = torch.cat([corners[:, :2].floor(), corners[:, 2:].ceil()], 1)
        crops = [
            self._resize(frames[frame_inds[ind]], corners[ind].int().tolist())
            for ind in chosen.tolist()
        ]
        return torch.cat(crops), all_identities[chosen.to(frames.device)]

    def _is_usable(self, bboxes: Tensor, frame: FrameTargets,
                   num_identities: int) -> Tensor:
        width, height = self.min_box_size
        return ((bboxes[:, 2] - bboxes[:, 0] >= width) &
                (bboxes[:, 3] - bboxes[:, 1] >= height) &
                (frame.visibilities >= self.min_visibility) &
                (frame.identities >= 0) & (frame.identities < num_identities))

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


def _clip_to_frame(frame: FrameTargets) -> Tensor:
    height, width = frame.img_shape
    limit = frame.bboxes.new_tensor([width, height, width, height])
    return torch.minimum(frame.bboxes.clamp(min=0), limit)
