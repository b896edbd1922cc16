"""Objects of a COCO-VID json file."""
from dataclasses import dataclass
from itertools import chain
from typing import Dict, Optional, Sequence, Tuple

import numpy as np
from numpy import ndarray

from .coco_frames import CocoFrames
from .coco_records import CocoRecords, Record
from .mot_text import END_OF_PIXELS, END_OF_WHOLE_NUMBERS

INSTANCE_KEYS = ('mot_instance_id', 'instance_id', 'track_id')
"""Keys of the identity, best first. In the files of mmdet's ``mot2coco.py``
the first is the id of ``gt.txt``; the second counts over the whole file and
differs between ``train`` and ``half-train``. The third is that of others."""

NO_ID = -1
"""Stands for the identity of an object that has none."""

CONFIDENCE_KEYS = ('mot_conf', 'conf')
VISIBILITY_KEYS = ('visibility', )
IGNORE_KEYS = ('iscrowd', 'ignore')


@dataclass(frozen=True)
class CocoObjects:
    """All annotations, in the order of the file.

    Attributes:
        frames (ndarray): Frame of each, counted over all videos, int64, has
            shape (num_objects, ).
        category_ids (ndarray): int64, has shape (num_objects, ).
        bboxes (ndarray): (x1, y1, x2, y2) in pixels, float64, has shape
            (num_objects, 4).
        id_key (str, optional): Key of the identities. None if the objects
            have none.
        instance_ids (ndarray): ``NO_ID`` where there is none, or one that is
            not a whole number from 0 on, int64, has shape (num_objects, ).
        ignored (ndarray): Whether it is a crowd, to be ignored, or of
            confidence 0, bool, has shape (num_objects, ).
        visibilities (ndarray): Visible share, 1 where the file does not tell,
            float64, has shape (num_objects, ).
    """
    frames: ndarray
    category_ids: ndarray
    bboxes: ndarray
    id_key: Optional[str]
    instance_ids: ndarray
    ignored: ndarray
    visibilities: ndarray

    @property
    def flat(self) -> ndarray:
        """ndarray: Whether the box has no area as a float32 one, in which
        form data sets hold it, bool, has shape (num_objects, )."""
        bboxes = self.bboxes.astype(np.float32)
        return (bboxes[:, 2:] <= bboxes[:, :2]).any(1)


def read_coco_objects(records: CocoRecords,
                      videos: Sequence[CocoFrames],
                      categories: Dict[str, int],
                      *,
                      may_be_absent: bool = False) -> CocoObjects:
    """All annotations, none of them left out.

    Args:
        records (:obj:`CocoRecords`): The file.
        videos (Sequence[:obj:`CocoFrames`]): All videos and still images.
        categories (dict[str, int]): Id of each category by its name.
        may_be_absent (bool): Whether the file may have no list of them, as
            that of a test set. Defaults to False.

    Returns:
        :obj:`CocoObjects`: In the order of the file.

    Raises:
        ValueError: If a key is missing, a value is not of its type or range,
            or an id points nowhere. The message names file and entry.
    """
    images = records.records('images')
    frames = {
        images[index]['id']: frame
        for frame, index in enumerate(
            chain.from_iterable(video.image_indices for video in videos))
    }
    known = set(categories.values())
    absent = may_be_absent and 'annotations' not in records
    annotations = [] if absent else records.records('annotations')
    present = set().union(*annotations)
    id_key = next((key for key in INSTANCE_KEYS if key in present), None)
    integers, bboxes, ignored, visibilities = [], [], [], []
    for index, record in enumerate(annotations):
        image = records.get_link('annotations', index, 'image_id', 'images',
                                 frames)
        category = records.get_link('annotations', index, 'category_id',
                                    'categories', known)
        integers.append(
            (frames[image], category, _find_id(record, id_key)))
        bboxes.append(_read_bbox(records, index))
        ignored.append(_is_ignored(records, index))
        visibilities.append(_read_share(records, index, VISIBILITY_KEYS))
    count = len(annotations)
    columns = np.array(integers, dtype=np.int64).reshape(count, 3)
    return CocoObjects(
        frames=columns[:, 0],
        category_ids=columns[:, 1],
        bboxes=np.array(bboxes, dtype=np.float64).reshape(count, 4),
        id_key=id_key,
        instance_ids=columns[:, 2],
        ignored=np.array(ignored, dtype=bool),
        visibilities=np.array(visibilities))


def refuse_anonymous(records: CocoRecords, objects: CocoObjects,
                     indices: ndarray) -> None:
    """Refuse objects of videos that have no identity.

    Args:
        records (:obj:`CocoRecords`): The file.
        objects (:obj:`CocoObjects`): What is in it.
        indices (ndarray): Entry of each object of a video that is used, has
            shape (n, ).

    Raises:
        ValueError: If one of them has none.
    """
    key = objects.id_key
    for index in indices[objects.instance_ids[indices] == NO_ID]:
        if key is None:
            records.fail(
                'annotations', index, 'an object of a video needs one of '
                f'{", ".join(INSTANCE_KEYS)}')
        records.get('annotations', index, key, int)  # its type, if it is there
        records.fail('annotations', index, f'"{key}" must be at least 0')


def sort_coco_objects(records: CocoRecords, frames: ndarray, ids: ndarray,
                      indices: ndarray) -> ndarray:
    """Order objects by frame and then identity.

    Args:
        records (:obj:`CocoRecords`): The file.
        frames (ndarray): Frame of each object, has shape (n, ).
        ids (ndarray): Identity of each, has shape (n, ).
        indices (ndarray): Entry of each in the list ``annotations``, has
            shape (n, ).

    Returns:
        ndarray: Which object comes first, second and so on, has shape (n, ).

    Raises:
        ValueError: If an identity is in a frame twice.
    """
    order = np.lexsort((ids, frames))
    again = (np.diff(frames[order]) == 0) & (np.diff(ids[order]) == 0)
    for index in indices[order[1:][again]]:
        records.fail('annotations', index, 'this identity occurs a second '
                     'time in its image')
    return order


def _find_id(record: Record, key: Optional[str]) -> int:
    value = record.get(key)
    valid = (
        isinstance(value, int) and not isinstance(value, bool)
        and 0 <= value < END_OF_WHOLE_NUMBERS)
    return value if valid else NO_ID


def _read_bbox(records: CocoRecords, index: int) -> Tuple[float, ...]:
    """(x1, y1, x2, y2) of a box (x, y, w, h)."""
    bbox = records.records('annotations')[index].get('bbox')
    if (not isinstance(bbox, list) or len(bbox) != 4
            or not all(map(_is_number, bbox))):
        records.fail(
            'annotations', index, '"bbox" must be [x, y, w, h], four '
            f'finite numbers below {END_OF_PIXELS}')
    x, y, w, h = bbox
    return x, y, x + w, y + h


def _read_share(records: CocoRecords, index: int,
                keys: Sequence[str]) -> float:
    """The first of these keys that there is, else 1."""
    record = records.records('annotations')[index]
    key = next((key for key in keys if key in record), None)
    if key is None:
        return 1.
    if not _is_number(record[key]):
        records.fail('annotations', index, f'"{key}" must be a finite number')
    return float(record[key])


def _is_ignored(records: CocoRecords, index: int) -> bool:
    """``mot_conf``, which is that of ``gt.txt``, is cut to a whole number as
    in :attr:`MOTAnnotations.counts`; ``conf`` of other tools is not."""
    record = records.records('annotations')[index]
    conf = _read_share(records, index, CONFIDENCE_KEYS)
    if CONFIDENCE_KEYS[0] in record:
        conf = int(conf)
    return conf == 0 or any(record.get(key) for key in IGNORE_KEYS)


def _is_number(value: object) -> bool:
    """Whether it is finite, and small enough for what is in pixels."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and -END_OF_PIXELS < value < END_OF_PIXELS)
