import copy
import pickle
from multiprocessing.reduction import ForkingPickler

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from ipmot_mm.datasets.transforms import ClipDataSample


def make_sample(requires_grad=False):
    frames = []
    for count in (0, 3):
        frame = DetDataSample(metainfo=dict(img_path='a', ori_shape=(4, 5)))
        frame.gt_instances = InstanceData(
            bboxes=torch.rand(count, 4, requires_grad=requires_grad),
            labels=torch.arange(count),
            names=['x'] * count)
        frames.append(frame)
    sample = ClipDataSample(metainfo=dict(clip=7))
    sample.video_data_samples = frames
    return sample


def assert_same(found, sample):
    assert type(found) is ClipDataSample and found.clip == 7
    assert len(found) == 2
    for frame, expected in zip(found, sample):
        assert type(frame) is DetDataSample
        assert frame.metainfo == expected.metainfo
        instances, wanted = frame.gt_instances, expected.gt_instances
        assert set(instances.keys()) == set(wanted.keys())
        assert torch.equal(instances.bboxes, wanted.bboxes)
        assert torch.equal(instances.labels, wanted.labels)
        assert instances.labels.dtype == torch.int64
        assert instances.names == wanted.names


def test_a_sample_survives_pickle_and_copy():
    for requires_grad in (False, True):
        sample = make_sample(requires_grad)
        for found in (pickle.loads(pickle.dumps(sample)),
                      copy.deepcopy(sample)):
            assert_same(found, sample)
            bboxes = found[1].gt_instances.bboxes
            source = sample[1].gt_instances.bboxes
            assert bboxes.requires_grad is requires_grad
            assert bboxes.data_ptr() != source.data_ptr()


def test_no_tensor_of_it_shares_memory_with_a_worker():
    shared = bytes(ForkingPickler.dumps(torch.rand(3)))
    assert b'rebuild_storage' in shared  # what costs time
    sent = bytes(ForkingPickler.dumps(make_sample()))
    assert b'rebuild_storage' not in sent
    assert_same(pickle.loads(sent).clone(), pickle.loads(sent))


@pytest.mark.parametrize('dtype', [
    torch.bfloat16, torch.float16, torch.float64, torch.bool, torch.complex64
])
def test_every_kind_of_tensor_survives(dtype):
    sample = make_sample()
    sent = sample[1].gt_instances.bboxes.round().to(dtype)
    sample[1].gt_instances.bboxes = sent
    for found in (pickle.loads(pickle.dumps(sample)), copy.deepcopy(sample)):
        bboxes = found[1].gt_instances.bboxes
        assert bboxes.dtype is dtype and torch.equal(bboxes, sent)


def test_a_view_is_sent_without_what_it_looks_at():
    sample = make_sample()
    size = len(pickle.dumps(sample))
    for frame in sample:
        count = len(frame.gt_instances)
        frame.gt_instances.bboxes = torch.rand(10**4, 4)[:count]
    assert len(pickle.dumps(sample)) < size + 100
