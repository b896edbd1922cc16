"""Annotations of all frames of a dataset as a handful of flat arrays."""
from dataclasses import dataclass, fields, replace
from typing import Dict, List, Sequence

import numpy as np
from numpy import ndarray

from ipmot_mm.structures import NO_IDENTITY, IdentityMap


@dataclass(frozen=True)
class VideoAnnotations:
    """One video, as a dataset reads it from its files.

    Attributes:
        name (str): Name of the video.
        image_dir (str): Folder of its frames.
        image_names (Sequence[str]): File name of each frame in this split,
            length num_frames.
        first_frame (int): 0-based number of the first frame of the split in
            the whole video.
        gt_path (str): Ground truth file, empty where there is none.
        frame_ids (ndarray): Frame of each object, 0-based in the split, in
            ascending order, int64, has shape (num_objects, ).
        bboxes (ndarray): Boxes as (x1, y1, x2, y2) in pixels, has shape
            (num_objects, 4).
        labels (ndarray): Class indices, int64, has shape (num_objects, ).
        instance_ids (ndarray): Identity in the video, int64, has shape
            (num_objects, ).
        visibilities (ndarray): Visible share in [0, 1], has shape
            (num_objects, ).
    """
    name: str
    image_dir: str
    image_names: Sequence[str]
    first_frame: int
    gt_path: str
    frame_ids: ndarray
    bboxes: ndarray
    labels: ndarray
    instance_ids: ndarray
    visibilities: ndarray


@dataclass(frozen=True)
class FrameTable:
    """All frames and objects of a dataset.

    A frame is a slice of flat buffers, so reading one costs microseconds,
    and forked workers share the memory, while a list of Python objects would
    be copied page by page as its reference counts change.

    Attributes:
        names (tuple[str]): Name of each video.
        image_dirs (tuple[str]): Folder of each video.
        gt_paths (tuple[str]): Ground truth of each video, may be empty.
        first_frames (ndarray): First frame of the split in each whole video,
            has shape (num_videos, ).
        video_offsets (ndarray): First frame of each video in the table and,
            at the end, the number of frames, has shape (num_videos + 1, ).
        image_names (ndarray): File names, has shape (num_frames, ).
        object_offsets (ndarray): First object of each frame and, at the end,
            the number of objects, has shape (num_frames + 1, ).
        bboxes (ndarray): (x1, y1, x2, y2) in pixels, float32, has shape
            (num_objects, 4).
        labels (ndarray): Class indices, int64, has shape (num_objects, ).
        instance_ids (ndarray): Identity in the video, int64, has shape
            (num_objects, ).
        identities (ndarray): Row of the TrackBook or ``NO_IDENTITY``, int64,
            has shape (num_objects, ).
        visibilities (ndarray): Visible share, float32, has shape
            (num_objects, ).
    """
    names: tuple
    image_dirs: tuple
    gt_paths: tuple
    first_frames: ndarray
    video_offsets: ndarray
    image_names: ndarray
    object_offsets: ndarray
    bboxes: ndarray
    labels: ndarray
    instance_ids: ndarray
    identities: ndarray
    visibilities: ndarray

    @classmethod
    def from_videos(cls, videos: List[VideoAnnotations]) -> 'FrameTable':
        """Concatenate at least one video; no object has an identity yet."""
        lengths = [len(video.image_names) for video in videos]
        counts = np.concatenate([
            np.bincount(video.frame_ids, minlength=length)
            for video, length in zip(videos, lengths)
        ])
        joined = {
            name: np.concatenate([getattr(video, name) for video in videos])
            for name in ('bboxes', 'labels', 'instance_ids', 'visibilities')
        }
        return cls(
            names=tuple(video.name for video in videos),
            image_dirs=tuple(video.image_dir for video in videos),
            gt_paths=tuple(video.gt_path for video in videos),
            first_frames=np.array([video.first_frame for video in videos]),
            video_offsets=np.cumsum([0] + lengths),
            image_names=np.concatenate(
                [np.asarray(video.image_names) for video in videos]),
            object_offsets=np.concatenate([[0], np.cumsum(counts)]),
            bboxes=joined['bboxes'].astype(np.float32),
            labels=joined['labels'].astype(np.int64),
            instance_ids=joined['instance_ids'].astype(np.int64),
            identities=np.full(
                len(joined['labels']), NO_IDENTITY, dtype=np.int64),
            visibilities=joined['visibilities'].astype(np.float32))

    def video_of(self, frame_index: int) -> int:
        """Video that a frame, counted over all videos, belongs to."""
        return int(
            np.searchsorted(self.video_offsets, frame_index, side='right')) - 1

    def objects_of(self, frame_index: int) -> Dict[str, ndarray]:
        """Copies of the arrays of one frame, by the names of the table."""
        span = slice(*self.object_offsets[frame_index:frame_index + 2])
        return {
            name: getattr(self, name)[span].copy()
            for name in ('bboxes', 'labels', 'instance_ids', 'identities',
                         'visibilities')
        }

    def ids_by_video(self) -> Dict[str, ndarray]:
        """Instance ids that occur in each video, sorted and unique."""
        return {
            name: np.unique(self.instance_ids[self._objects_of_video(video)])
            for video, name in enumerate(self.names)
        }

    def count_by_video(self) -> Dict[str, List[int]]:
        """Numbers of frames, objects and instance ids of each video."""
        frames = np.diff(self.video_offsets).tolist()
        objects = np.diff(self.object_offsets[self.video_offsets]).tolist()
        return {
            name: [frames[video], objects[video], len(ids)]
            for video, (name, ids) in enumerate(self.ids_by_video().items())
        }

    def with_identities(self, identity_map: IdentityMap,
                        dataset_name: str) -> 'FrameTable':
        """The same table, its objects numbered by the rows of a TrackBook."""
        identities = np.empty_like(self.instance_ids)
        for video, name in enumerate(self.names):
            span = self._objects_of_video(video)
            ids, inverse = np.unique(
                self.instance_ids[span], return_inverse=True)
            rows = [
                identity_map.row(dataset_name, name, int(instance_id))
                for instance_id in ids
            ]
            identities[span] = np.array(rows, dtype=np.int64)[inverse]
        return replace(self, identities=identities)

    def _objects_of_video(self, video: int) -> slice:
        first, last = self.video_offsets[video:video + 2]
        return slice(self.object_offsets[first], self.object_offsets[last])

    def __post_init__(self) -> None:
        arrays = [getattr(self, field.name) for field in fields(self)]
        for array in arrays:
            if isinstance(array, ndarray):
                array.setflags(write=False)
