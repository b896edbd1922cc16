"""Features of all crops: those that a pipeline without changes would give."""
import functools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from crop_feature_samples import (LOAD, PACK, ROWS, clip_of, make_dataset,
                                  make_head, write_files)

from ipmot_mm.datasets import CocoVideoClipDataset, MOTClipDataset
from ipmot_mm.engine.crop_features import open_crop_features


@pytest.fixture
def make_data(tmp_path, write_sequence):
    """``make_data(*steps, **kwargs)``: data sets of the same files."""
    write_files(tmp_path, write_sequence)
    return functools.partial(make_dataset, tmp_path)


def assert_features_are_online_ones(dataset, folder, indices):
    """Also through a wrapper; returns how many objects each frame has."""
    head = make_head(dataset)
    head.feature_cache = open_crop_features(
        head, SimpleNamespace(dataset=dataset), str(folder))
    counts = []
    for index in indices:
        images, targets, flips = clip_of(dataset, index)
        expected, rows = head.encode_crops(images, targets)
        features, identities = head.read_features(targets, flips)
        assert identities.tolist() == rows.tolist()
        torch.testing.assert_close(features, expected, rtol=1e-3, atol=2e-3)
        counts.append(len(rows))
    return counts


@pytest.mark.parametrize('flip', (0., 1.))
def test_features_are_those_of_unchanged_frames(tmp_path, make_data, flip):
    dataset = make_data(dict(type='ClipRandomFlip', prob=flip))
    assert clip_of(dataset, 0)[2] == [flip == 1]
    counts = assert_features_are_online_ones(
        dataset, tmp_path / 'f', range(len(dataset)))
    # person 8 of frame 4 is nowhere in the image
    assert counts == [3, 1, 0, 1, 3, 1, 0, 1, 1]


def test_flip_selects_the_mirrored_crop(tmp_path, make_data):
    dataset = make_data()
    head = make_head(dataset)
    head.feature_cache = open_crop_features(head, dataset, str(tmp_path / 'f'))
    images, targets, _ = clip_of(dataset, 1)
    crops = head.crop_cutter.cut(
        images, head.crop_cutter.select(targets, len(head.tokens)))
    for flip, expected in ((False, crops), (True, crops.flip(-1))):
        torch.testing.assert_close(
            head.read_features(targets, [flip])[0], head.encode(expected),
            rtol=1e-3, atol=2e-3)


def test_videos_of_a_json(tmp_path, make_data):
    """The same frames and persons, described in the way of COCO."""
    images, annotations = [], []
    for number, row in enumerate(ROWS.splitlines()[:4]):
        frame, ident, *box = row.split(',')[:6]
        annotations.append(dict(
            id=number, image_id=int(frame), category_id=1,
            bbox=[float(value) for value in box], instance_id=int(ident)))
    for frame in (1, 2):
        images.append(dict(
            id=frame, video_id=1, frame_id=frame - 1,
            file_name=f'A-01/img1/00000{frame}.jpg'))
    (tmp_path / 'a.json').write_text(json.dumps(dict(
        categories=[dict(id=1, name='pedestrian')], images=images,
        videos=[dict(id=1, name='A')], annotations=annotations)))
    dataset = CocoVideoClipDataset(
        data_root=str(tmp_path), ann_file='a.json', dataset_name='json',
        data_prefix=dict(img_path='mot/'),
        pipeline=[LOAD, PACK])
    assert assert_features_are_online_ones(
        dataset, tmp_path / 'f', (0, 1)) == [3, 1]


def test_real_frames(tmp_path, shared_data):
    dataset = MOTClipDataset(
        data_root=str(shared_data / 'MOT17-mini/train'), dataset_name='mot17',
        sequences=['MOT17-09-FRCNN'], pipeline=[
            LOAD,
            dict(type='ClipRandomFlip', prob=0.5), PACK
        ])
    counts = assert_features_are_online_ones(
        dataset, tmp_path / 'f', (0, len(dataset) - 1))
    assert min(counts) > 5


def test_augmented_frames_keep_objects_and_filters(tmp_path, make_data):
    """The boxes that are cut are the original ones, the choice is not."""
    dataset = make_data(
        dict(type='ClipRandomResize', short_sizes=[24]),
        still_steps=[dict(type='PseudoClipShift', max_shift=8)])
    head = make_head(dataset)
    head.feature_cache = open_crop_features(head, dataset, str(tmp_path / 'f'))
    head.crop_cutter.min_box_size = (6, 12)  # frame 4: 6 x 10
    images, targets, flips = clip_of(dataset, 0, num_frames=4)
    _, expected = head.encode_crops(images, targets)
    features, identities = head.read_features(targets, flips)
    assert identities.tolist() == expected.tolist() and len(identities) == 4
    # the frames of a pseudo-clip are one image, and so are the features
    images, targets, flips = clip_of(dataset, 8, num_frames=4)
    features, identities = head.read_features(targets, flips)
    assert len(identities) == 4 and (features == features[0]).all()


def test_data_without_identities_has_no_features(tmp_path, make_data):
    dataset = MOTClipDataset(
        data_root=str(tmp_path / 'mot'), dataset_name='a',
        with_identities=False, pipeline=[LOAD, PACK])
    assert assert_features_are_online_ones(
        dataset, tmp_path / 'f', (0, 1)) == [0, 0]


def test_no_random_number_is_drawn(tmp_path, make_data):
    dataset = make_data()
    head = make_head(dataset)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1]
    open_crop_features(head, dataset, str(tmp_path / 'f'))
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)


def test_data_that_cannot_tell_its_frames_is_refused(tmp_path, make_data):

    class Other:
        identity_map = make_data().identity_map

    with pytest.raises(ValueError, match='Other cannot tell its frames'):
        open_crop_features(
            make_head(make_data()), Other(), str(tmp_path / 'f'))


def test_features_that_were_not_opened_are_asked_for(make_data):
    head = make_head(make_data())
    with pytest.raises(ValueError, match='TrackBookHook does that when'):
        head.read_features([[]], [])
