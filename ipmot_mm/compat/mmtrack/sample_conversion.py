"""Between the flat samples of mmtrack and the clips of mmdet 3.

mmtrack lays the objects of all frames end to end and tells them apart by
``map_instances_to_img_idx``; images are in a dict, key frames before
reference frames. mmdet has a data sample for each frame.
"""
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor

from ipmot_mm.structures import NO_IDENTITY

FRAME_INDEX = 'map_instances_to_img_idx'
REFERENCE = 'ref_'
"""What mmtrack puts before the names of reference frames' values."""

_TO_CLIP = {'instances_id': 'instances_ids'}
_TO_FLAT = {'instances_ids': 'instances_id'}
_DTYPES = dict(instances_ids=torch.int64, instances_id=torch.int32)
_TRUTH = ('gt_instances', 'ignored_instances')


class _Frame(NamedTuple):
    """One image of a flat sample, with what belongs to it."""
    image: Tensor
    meta: Dict[str, Any]
    gt_instances: InstanceData
    ignored_instances: InstanceData


def from_mmtrack(packed: Dict[str, Any],
                 dataset_name: str = 'mmtrack') -> Dict[str, Any]:
    """A clip of what mmtrack's ``PackTrackInputs`` made.

    Key and reference frames become one clip in the order of time. Persons
    have no row in a TrackBook yet (``NO_IDENTITY``); the visible share of an
    object is looked up in the annotations by its id, 1 where they do not tell.

    Args:
        packed (dict): ``inputs``, a dict with ``img`` of shape
            (num_key_frames, 3, h, w) and, if there are reference frames,
            ``ref_img``, and ``data_samples``, mmtrack's ``TrackDataSample``.
        dataset_name (str): For the meta information of the frames.

    Returns:
        dict: ``inputs`` of shape (T, 3, h, w) and ``data_samples``, a
        :obj:`MMTrackClipSample` of T frames, as :obj:`PackClipInputs` makes
        them, with the meta information that mmtrack gave on top.

    Raises:
        ValueError: If ``packed`` is something else.
    """
    from .clip_sample import MMTrackClipSample
    inputs, sample = packed.get('inputs'), packed.get('data_samples')
    if not (isinstance(inputs, dict) and 'img' in inputs):
        kind = type(inputs).__name__
        raise ValueError(
            'FromMMTrackSample needs inputs as a dict with the key img, got '
            f'{kind}; put it behind mmtrack\'s PackTrackInputs')
    frames = _split(inputs, sample, '')
    if f'{REFERENCE}img' in inputs:
        frames += _split(inputs, sample, REFERENCE)
    frames.sort(key=lambda frame: frame.meta.get('frame_id', 0))
    clip = MMTrackClipSample()
    clip.video_data_samples = [
        _to_det_sample(frame, dataset_name) for frame in frames
    ]
    if len(frames) == 1:  # what mmtrack's metrics and hooks look at
        clip.set_metainfo(frames[0].meta)
    return dict(
        inputs=torch.stack([frame.image for frame in frames]),
        data_samples=clip)


def to_mmtrack(clip: TrackDataSample) -> BaseDataElement:
    """mmtrack's sample of a clip, whose frames are all key frames.

    Args:
        clip (:obj:`TrackDataSample`): T frames.

    Returns:
        :obj:`mmtrack.structures.TrackDataSample`: With the ground truth and,
        where all frames have them, ``pred_track_instances``. What mmtrack has
        no name for, such as ``identities``, comes along under its own.
    """
    from mmtrack.structures import TrackDataSample as FlatSample
    frames = clip.video_data_samples
    flat = FlatSample()
    for name in (*_TRUTH, 'pred_track_instances'):
        if all(name in frame for frame in frames):
            setattr(flat, name, flat_instances(frames, name))
    keys = [key for key in frames[0].metainfo_keys()
            if all(key in frame for frame in frames)]
    if len(frames) == 1:  # mmtrack leaves out lists of one
        flat.set_metainfo({key: frames[0].get(key) for key in keys})
    else:
        flat.set_metainfo(
            {key: [frame.get(key) for frame in frames]
             for key in keys})
    return flat


def flat_instances(frames: List[DetDataSample], name: str) -> InstanceData:
    """The objects of all frames, end to end, in mmtrack's words.

    Args:
        frames (list[:obj:`DetDataSample`]): At least one.
        name (str): Field of each frame, such as ``'gt_instances'``.

    Returns:
        :obj:`InstanceData`: Ids are ``instances_id``, int32;
        ``map_instances_to_img_idx`` is the frame of each object, int32.
    """
    parts = [frame.get(name) for frame in frames]
    fields = {
        _TO_FLAT.get(key, key): torch.cat([part[key] for part in parts])
        for key in parts[0].keys()
    }
    fields[FRAME_INDEX] = torch.cat([
        torch.full((len(part), ), t, dtype=torch.int32)
        for t, part in enumerate(parts)
    ])
    if 'instances_id' in fields and name in _TRUTH:
        fields['instances_id'] = fields['instances_id'].int()
    return InstanceData(**fields)


def name_video(img_path: str, is_video: bool) -> str:
    """Name of the video that an image is from.

    Args:
        img_path (str): ``.../<video>/<folder of images>/<image>``.
        is_video (bool): Whether it is from a video.

    Returns:
        str: The folder above that of the images, as mmtrack's metric takes it
        (``mot_challenge_metrics.py:166``), or for a still image its name.
    """
    path = Path(img_path)
    if is_video and len(path.parts) > 2:
        return path.parts[-3]
    return path.stem


def number_in_video(img_path: str, frame_id: int) -> int:
    """1-based number of a frame in its whole video.

    Args:
        img_path (str): Its name is the number, in the layout of MOTChallenge.
        frame_id (int): 0-based number, for another name.
    """
    stem = Path(img_path).stem
    return int(stem) if stem.isdecimal() else frame_id + 1


@lru_cache(maxsize=4096)
def find_truth(image_dir: str) -> str:
    """``gt/gt.txt`` beside a folder of images, empty where there is none."""
    path = os.path.join(os.path.dirname(image_dir), 'gt', 'gt.txt')
    return path if os.path.isfile(path) else ''


def _split(inputs: Dict[str, Tensor], sample: Any,
           prefix: str) -> List[_Frame]:
    """Key frames (prefix '') or reference frames of a flat sample."""
    images = inputs[f'{prefix}img']
    meta = {
        key[len(prefix):]: value
        for key, value in sample.metainfo_items()
        if key.startswith(REFERENCE) == (prefix == REFERENCE)
    }
    objects = [
        sample.get(f'{prefix}{name}', InstanceData()) for name in _TRUTH
    ]
    return [
        _Frame(
            image, {
                key: value if len(images) == 1 else value[t]
                for key, value in meta.items()
            }, *(_objects_of(each, t) for each in objects))
        for t, image in enumerate(images)
    ]


def _objects_of(flat: InstanceData, t: int) -> InstanceData:
    """Those of one frame in the words of a clip, without visibility."""
    index: Optional[Tensor] = flat.get(FRAME_INDEX)
    if index is None:  # the data set has no annotations
        return InstanceData(
            bboxes=torch.zeros(0, 4),
            labels=torch.zeros(0, dtype=torch.int64),
            instances_ids=torch.zeros(0, dtype=torch.int64))
    objects = InstanceData()
    for key, value in flat.items():
        if key != FRAME_INDEX:
            name = _TO_CLIP.get(key, key)
            value = value[index == t]
            objects[name] = value.to(_DTYPES.get(name, value.dtype))
    return objects


def _to_det_sample(frame: _Frame, dataset_name: str) -> DetDataSample:
    meta, objects = frame.meta, frame.gt_instances
    if 'instances_ids' not in objects:
        raise ValueError(
            f'"{meta.get("img_path")}" comes without ids of its objects; set '
            'with_instance_id=True of mmtrack\'s LoadTrackAnnotations')
    ids = objects.instances_ids.tolist()
    if 'visibilities' not in objects:
        shares = {
            each.get('instance_id'): each.get('visibility', 1.0)
            for each in meta.get('instances', ())
        }
        objects.visibilities = torch.tensor(
            [shares.get(each, 1.0) for each in ids], dtype=torch.float32)
    if 'identities' not in objects:
        objects.identities = torch.full_like(objects.instances_ids,
                                             NO_IDENTITY)
    sample = DetDataSample(
        metainfo={**_missing_meta(frame, dataset_name), **meta})
    sample.gt_instances = objects
    sample.ignored_instances = frame.ignored_instances
    return sample


def _missing_meta(frame: _Frame, dataset_name: str) -> Dict[str, Any]:
    """What the clips of this package tell of a frame, and mmtrack may not."""
    meta = frame.meta
    path, frame_id = meta['img_path'], meta.get('frame_id', 0)
    shape, length = tuple(frame.image.shape[-2:]), meta.get('video_length', 1)
    return dict(
        img_shape=shape,
        ori_shape=shape,
        scale_factor=(1.0, 1.0),
        flip=False,
        flip_direction=None,
        frame_id=frame_id,
        mot_frame_id=number_in_video(path, frame_id),
        video_id=meta.get('img_id', 0),
        video_name=name_video(path, 'video_id' in meta),
        video_length=length,
        ori_video_length=length,
        gt_path=find_truth(os.path.dirname(path)),
        dataset_name=dataset_name)
