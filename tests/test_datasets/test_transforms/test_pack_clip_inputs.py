import numpy as np
import pytest
import torch
from mmdet.models.data_preprocessors import TrackDataPreprocessor
from mmengine.dataset import pseudo_collate

from ipmot_mm.datasets import MOTClipDataset
from ipmot_mm.datasets.transforms.pack_clip_inputs import META_KEYS
from ipmot_mm.registry import TRANSFORMS

PIPELINE = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]


@pytest.fixture
def sample(make_sequence, tmp_path):
    make_sequence('A', 4, '1,3,1,2,30,40,1,1,0.5\n')
    dataset = MOTClipDataset(
        data_root=str(tmp_path), dataset_name='toy', pipeline=PIPELINE)
    return dataset[0, 2, 2]


def test_sample_keeps_the_contract(sample):
    assert sample['inputs'].shape == (2, 3, 48, 64)
    assert sample['inputs'].dtype == torch.uint8
    first, second = sample['data_samples'].video_data_samples
    assert set(first.metainfo) == set(META_KEYS)
    assert (first.frame_id, second.frame_id) == (0, 2)
    assert (first.mot_frame_id, second.mot_frame_id) == (1, 3)
    instances = first.gt_instances
    assert instances.bboxes.tolist() == [[1, 2, 31, 42]]
    assert instances.instances_ids.tolist() == [3]
    assert instances.identities.tolist() == [0]
    assert instances.visibilities.tolist() == [0.5]
    dtypes = [
        instances[name].dtype for name in ('bboxes', 'labels', 'instances_ids',
                                           'identities', 'visibilities')
    ]
    assert dtypes == [torch.float32] + [torch.int64] * 3 + [torch.float32]
    assert len(second.gt_instances) == 0
    assert second.gt_instances.bboxes.shape == (0, 4)


def test_planes_are_the_channels_of_the_image(make_clip):
    crop = TRANSFORMS.build(
        dict(type='ClipRandomCrop', min_size=30, max_size=50))
    noise = np.random.default_rng(0).integers(
        0, 255, (120, 160, 3), dtype=np.uint8)
    clip = crop(dict(make_clip(), img=[noise, noise // 2, noise // 3]))
    packed = TRANSFORMS.build(dict(type='PackClipInputs'))({
        **{
            key: [None] * 3
            for key in META_KEYS
        },
        **clip
    })
    for t in range(3):
        for channel in range(3):
            np.testing.assert_array_equal(
                packed['inputs'][t, channel],
                clip['img'][t].render()[..., channel])


def test_host_preprocessor_takes_a_batch(sample):
    preprocessor = TrackDataPreprocessor(
        mean=[0, 0, 0], std=[1, 1, 1], pad_size_divisor=32)
    batch = preprocessor(pseudo_collate([sample, sample]))
    assert batch['inputs'].shape == (2, 2, 3, 64, 64)
    assert torch.equal(batch['inputs'][1, :, :, :48], sample['inputs'].float())


def test_ids_that_do_not_match_boxes_are_refused(make_clip):
    clip = make_clip()
    clip['gt_bboxes'][1] = np.zeros((1, 4), np.float32)
    with pytest.raises(ValueError, match='Frame "1.jpg" has arrays of diff'):
        TRANSFORMS.build(dict(type='PackClipInputs'))({
            **{
                key: [None] * 3
                for key in META_KEYS
            },
            **clip
        })
