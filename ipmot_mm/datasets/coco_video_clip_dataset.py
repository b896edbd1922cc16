"""Data sets that were converted for mmdet: COCO-VID json files."""
import fnmatch
import os
from itertools import accumulate, compress
from typing import Any, Dict, List, Optional, Sequence, Set

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .coco_frames import CocoFrames, read_coco_categories, read_coco_frames
from .coco_objects import (NO_ID, CocoObjects, read_coco_objects,
                           refuse_anonymous, sort_coco_objects)
from .coco_records import CocoRecords
from .contents_log import log_contents
from .frame_table import VideoAnnotations


@DATASETS.register_module()
class CocoVideoClipDataset(BaseClipDataset):
    """Videos and still images of a json file, such as mmdet's ``mot2coco.py``
    and ``crowdhuman2coco.py`` write.

    What comes out is what :obj:`MOTClipDataset` and
    :obj:`CrowdHumanClipDataset` make of the files the json was converted
    from: the same frames, objects and identities, so weights and checkpoints
    can move between the two. Objects with ``mot_conf`` 0, ``iscrowd`` or
    ``ignore`` are left out, those of other categories, too; boxes are not
    clipped; frames without objects are kept. The log says how many objects
    are left out. The identity is ``mot_instance_id``, or else ``instance_id``
    or ``track_id``, the first of them that any object has; a still image
    needs none, each of its persons is one.

    Where ``gt/gt.txt`` is found next to the folder of a video's images, it is
    ``gt_path``, so that the metric sees the distractors.

    ``metainfo['class_ids']`` holds the category id of each label, which
    ``mot2coco.py`` takes over from MOTChallenge.

    Args:
        ann_file (str): The json file.
        dataset_name (str): Name of the data set, such as ``'mot17'``.
        data_prefix (dict, optional): Folder of the images under the key
            ``img_path``; file names in the json count from there. Defaults
            to None, for ``data_root``.
        data_root (str): Folder before ``ann_file`` and ``img_path`` where
            they are relative. Defaults to ''.
        sequences (Sequence[str]): Names of videos and images to take, with
            shell wild cards, as in :obj:`MOTClipDataset`. Defaults to
            ``('*', )``.
        kwargs: See :obj:`BaseClipDataset`. The ``classes`` of ``metainfo``
            are names of categories.

    Raises:
        FileNotFoundError: If the json file or an image is missing.
        ValueError: If the json file is truncated or malformed, the frames of
            a video have a hole, an id points nowhere, or a class is no
            category; the message names file and entry. Also if
            ``data_prefix`` has other keys or nothing matches ``sequences``.
    """

    def __init__(self,
                 *,
                 ann_file: str,
                 dataset_name: str,
                 data_prefix: Optional[dict] = None,
                 data_root: str = '',
                 sequences: Sequence[str] = ('*', ),
                 **kwargs: Any) -> None:
        data_prefix = {'img_path': ''} if data_prefix is None else data_prefix
        if set(data_prefix) != {'img_path'}:
            raise ValueError(
                f'data_prefix={data_prefix} of CocoVideoClipDataset must have '
                'the key img_path and no other: the folder of the images.')
        self.ann_file = os.path.join(data_root, ann_file)
        self.image_root = os.path.normpath(
            os.path.join(data_root, data_prefix['img_path']))
        self.sequences = [sequences] if isinstance(sequences,
                                                   str) else list(sequences)
        super().__init__(dataset_name=dataset_name, **kwargs)

    def load_videos(self) -> List[VideoAnnotations]:
        """Read the videos and images chosen, in the order of the file."""
        records = CocoRecords(self.ann_file)
        categories = read_coco_categories(records)
        class_ids = self._find_classes(categories)
        every = read_coco_frames(records)
        objects = read_coco_objects(
            records, every, categories, may_be_absent=self.test_mode)
        left_out = self._sort_out(objects, class_ids)
        chosen = np.flatnonzero(~np.any([*left_out.values()], axis=0))
        ids = _number_objects(records, every, objects, chosen)
        order = sort_coco_objects(records, objects.frames[chosen], ids, chosen)
        chosen, ids = chosen[order], ids[order]
        frames = objects.frames[chosen]

        videos = []
        listings: Dict[str, Set[str]] = {}
        ends = accumulate(map(len, every))
        taken = [self._takes(video) for video in every]
        for video, end in compress(zip(every, ends), taken):
            first = end - len(video)
            span = slice(*np.searchsorted(frames, [first, end]))
            rows = chosen[span]
            matches = objects.category_ids[rows, None] == class_ids
            videos.append(
                VideoAnnotations(
                    name=video.name,
                    first_frame=video.first_frame or 0,
                    frame_ids=frames[span] - first,
                    bboxes=objects.bboxes[rows].astype(np.float32),
                    labels=matches.argmax(1),
                    instance_ids=ids[span],
                    visibilities=objects.visibilities[rows],
                    **self._find_files(video, listings)))
        if not videos:
            raise ValueError(
                f'Nothing in "{self.ann_file}" matches sequences='
                f'{self.sequences}, it has {len(every)} videos and images, '
                f'such as {[video.name for video in every[:3]]}. Correct '
                'sequences.')
        inside = np.repeat(taken, list(map(len, every)))[objects.frames]
        log_contents(
            self.ann_file, videos, {
                kind: int((mask & inside).sum())
                for kind, mask in left_out.items()
            })
        return videos

    def _takes(self, video: CocoFrames) -> bool:
        return any(
            fnmatch.fnmatchcase(video.name, pattern)
            for pattern in self.sequences)

    def _find_classes(self, categories: Dict[str, int]) -> ndarray:
        """Category id of each class, has shape (num_classes, )."""
        classes = tuple(self._metainfo['classes'])
        unknown = [name for name in classes if name not in categories]
        if unknown:
            raise ValueError(
                f'"{self.ann_file}" has no category {unknown}, only '
                f'{list(categories)}. Correct metainfo.classes={classes}.')
        self._metainfo['class_ids'] = tuple(categories[name]
                                            for name in classes)
        return np.array(self._metainfo['class_ids'])

    def _sort_out(self, objects: CocoObjects,
                  class_ids: ndarray) -> Dict[str, ndarray]:
        """What is not trained on by the reason, each bool, has shape
        (num_objects, ); an object is in one of them at most."""
        known = np.isin(objects.category_ids, class_ids)
        flat = known & ~objects.ignored & objects.flat
        if flat.any():
            print_log(
                f'"{self.ann_file}": left out {flat.sum()} boxes '
                'of zero or negative size.',
                logger='current',
                level=30)
        return {
            'objects of other categories': ~known,
            'ignored objects': known & objects.ignored,
            'boxes without area': flat
        }

    def _find_files(self, video: CocoFrames,
                    listings: Dict[str, Set[str]]) -> Dict[str, Any]:
        """Folder and names of the images, and the ground truth."""
        folders = [os.path.dirname(name) for name in video.file_names]
        for folder, file_name in zip(folders, video.file_names):
            if folder not in listings:
                path = os.path.join(self.image_root, folder)
                listings[folder] = set(
                    os.listdir(path) if os.path.isdir(path) else ())
            if os.path.basename(file_name) not in listings[folder]:
                raise FileNotFoundError(
                    f'"{self.ann_file}" has the image "{file_name}", but '
                    f'"{os.path.join(self.image_root, file_name)}" is '
                    'missing. Copy it there, or correct data_root or '
                    'data_prefix=dict(img_path=...), from where the file '
                    'names count.')
        if len(set(folders)) > 1:
            return dict(
                image_dir=self.image_root,
                image_names=video.file_names,
                gt_path='')
        image_dir = os.path.join(self.image_root, folders[0])
        gt_path = os.path.join(os.path.dirname(image_dir), 'gt', 'gt.txt')
        known = video.first_frame is not None and os.path.isfile(gt_path)
        return dict(
            image_dir=image_dir,
            image_names=[os.path.basename(name) for name in video.file_names],
            gt_path=gt_path if known else '')


def _number_objects(records: CocoRecords, videos: List[CocoFrames],
                    objects: CocoObjects, chosen: ndarray) -> ndarray:
    """Identity in the video of each object chosen, has shape (n, ).

    Where an object of a still image has none, all of its persons count from 1
    in the order of the file, as in :obj:`CrowdHumanClipDataset`.
    """
    lengths = [len(video) for video in videos]
    moving = np.repeat(np.array(lengths) > 1, lengths)
    frames = objects.frames[chosen]
    refuse_anonymous(records, objects, chosen[moving[frames]])
    given = objects.instance_ids[chosen]
    order = np.argsort(frames, kind='stable')
    ordered = frames[order]
    ids = np.empty(len(chosen), dtype=np.int64)
    ids[order] = 1 + np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return np.where(np.isin(frames, frames[given == NO_ID]), ids, given)
