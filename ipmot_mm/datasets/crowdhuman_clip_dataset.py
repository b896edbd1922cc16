"""CrowdHuman: still images that become clips."""
import json
import os
from collections import Counter
from typing import Any, Dict, List, Set, Tuple

import numpy as np
from numpy import ndarray

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .contents_log import log_contents
from .frame_table import VideoAnnotations
from .mot_text import END_OF_PIXELS


@DATASETS.register_module()
class CrowdHumanClipDataset(BaseClipDataset):
    """Images and full-body boxes of CrowdHuman, each image a video.

    A clip repeats its image; ``PseudoClipShift`` in the pipeline then moves
    it from frame to frame. Every person of every image is an identity of its
    own. Ignore regions, which are the tag ``mask`` and the boxes with
    ``extra.ignore`` 1, are left out (MOTR and MeMOTR do so), and so are boxes
    without area; the log says how many. Images without a person are kept.

    Args:
        ann_file (str): Annotations, one JSON object a line (``.odgt``).
        image_dir (str): Folder of the images ``<ID>.jpg``.
        dataset_name (str): Name of the data set. Defaults to 'crowdhuman'.
        kwargs: See :obj:`BaseClipDataset`.

    Raises:
        FileNotFoundError: If the annotations or an image are missing.
        ValueError: If a line of the annotations is malformed or repeats an
            image. The message names file and line.
    """

    def __init__(self,
                 *,
                 ann_file: str,
                 image_dir: str,
                 dataset_name: str = 'crowdhuman',
                 **kwargs: Any) -> None:
        self.ann_file = ann_file
        self.image_dir = image_dir
        super().__init__(dataset_name=dataset_name, **kwargs)

    def load_videos(self) -> List[VideoAnnotations]:
        """Read one video of one frame from every line."""
        if not (os.path.isfile(self.ann_file)
                and os.path.isdir(self.image_dir)):
            raise FileNotFoundError(
                f'"{self.ann_file}" or the folder "{self.image_dir}" of '
                'CrowdHumanClipDataset is missing. Put CrowdHuman there, or '
                'say where it is: the environment variable IPMOT_DATA names '
                'the folder that holds all data sets, and --cfg-options with '
                'the keys ann_file and image_dir of this dataset names the '
                'two.')
        present = set(os.listdir(self.image_dir))
        videos: List[VideoAnnotations] = []
        lines: Dict[str, int] = {}
        left_out: Counter = Counter()
        with open(
                self.ann_file, encoding='utf-8-sig', errors='replace') as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                name, boxes = self.parse_line(number, line, left_out)
                self._check_image(number, name, present, lines)
                videos.append(self._video(name, boxes))
        if not videos:
            raise ValueError(f'"{self.ann_file}" is empty, expected one JSON '
                             'object a line. Copy the file again.')
        log_contents(self.ann_file, videos, left_out)
        return videos

    def parse_line(self, number: int, line: str,
                   left_out: Counter) -> Tuple[str, ndarray]:
        """Read one line of the annotations.

        Args:
            number (int): Its number in the file, for messages.
            line (str): The JSON object.
            left_out (Counter): What is left out is added to it.

        Returns:
            tuple[str, ndarray]: Name of the image without ending, and boxes
            xyxy in pixels, has shape (num_persons, 4).

        Raises:
            ValueError: If the line is malformed.
        """
        try:
            record = json.loads(line.strip())
            name, records = record['ID'], record['gtboxes']
            if not isinstance(name, str) or not isinstance(records, list):
                raise TypeError
            kinds = [_kind(box) for box in records]
            boxes = np.array([
                _full_body(box) for box, kind in zip(records, kinds)
                if kind == 'person'
            ]).reshape(-1, 4)
        # A line of thousands of brackets recurses.
        except (ValueError, KeyError, TypeError, AttributeError,
                RecursionError):
            raise ValueError(
                f'"{self.ann_file}", line {number}: expected a JSON object '
                'with "ID" and "gtboxes", each with "tag" ("person" or "mask")'
                ' and for a person "fbox" [x, y, w, h], four numbers, got '
                f'{line.strip()[:80]!r}. Copy the file again.') from None
        boxes[:, 2:] += boxes[:, :2]
        boxes = boxes.astype(np.float32)
        has_area = (boxes[:, 2:] > boxes[:, :2]).all(1)
        left_out.update(kind for kind in kinds if kind != 'person')
        if not has_area.all():
            left_out['boxes without area'] += int((~has_area).sum())
        return name, boxes[has_area]

    def _check_image(self, number: int, name: str, present: Set[str],
                     lines: Dict[str, int]) -> None:
        """Refuse a line without an image, or with that of another line."""
        first = lines.setdefault(name, number)
        if first != number:
            raise ValueError(
                f'"{self.ann_file}", line {number}: the ID {name!r} occurs a '
                f'second time (first in line {first}). Remove one of the '
                'lines.')
        if f'{name}.jpg' not in present:
            raise FileNotFoundError(
                f'"{self.ann_file}", line {number}: the image '
                f'"{self.image_dir}/{name}.jpg" is missing. Copy it, or '
                'remove the line.')

    def _video(self, name: str, boxes: ndarray) -> VideoAnnotations:
        count = len(boxes)
        return VideoAnnotations(
            name=name,
            image_dir=self.image_dir,
            image_names=[f'{name}.jpg'],
            first_frame=0,
            gt_path='',
            frame_ids=np.zeros(count, dtype=np.int64),
            bboxes=boxes,
            labels=np.zeros(count, dtype=np.int64),
            instance_ids=np.arange(1, count + 1),
            visibilities=np.ones(count))


def _kind(box: Dict[str, Any]) -> str:
    """What to call a box in the log; only 'person' is trained on.

    ``extra`` and its keys may be absent (crowdhuman.org/download.html).
    """
    tag, ignore = box['tag'], box.get('extra', {}).get('ignore', 0)
    if tag not in ('person', 'mask') or ignore not in (0, 1):
        raise ValueError
    if tag == 'mask':
        return 'masks'
    return 'ignored persons' if ignore else 'person'


def _full_body(box: Dict[str, Any]) -> List[float]:
    """x, y, w, h of the whole person, which may reach out of the image."""
    numbers = box['fbox']
    # JSON knows NaN and Infinity in Python; NumPy would take text for numbers.
    if len(numbers) != 4 or not all(
            type(number) in (int, float) and abs(number) < END_OF_PIXELS
            for number in numbers):
        raise ValueError
    return [float(number) for number in numbers]
