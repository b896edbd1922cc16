"""mmtrack's data sets with what a clip data set of this package knows."""
import os
from itertools import groupby
from typing import Any, Dict, List, Tuple, Union

import numpy as np
import torch

from ipmot_mm.datasets.base_clip_dataset import BaseClipDataset
from ipmot_mm.datasets.clip_index import ClipIndex, numpy_seed
from ipmot_mm.datasets.contents_log import log_contents
from ipmot_mm.datasets.frame_table import VideoAnnotations
from ipmot_mm.registry import DATASETS

from .sample_conversion import find_truth, name_video, number_in_video
from .sample_transforms import FromMMTrackSample


@DATASETS.register_module()
class MMTrackClipDataset(BaseClipDataset):
    """A video data set of mmtrack, its pipeline and the clips of this package.

    It adds what a training of IP-MOT asks of its data: rows of the TrackBook
    for the persons, clips of any length and interval for
    :obj:`ClipSampler` and :obj:`ClipLengthHook`, and a place in
    :obj:`ConcatClipDataset`. For a test it is not needed.

    With a :obj:`ClipIndex`, the frames are those of the clip. With a number,
    as of mmengine's ``DefaultSampler``, they are that frame and those which
    mmtrack's ``ref_img_sampler`` adds. All frames count, also those without
    objects and those that ``key_img_sampler`` and ``filter_cfg`` would leave
    out.

    Args:
        dataset (dict): Config of a ``BaseVideoDataset`` of mmtrack, such as
            ``MOTChallengeDataset``, whose pipeline ends with
            :obj:`FromMMTrackSample`. If its ``ref_img_sampler`` is None, the
            pipeline gets single images, as always in mmtrack, else lists.
        dataset_name (str): Name in the keys of the identities.
        with_identities (bool): See :obj:`BaseClipDataset`. Defaults to True.
        lazy_init (bool): Likewise. Defaults to False.

    Raises:
        ValueError: If the pipeline ends otherwise, or two videos have one
            name.
    """

    def __init__(self,
                 *,
                 dataset: Dict[str, Any],
                 dataset_name: str,
                 with_identities: bool = True,
                 lazy_init: bool = False) -> None:
        self.source = DATASETS.build(dict(dataset, lazy_init=True))
        steps = self.source.pipeline.transforms
        if not (steps and isinstance(steps[-1], FromMMTrackSample)):
            last = type(steps[-1]).__name__ if steps else 'nothing'
            raise ValueError(
                'MMTrackClipDataset.dataset.pipeline ends with '
                f'{last}; add dict(type="ipmot_mm.FromMMTrackSample") '
                'as its last step')
        meta = self.source.metainfo
        super().__init__(
            dataset_name=dataset_name,
            metainfo=dict(meta, classes=tuple(meta['CLASSES'])),
            with_identities=with_identities,
            test_mode=self.source.test_mode,
            lazy_init=lazy_init)

    def load_videos(self) -> List[VideoAnnotations]:
        """Have mmtrack read its file, and take over what it holds.

        Raises:
            ValueError: If two videos have one name.
        """
        source = self.source
        source.full_init()
        total = (
            len(source.data_address)
            if source.serialize_data else len(source.data_list))
        # its indices are then those of the frames
        source.valid_data_indices = list(range(total))
        infos = [source.get_data_info(index) for index in range(total)]
        videos = [
            _annotations_of(list(frames))
            for _, frames in groupby(infos, key=_video_key)
        ]
        names = [video.name for video in videos]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ValueError(
                f'"{source.ann_file}" has several videos named {double[0]}: '
                'the name is the folder above that of the images, also for '
                'mmtrack\'s metric, or the file name of a still image. Rename '
                'them.')
        num_ignored = sum(
            each['ignore_flag'] for info in infos
            for each in info['instances'])
        log_contents(source.ann_file, videos,
                     {'ignored objects': num_ignored})
        return videos

    def __getitem__(self, index: Union[int, ClipIndex]) -> Any:
        if isinstance(index, tuple) or self.source.ref_img_sampler is None:
            return super().__getitem__(index)
        self.full_init()
        return self._finish(self.source[int(index)])

    def _load(self, clip: ClipIndex) -> Dict[str, Any]:
        with numpy_seed(clip.seed):
            return self._finish(self.source.pipeline(self._gather(clip)))

    def _gather(self, clip: ClipIndex) -> Dict[str, Any]:
        """What the pipeline of mmtrack gets, see its ``prepare_data``
        (``mmtrack/datasets/base_video_dataset.py:359``)."""
        source = self.source
        video = self._table.video_of(clip.frame_index)
        last = int(self._table.video_offsets[video + 1]) - 1
        frames = [
            dict(
                source.get_data_info(
                    min(clip.frame_index + t * clip.interval, last)),
                is_video_data=source.load_as_video)
            for t in range(clip.num_frames)
        ]
        if source.ref_img_sampler is not None:
            return {
                key: [frame[key] for frame in frames]
                for key in frames[0]
            }
        if len(frames) > 1:
            raise ValueError(
                f'A clip of {len(frames)} frames is wanted of a data set '
                'with ref_img_sampler=None, whose pipeline gets single '
                'images; give it one, such as ref_img_sampler=dict('
                'num_ref_imgs=1, frame_range=1), and a TransformBroadcaster')
        return frames[0]

    def _finish(self, packed: Any) -> Dict[str, Any]:
        """Number the persons of a clip by the rows of the TrackBook."""
        if packed is None:
            raise ValueError(
                f'The pipeline of dataset "{self.dataset_name}" returned None '
                'in place of a clip; set allow_negative_crop=True of its crop')
        for frame in packed['data_samples'].video_data_samples:
            frame.set_metainfo(dict(dataset_name=self.dataset_name))
            objects = frame.gt_instances
            objects.identities = torch.tensor([
                self._identity_map.row(self.dataset_name, frame.video_name,
                                       each)
                for each in objects.instances_ids.tolist()
            ], dtype=torch.int64)
        return packed


def _video_key(info: Dict[str, Any]) -> Tuple[bool, Any]:
    """Equal for the frames of a video; a still image is one of its own."""
    if 'video_id' in info:
        return True, info['video_id']
    return False, info['img_id']


def _annotations_of(infos: List[Dict[str, Any]]) -> VideoAnnotations:
    """The frames of one video, objects to ignore left out."""
    first = infos[0]
    image_dir = os.path.dirname(first['img_path'])
    objects = [(frame_id, each) for frame_id, info in enumerate(infos)
               for each in info['instances'] if not each['ignore_flag']]

    def values(key: str, default: Any = None) -> List[Any]:
        return [each.get(key, default) for _, each in objects]

    return VideoAnnotations(
        name=name_video(first['img_path'], 'video_id' in first),
        image_dir=image_dir,
        image_names=[
            os.path.relpath(info['img_path'], image_dir) for info in infos
        ],
        first_frame=number_in_video(first['img_path'], 0) - 1,
        gt_path=find_truth(image_dir),
        frame_ids=np.array([frame_id for frame_id, _ in objects], np.int64),
        bboxes=np.array(values('bbox'), np.float32).reshape(-1, 4),
        labels=np.array(values('bbox_label'), np.int64),
        instance_ids=np.array(values('instance_id'), np.int64),
        visibilities=np.array(values('visibility', 1.0), np.float32))
