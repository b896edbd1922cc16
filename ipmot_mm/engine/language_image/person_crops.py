"""Pictures of the persons of SynthMOT, as the TrackBook cuts them."""
import os.path as osp
import zlib
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from ipmot_mm.datasets.mot_text import read_ground_truth
from ipmot_mm.datasets.sequence import find_sequences, read_sequence
from ipmot_mm.datasets.synthmot import read_persons
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.models.track_book.crop_cutter import CropCutter, CropSelection

from .captions import Person


@dataclass(frozen=True)
class PersonCrops:
    """Crops of some persons, of each of them one or more.

    Attributes:
        crops (Tensor): RGB, uint8, has shape (N, 3, height, width).
        person_inds (Tensor): Into ``persons``, ascending, int64, has shape
            (N, ).
        persons (list[dict]): Attributes, ``sequence`` and ``id`` of each.
    """
    crops: Tensor
    person_inds: Tensor
    persons: List[Person]

    def subset(self, keep: List[bool]) -> 'PersonCrops':
        """Some of the persons.

        Args:
            keep (list[bool]): For each person.

        Returns:
            PersonCrops: The others are gone.
        """
        mask = torch.tensor(keep, dtype=torch.bool)
        numbers = mask.cumsum(0) - 1
        chosen = mask[self.person_inds]
        return PersonCrops(
            self.crops[chosen], numbers[self.person_inds[chosen]],
            [each for each, kept in zip(self.persons, keep) if kept])


def load_person_crops(data_root: str,
                      *,
                      size: Tuple[int, int],
                      crops_per_person: int,
                      min_box_size: Tuple[float, float] = (3, 6),
                      min_visibility: float = 0.3,
                      seed: int = 0) -> PersonCrops:
    """Cut persons out of all sequences of a split.

    Args:
        data_root (str): Folder of the sequences, such as
            ``data/synthmot/world/train``.
        size (tuple[int, int]): Height and width of a crop.
        crops_per_person (int): At most; drawn from the frames in which the
            person can be seen.
        min_box_size (tuple[float, float]): Smallest width and height of a
            box in pixels. Defaults to (3, 6), that of the small models.
        min_visibility (float): Smallest visible share. Defaults to 0.3.
        seed (int): Of the draw. Defaults to 0.

    Returns:
        PersonCrops: Of all persons of whom there is a crop.

    Raises:
        FileNotFoundError: If the folder, or ``persons.json`` of a sequence,
            is missing.
        ValueError: If nobody is large and visible enough.
    """
    cutter = CropCutter(
        size=size,
        max_crops=0,
        min_box_size=min_box_size,
        min_visibility=min_visibility)
    crops: List[Tensor] = []
    persons: List[Person] = []
    counts: List[int] = []
    for folder in find_sequences(data_root, ('*', )):
        looks = read_persons(folder)
        found = _cut_sequence(folder, cutter, crops_per_person, seed)
        for ident in sorted(found):
            crops += found[ident]
            counts.append(len(found[ident]))
            persons.append(
                dict(looks[ident], sequence=osp.basename(folder), id=ident))
    if not persons:
        raise ValueError(
            f'{data_root} has no person of at least {min_box_size} pixels '
            f'and visibility {min_visibility}. Lower the limits, or write '
            'larger images with make_synthmot.py --size.')
    return PersonCrops(
        torch.stack(crops),
        torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)),
        persons)


def _cut_sequence(folder: str, cutter: CropCutter, crops_per_person: int,
                  seed: int) -> Dict[int, List[Tensor]]:
    """Crops of each id of a sequence."""
    sequence = read_sequence(folder, with_gt=True)
    rows = read_ground_truth(sequence.gt_path, len(sequence))
    rows = rows[rows.counts]
    found: Dict[int, List[Tensor]] = {}
    images: Dict[int, ndarray] = {}

    def image_of(number: int) -> ndarray:
        if number not in images:
            images[number] = read_image(
                osp.join(sequence.image_dir, sequence.image_names[number - 1]))
        return images[number]

    height, width = image_of(1).shape[:2]
    bboxes = np.clip(rows.bboxes, 0, [width, height, width, height])
    seen = _is_visible(rows, bboxes, cutter)
    rng = np.random.default_rng([seed, zlib.crc32(sequence.name.encode())])
    for ident in np.unique(rows.instance_ids[seen]).tolist():
        own = np.flatnonzero(seen & (rows.instance_ids == ident))
        chosen = rng.permutation(own)[:crops_per_person]
        found[ident] = [
            _cut(cutter, image_of(int(rows.frame_numbers[row])), bboxes[row])
            for row in sorted(chosen.tolist())
        ]
    return found


def _is_visible(rows: Any, bboxes: ndarray, cutter: CropCutter) -> ndarray:
    width, height = cutter.min_box_size
    sizes = bboxes[:, 2:] - bboxes[:, :2]
    return ((sizes[:, 0] >= width) & (sizes[:, 1] >= height) &
            (rows.visibilities >= cutter.min_visibility))


def _cut(cutter: CropCutter, image: ndarray, bbox: ndarray) -> Tensor:
    """One crop, RGB, uint8, has shape (3, height, width)."""
    frame = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    zero = torch.zeros(1, dtype=torch.long)
    selection = CropSelection(
        zero, torch.from_numpy(bbox).float()[None], zero)
    crop = cutter.cut(frame[None, None].float() / 255, selection)[0]
    return (crop * 255).round().clamp(0, 255).to(torch.uint8)
