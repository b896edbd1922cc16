"""Samples of mmtrack as clips, and back."""
import pickle

import pytest
import torch
from mmengine.structures import InstanceData

from ipmot_mm.compat.mmtrack import (FromMMTrackSample, MMTrackClipSample,
                                     ToMMTrackSample, from_mmtrack, to_mmtrack)
from ipmot_mm.structures import NO_IDENTITY


def instances(ids, frames):
    """Objects of a flat sample: id i has the box (i, i, i + 1, i + 2)."""
    ids = torch.tensor(ids, dtype=torch.int32)
    left = ids.float()
    return InstanceData(
        bboxes=torch.stack([left, left, left + 1, left + 2], 1),
        labels=torch.zeros(len(ids), dtype=torch.int64),
        instances_id=ids,
        map_instances_to_img_idx=torch.tensor(frames, dtype=torch.int32))


def flat_sample(frame_ids, objects, prefix='', sample=None):
    """Frames of mmtrack's ``PackTrackInputs``; lists of one are values."""
    from mmtrack.structures import TrackDataSample
    sample = TrackDataSample() if sample is None else sample
    setattr(sample, f'{prefix}gt_instances', objects)
    setattr(sample, f'{prefix}ignored_instances', instances([], []))
    meta = dict(
        img_path=[f'data/V/img1/{f + 11:06d}.jpg' for f in frame_ids],
        frame_id=list(frame_ids),
        video_id=[3] * len(frame_ids),
        video_length=[20] * len(frame_ids),
        ori_shape=[(8, 6)] * len(frame_ids),
        img_shape=[(4, 3)] * len(frame_ids),
        scale_factor=[(0.5, 0.5)] * len(frame_ids),
        flip=[True] * len(frame_ids),
        flip_direction=['horizontal'] * len(frame_ids),
        is_video_data=[True] * len(frame_ids),
        instances=[[dict(instance_id=5, visibility=0.25)]] * len(frame_ids))
    sample.set_metainfo({
        f'{prefix}{key}': value if len(value) > 1 else value[0]
        for key, value in meta.items()
    })
    return sample


def images(*values):
    return torch.stack(
        [torch.full((3, 4, 3), value, dtype=torch.uint8) for value in values])


def key_frames():
    return dict(
        inputs=dict(img=images(4, 6, 8)),
        data_samples=flat_sample([4, 6, 8], instances([5, 2, 5], [0, 2, 2])))


def equal(one, other):
    """Whether two values are equal, tensors also in their type."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.equal(other)
    if isinstance(one, InstanceData):
        return set(one.keys()) <= set(other.keys()) and all(
            equal(value, other[key]) for key, value in one.items())
    return one == other


def test_frames_get_their_objects_and_what_a_clip_needs():
    packed = FromMMTrackSample('here')(key_frames())
    assert packed['inputs'].equal(images(4, 6, 8))
    frames = packed['data_samples'].video_data_samples
    assert [frame.gt_instances.instances_ids.tolist()
            for frame in frames] == [[5], [], [2, 5]]
    assert frames[1].gt_instances.bboxes.shape == (0, 4)
    last = frames[2].gt_instances
    assert last.bboxes[:, 0].tolist() == [2, 5]
    assert last.identities.tolist() == [NO_IDENTITY] * 2
    assert last.visibilities.tolist() == [1.0, 0.25]  # only 5 is annotated
    assert last.instances_ids.dtype == last.identities.dtype == torch.int64
    meta = frames[1].metainfo
    assert (meta['video_name'], meta['mot_frame_id'], meta['frame_id'],
            meta['ori_video_length'], meta['dataset_name'], meta['gt_path']
            ) == ('V', 17, 6, 20, 'here', '')
    assert (meta['flip'], meta['img_shape']) == (True, (4, 3))


def test_reference_frames_join_in_the_order_of_time():
    sample = flat_sample([6], instances([1, 2], [0, 0]))
    flat_sample([8, 2], instances([3, 4, 9], [0, 1, 1]), 'ref_', sample)
    clip = from_mmtrack(
        dict(
            inputs=dict(img=images(6), ref_img=images(8, 2)),
            data_samples=sample))
    assert clip['inputs'].equal(images(2, 6, 8))
    frames = clip['data_samples'].video_data_samples
    assert [frame.frame_id for frame in frames] == [2, 6, 8]
    assert [frame.gt_instances.instances_ids.tolist()
            for frame in frames] == [[4, 9], [1, 2], [3]]
    assert not any('ref' in key for f in frames for key in f.metainfo)


@pytest.mark.parametrize('num_frames', [1, 3])
def test_there_and_back(num_frames):
    before = key_frames()
    if num_frames == 1:
        before = dict(
            inputs=dict(img=images(4)),
            data_samples=flat_sample([4], instances([5, 2], [0, 0])))
    clip = from_mmtrack(before)
    after = ToMMTrackSample()(clip)
    assert after['inputs'].keys() == {'img'}
    assert after['inputs']['img'].equal(before['inputs']['img'])
    flat, again = before['data_samples'], after['data_samples']
    assert type(flat) is type(again)
    for name in ('gt_instances', 'ignored_instances'):
        assert equal(flat.get(name), again.get(name)), name
    for key, value in flat.metainfo.items():
        assert again.get(key) == value, key
    # and a second time, now from a clip
    second = from_mmtrack(after)
    for one, two in zip(clip['data_samples'].video_data_samples,
                        second['data_samples'].video_data_samples):
        assert one.metainfo == two.metainfo
        assert equal(one.gt_instances, two.gt_instances)
        assert equal(two.gt_instances, one.gt_instances)


def test_clips_of_this_package_keep_identities_on_the_way():
    clip = from_mmtrack(key_frames())['data_samples']
    rows = [[31], [], [33, 34]]
    for frame, each in zip(clip.video_data_samples, rows):
        frame.gt_instances.identities = torch.tensor(each, dtype=torch.int64)
    again = from_mmtrack(
        dict(
            inputs=dict(img=images(4, 6, 8)),
            data_samples=to_mmtrack(clip)))['data_samples']
    assert [frame.gt_instances.identities.tolist()
            for frame in again.video_data_samples] == rows


def one_frame():
    sample = flat_sample([4], instances([5, 2], [0, 0]))
    return from_mmtrack(
        dict(inputs=dict(img=images(4)), data_samples=sample))['data_samples']


def test_one_frame_reads_as_a_sample_of_mmtrack():
    clip = one_frame()
    assert (clip.frame_id, clip.video_length) == (4, 20)
    assert clip.img_path.endswith('000015.jpg')
    assert clip.gt_instances.instances_id.tolist() == [5, 2]
    assert 'gt_instances' in clip and 'pred_track_instances' not in clip
    assert not hasattr(clip, 'pred_track_instances')
    clip[0].pred_track_instances = InstanceData(
        instances_id=torch.tensor([1]), bboxes=torch.ones(1, 4))
    for sample in (clip, clip.cpu(), pickle.loads(pickle.dumps(clip))):
        assert type(sample) is MMTrackClipSample
        assert 'pred_track_instances' in sample
        assert sample.pred_track_instances.instances_id.tolist() == [1]
        as_dict = sample.to_dict()
        assert as_dict['pred_track_instances']['bboxes'].shape == (1, 4)
        assert as_dict['frame_id'] == 4
        assert len(as_dict['video_data_samples']) == 1


def test_a_longer_clip_has_no_flat_form():
    clip = from_mmtrack(key_frames())['data_samples']
    assert 'gt_instances' not in clip and 'frame_id' not in clip
    assert 'gt_instances' not in clip.to_dict()
    with pytest.raises(AttributeError, match='of 3 frames has no gt_inst'):
        clip.gt_instances


def test_frames_without_annotations():
    from mmtrack.structures import TrackDataSample
    sample = TrackDataSample(metainfo=dict(img_path='a/still.jpg', img_id=9))
    sample.gt_instances = InstanceData()
    frame, = from_mmtrack(
        dict(inputs=dict(img=images(1)),
             data_samples=sample))['data_samples'].video_data_samples
    assert len(frame.gt_instances) == 0
    assert frame.gt_instances.bboxes.shape == (0, 4)
    assert (frame.video_name, frame.video_id, frame.frame_id,
            frame.ori_shape) == ('still', 9, 0, (4, 3))


def test_what_is_no_sample_of_mmtrack_is_refused():
    with pytest.raises(ValueError, match='inputs as a dict with the key img, '
                       'got Tensor; put it behind'):
        FromMMTrackSample()(dict(inputs=images(1)))
    packed = key_frames()
    del packed['data_samples'].gt_instances.instances_id
    with pytest.raises(ValueError, match='000015.jpg" comes without ids of '
                       'its objects; set with_instance_id=True'):
        from_mmtrack(packed)
