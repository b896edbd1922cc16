"""What all clip datasets share: frames, identities, pipeline."""
from abc import abstractmethod
from itertools import chain
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
from mmengine.dataset import Compose, force_full_init
from numpy import ndarray
from torch.utils.data import Dataset

from ipmot_mm.registry import TRANSFORMS
from ipmot_mm.structures import IdentityMap

from .clip_index import ClipIndex, numpy_seed
from .frame_table import FrameTable, VideoAnnotations
from .unreadable_images import (MAX_DRAWS, UnreadableImageError,
                                UnreadableImages, stand_ins)
from .video_rules import refuse_faults

OBJECT_KEYS = {
    'gt_bboxes': 'bboxes',
    'gt_bboxes_labels': 'labels',
    'gt_instances_ids': 'instance_ids',
    'gt_identities': 'identities',
    'gt_visibilities': 'visibilities'
}
"""Key in the pipeline -> array of the :obj:`FrameTable`."""


class BaseClipDataset(Dataset):
    """Frames of videos, handed out as clips (training) or singly (test).

    The index is a :obj:`ClipIndex`, or an int for one frame. It follows
    mmengine's ``BaseDataset`` where the Runner looks (``metainfo``,
    ``full_init``, ``lazy_init``), but stores frames, not Python objects.

    The pipeline gets a dict in which every value is a list of length T. The
    keys of a frame are ``img_path, frame_id (0-based in this split of the
    video), mot_frame_id (1-based in the whole video), video_id, video_name,
    video_length, ori_video_length, gt_path, dataset_name`` and the arrays
    ``gt_bboxes, gt_bboxes_labels, gt_instances_ids, gt_identities,
    gt_visibilities``.

    An image that cannot be read does not end a training that may have run for
    days: its file is named as an error and another clip, drawn from the seed
    of the first, stands in. In a test every frame counts, and it is refused.

    Args:
        dataset_name (str): Name in the keys of the identities. It must differ
            between data sets that are trained on together.
        pipeline (Sequence[dict | callable]): Transforms of a clip. Defaults
            to ().
        metainfo (dict, optional): Meta information, such as
            ``dict(classes=('pedestrian', ))``. Defaults to None.
        with_identities (bool): Whether its persons have rows in the
            TrackBook. Persons of a dataset in test mode never have any.
            Defaults to True.
        test_mode (bool): Whether it is used for validation or test. Defaults
            to False.
        lazy_init (bool): Whether to read the annotations only when they are
            needed. Defaults to False.
        max_unreadable (int): Image files of a training that one process, such
            as a worker, may fail to read before it gives up. 0 gives up at
            the first. Defaults to 10.
    """

    METAINFO: Dict[str, Any] = dict(classes=('pedestrian', ))

    def __init__(self,
                 *,
                 dataset_name: str,
                 pipeline: Sequence[Any] = (),
                 metainfo: Optional[dict] = None,
                 with_identities: bool = True,
                 test_mode: bool = False,
                 lazy_init: bool = False,
                 max_unreadable: int = 10) -> None:
        self.dataset_name = dataset_name
        self.test_mode = test_mode
        self.first_video_id = 0
        self._metainfo = {**self.METAINFO, **(metainfo or {})}
        self._with_identities = with_identities and not test_mode
        self._unreadable = UnreadableImages(max_unreadable)
        self._fully_initialized = False
        self.pipeline = Compose([
            TRANSFORMS.build(step) if isinstance(step, dict) else step
            for step in pipeline
        ])
        if not lazy_init:
            self.full_init()

    @abstractmethod
    def load_videos(self) -> List[VideoAnnotations]:
        """Read the files. At least one video, none of them without frames."""

    def full_init(self) -> None:
        """Read the annotations once; later calls do nothing.

        Raises:
            ValueError: If ``load_videos`` breaks a rule of
                :obj:`VideoAnnotations`, or a box is not finite: no transform
                would drop it, and one is enough to spoil the weights.
        """
        if self._fully_initialized:
            return
        videos = self.load_videos()
        refuse_faults(videos, self.dataset_name,
                      len(self._metainfo['classes']))
        self._table = FrameTable.from_videos(videos)
        self._check_boxes()
        self._fully_initialized = True
        keys = (((self.dataset_name, video, instance_id)
                 for video, ids in self._table.ids_by_video().items()
                 for instance_id in ids.tolist()) if self._with_identities else
                ())
        self.set_identity_map(IdentityMap.from_keys(keys))

    def _check_boxes(self) -> None:
        table = self._table
        bad = np.flatnonzero(~np.isfinite(table.bboxes).all(1))
        if len(bad):
            frame = int(
                np.searchsorted(table.object_offsets, bad[0], 'right')) - 1
            video = table.video_of(frame)
            raise ValueError(
                f'Box {table.bboxes[bad[0]].tolist()} of object '
                f'{table.instance_ids[bad[0]]} in "{table.names[video]}/'
                f'{table.image_names[frame]}" of dataset '
                f'"{self.dataset_name}" is not finite as float32. Correct it '
                'or leave it out in load_videos.')

    @property
    def metainfo(self) -> dict:
        """dict: A copy of the meta information."""
        return dict(self._metainfo)

    @property
    @force_full_init
    def video_offsets(self) -> ndarray:
        """ndarray: First frame of each video and, at the end, the number of
        frames, has shape (num_videos + 1, )."""
        return self._table.video_offsets

    @property
    @force_full_init
    def identity_map(self) -> IdentityMap:
        """:obj:`IdentityMap`: Rows of the TrackBook in use."""
        return self._identity_map

    @force_full_init
    def set_identity_map(self, identity_map: IdentityMap) -> None:
        """Number the persons by another map, such as one over several
        datasets.

        Persons that are not in it get ``NO_IDENTITY``.

        Args:
            identity_map (:obj:`IdentityMap`): Rows of the TrackBook.
        """
        self._identity_map = identity_map
        self._table = self._table.with_identities(identity_map,
                                                  self.dataset_name)

    @force_full_init
    def count_by_video(self) -> Dict[str, List[int]]:
        """Numbers of frames, objects and instance ids of each video.

        Returns:
            dict[str, list[int]]: The three numbers by the name of the video.
        """
        return self._table.count_by_video()

    @force_full_init
    def get_data_info(self, index: Union[int, ClipIndex]) -> Dict[str, list]:
        """What the pipeline gets for an index.

        A clip never leaves its video: frames after the last one repeat it,
        which only happens to a video shorter than the clip when the index
        comes from :obj:`ClipSampler`.

        Args:
            index (int | ClipIndex): A frame, or a clip.

        Returns:
            dict[str, list]: One entry for each frame under each key.

        Raises:
            IndexError: If there is no such frame.
        """
        clip = _to_clip(index)
        if not 0 <= clip.frame_index < len(self):
            raise IndexError(
                f'Frame {clip.frame_index} of dataset "{self.dataset_name}" '
                f'does not exist, it has {len(self)} frames.')
        video = self._table.video_of(clip.frame_index)
        last = int(self._table.video_offsets[video + 1]) - 1
        frames = [
            self._frame_info(video,
                             min(clip.frame_index + t * clip.interval, last))
            for t in range(clip.num_frames)
        ]
        return {key: [frame[key] for frame in frames] for key in frames[0]}

    def _frame_info(self, video: int, frame_index: int) -> Dict[str, Any]:
        table = self._table
        first, end = table.video_offsets[video:video + 2].tolist()
        objects = table.objects_of(frame_index)
        return dict(
            img_path=f'{table.image_dirs[video]}/'
            f'{table.image_names[frame_index]}',
            frame_id=frame_index - first,
            mot_frame_id=frame_index - first + 1 +
            int(table.first_frames[video]),
            video_id=self.first_video_id + video,
            video_name=table.names[video],
            video_length=end - first,
            ori_video_length=end - first,
            gt_path=table.gt_paths[video],
            dataset_name=self.dataset_name,
            **{
                key: objects[name]
                for key, name in OBJECT_KEYS.items()
            })

    def __getitem__(self, index: Union[int, ClipIndex]) -> Any:
        clip = _to_clip(index)
        if self.test_mode:
            return self._load(clip)
        for each in chain([clip], stand_ins(clip, self.video_offsets)):
            try:
                return self._load(each)
            except UnreadableImageError as error:
                self._unreadable.add(error)
        raise UnreadableImageError(
            f'A clip of dataset "{self.dataset_name}" and {MAX_DRAWS} drawn '
            'instead all show images that cannot be read; they are named '
            'above. Copy them again.')

    def _load(self, clip: ClipIndex) -> Any:
        info = self.get_data_info(clip)
        with numpy_seed(clip.seed):
            return self.pipeline(info)

    @force_full_init
    def __len__(self) -> int:
        return int(self._table.video_offsets[-1])


def _to_clip(index: Union[int, ClipIndex]) -> ClipIndex:
    """An int is one frame."""
    if isinstance(index, tuple):
        return ClipIndex(*index)
    return ClipIndex(frame_index=int(index), num_frames=1, interval=1)
