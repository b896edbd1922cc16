"""Clips between the data loader and the model."""
import pytest
import torch

from ipmot_mm.models.mot.clip_batch import (ClipBatch, denormalise,
                                            without_truth)
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg


def test_ground_truth_stays_on_the_host():
    data = make_clip(3, num_frames=2)
    bare = without_truth(data)
    assert bare['inputs'] is data['inputs']
    pairs = zip(data['data_samples'][0].video_data_samples,
                bare['data_samples'][0].video_data_samples)
    for before, after in pairs:
        assert len(before.gt_instances) == 3 and not list(after.keys())
        assert after.metainfo == before.metainfo
    assert len(bare['data_samples'][0]) == 2


def test_names_and_flips_are_listed_frame_by_frame():
    model = MODELS.build(tiny_model_cfg())
    data = make_clip(1, 2, num_frames=2)
    frames = [
        frame for clip in data['data_samples']
        for frame in clip.video_data_samples
    ]
    for number, frame in enumerate(frames):
        frame.set_metainfo(dict(img_path=f'{number}.jpg', flip=number == 2))
    batch = ClipBatch.of(data, model.data_preprocessor)
    assert batch.images == ['0.jpg', '1.jpg', '2.jpg', '3.jpg']
    assert batch.flips == [False, False, True, False]
    assert [len(f) for clip in batch.targets for f in clip] == [1, 1, 2, 2]


def test_augmentations_of_a_batch_are_refused():
    cfg = tiny_model_cfg()
    cfg.data_preprocessor.batch_augments = [
        dict(type='mmdet.BatchSyncRandomResize', random_size_range=(32, 64))
    ]
    with pytest.raises(
            ValueError,
            match='does not take model.data_preprocessor.batch_augments: .*'
            'put the augmentation into train_dataloader.dataset.pipeline'):
        MODELS.build(cfg)


@pytest.mark.parametrize('changes', [
    dict(), dict(bgr_to_rgb=False), dict(mean=None, std=None),
    dict(mean=None, std=None, bgr_to_rgb=False)
])  # yapf: disable
def test_crops_are_cut_from_the_picture_before_normalisation(changes):
    cfg = tiny_model_cfg(with_track_book=True)
    cfg.data_preprocessor.update(changes)
    model = MODELS.build(cfg)
    data = make_clip(2)
    rgb = data['inputs'][0].flip(1) / 255  # from BGR
    inputs = model.data_preprocessor(data, training=True)['inputs']
    torch.testing.assert_close(
        denormalise(inputs, model.data_preprocessor)[0],
        rgb,
        atol=1e-5,
        rtol=0)
