"""CrowdHuman: still images that become clips."""
import json
import os
from typing import Any, List, Tuple

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .frame_table import VideoAnnotations


@DATASETS.register_module()
class CrowdHumanClipDataset(BaseClipDataset):
    """Images and full-body boxes of CrowdHuman, each image a video.

    A clip repeats its image; ``PseudoClipShift`` in the pipeline then moves
    it from frame to frame. Every person of every image is an identity of its
    own. Ignore regions, which are the tag ``mask`` and the boxes with
    ``extra.ignore`` 1, are left out (MOTR and MeMOTR do so).

    Args:
        ann_file (str): Annotations, one JSON object a line (``.odgt``).
        image_dir (str): Folder of the images ``<ID>.jpg``.
        dataset_name (str): Name of the data set. Defaults to 'crowdhuman'.
        kwargs: See :obj:`BaseClipDataset`.

    Raises:
        FileNotFoundError: If the annotations or an image are missing.
        ValueError: If a line of the annotations is malformed.
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
        for path in (self.ann_file, self.image_dir):
            if not os.path.exists(path):
                raise FileNotFoundError(
                    f'"{path}" of CrowdHumanClipDataset is missing. Put '
                    'CrowdHuman there, or say where it is: the environment '
                    'variable IPMOT_DATA names the folder that holds all data '
                    'sets, and --cfg-options with the keys ann_file and '
                    'image_dir of this dataset names the two.')
        present = set(os.listdir(self.image_dir))
        videos = []
        num_dropped = 0
        with open(self.ann_file, encoding='utf-8-sig') as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                name, boxes = self._parse(number, line)
                if f'{name}.jpg' not in present:
                    raise FileNotFoundError(
                        f'"{self.ann_file}", line {number}: the image '
                        f'"{self.image_dir}/{name}.jpg" is missing. Copy it, '
                        'or remove the line.')
                has_area = (boxes[:, 2:] > boxes[:, :2]).all(1)
                num_dropped += int((~has_area).sum())
                videos.append(self._video(name, boxes[has_area]))
        if not videos:
            raise ValueError(f'"{self.ann_file}" is empty, expected one JSON '
                             'object a line. Copy the file again.')
        if num_dropped:
            print_log(
                f'"{self.ann_file}": left out {num_dropped} boxes of zero or '
                'negative size.',
                logger='current',
                level=30)
        return videos

    def _parse(self, number: int, line: str) -> Tuple[str, ndarray]:
        """Image name and boxes xyxy of a line, has shape (num_persons, 4)."""
        try:
            record = json.loads(line)
            boxes = [
                box['fbox'] for box in record['gtboxes']
                if box['tag'] == 'person'
                and box.get('extra', {}).get('ignore', 0) != 1
            ]
            boxes = np.array(boxes, dtype=np.float32).reshape(len(boxes), 4)
            if not np.isfinite(boxes).all():
                raise ValueError
            name = str(record['ID'])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(
                f'"{self.ann_file}", line {number}: expected a JSON object '
                'with "ID" and "gtboxes", each with "tag" and "fbox" [x, y, '
                f'w, h], got "{line.strip()[:80]}". Copy the file again.'
            ) from None
        boxes[:, 2:] += boxes[:, :2]
        return name, boxes

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
