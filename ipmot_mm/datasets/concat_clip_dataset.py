"""Several clip datasets as one."""
from bisect import bisect_right
from typing import Any, Sequence, Tuple, Union

import numpy as np
from numpy import ndarray
from torch.utils.data import Dataset

from ipmot_mm.registry import DATASETS
from ipmot_mm.structures import IdentityMap

from .base_clip_dataset import BaseClipDataset
from .clip_index import ClipIndex


@DATASETS.register_module()
class ConcatClipDataset(Dataset):
    """Clip datasets one after the other, such as MOT17 and CrowdHuman.

    Frames and videos are counted over all datasets, and one
    :obj:`IdentityMap` covers the persons of all of them. Each dataset keeps
    its own pipeline, and its own clips stand in for those with unreadable
    images.

    Args:
        datasets (Sequence[dict | BaseClipDataset]): At least one dataset,
            with different ``dataset_name`` and the same classes, also by
            number where they have ``class_ids``.
        lazy_init (bool): Whether to read the annotations only when they are
            needed. Defaults to False.

    Raises:
        ValueError: If there is no dataset, two have one name, or the classes
            or their numbers differ.
    """

    def __init__(self,
                 *,
                 datasets: Sequence[Union[dict, BaseClipDataset]],
                 lazy_init: bool = False) -> None:
        self.datasets = [
            DATASETS.build({
                **dataset, 'lazy_init': True
            }) if isinstance(dataset, dict) else dataset
            for dataset in datasets
        ]
        if not self.datasets:
            raise ValueError('datasets of ConcatClipDataset is empty. Name at '
                             'least one dataset.')
        names = [dataset.dataset_name for dataset in self.datasets]
        if len(set(names)) < len(names):
            raise ValueError(
                f'The datasets of ConcatClipDataset are named {names}. Give '
                'each its own dataset_name: it tells their persons apart.')
        classes = [dataset.metainfo['classes'] for dataset in self.datasets]
        if any(tuple(each) != tuple(classes[0]) for each in classes):
            raise ValueError(
                f'The datasets of ConcatClipDataset have classes {classes}. '
                'Give all of them the same metainfo.classes.')
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """Read all annotations and number the persons jointly, once."""
        if self._fully_initialized:
            return
        for dataset in self.datasets:
            dataset.full_init()
        self._check_class_ids()
        self._starts = np.cumsum([0] +
                                 [len(dataset)
                                  for dataset in self.datasets]).tolist()
        self._identity_map = IdentityMap.from_keys(
            key for dataset in self.datasets
            for key in dataset.identity_map.keys)
        num_videos = 0
        for dataset in self.datasets:
            dataset.set_identity_map(self._identity_map)
            dataset.first_video_id = num_videos
            num_videos += len(dataset.video_offsets) - 1
        self._fully_initialized = True

    def _check_class_ids(self) -> None:
        """In a test the metric takes those of one data set for all. A json
        tells its own only when it is read."""
        found = {
            dataset.dataset_name: tuple(dataset.metainfo['class_ids'])
            for dataset in self.datasets
            if dataset.test_mode and 'class_ids' in dataset.metainfo
        }
        if len(set(found.values())) > 1:
            raise ValueError(
                'The datasets of ConcatClipDataset number their classes '
                f'differently, class_ids are {found}. Give all of them the '
                'same class_ids; tools/dataset_converters/coco_to_mot.py '
                'numbers the categories of a json anew.')

    @property
    def metainfo(self) -> dict:
        """dict: Meta information of the first dataset."""
        return self.datasets[0].metainfo

    @property
    def video_offsets(self) -> ndarray:
        """ndarray: First frame of each video of all datasets and, at the end,
        the number of frames, has shape (num_videos + 1, )."""
        self.full_init()
        parts = [
            dataset.video_offsets[:-1] + start
            for dataset, start in zip(self.datasets, self._starts)
        ]
        return np.concatenate([*parts, [self._starts[-1]]])

    @property
    def identity_map(self) -> IdentityMap:
        """:obj:`IdentityMap`: Rows of the TrackBook over all datasets."""
        self.full_init()
        return self._identity_map

    def locate(self, frame_index: int) -> Tuple[BaseClipDataset, int]:
        """Dataset that a frame belongs to, and its place there.

        Args:
            frame_index (int): Counted over all datasets.

        Returns:
            tuple[:obj:`BaseClipDataset`, int]: The dataset, and the index of
            the frame counted in it.

        Raises:
            IndexError: If there is no such frame.
        """
        self.full_init()
        if not 0 <= frame_index < len(self):
            raise IndexError(f'Frame {frame_index} does not exist, the '
                             f'datasets have {len(self)} frames.')
        which = bisect_right(self._starts, frame_index) - 1
        return self.datasets[which], frame_index - self._starts[which]

    def __getitem__(self, index: Union[int, ClipIndex]) -> Any:
        clip = isinstance(index, tuple)
        dataset, place = self.locate(int(index[0] if clip else index))
        return dataset[(place, *index[1:]) if clip else place]

    def __len__(self) -> int:
        self.full_init()
        return self._starts[-1]
