"""Crop features on the disk: made once, and of the right data."""
import functools
import logging

import numpy as np
import pytest
import torch
from crop_feature_samples import (ROWS, clip_of, make_dataset, make_head,
                                  record_encoding, write_files)

from ipmot_mm.engine import crop_features
from ipmot_mm.engine.crop_features import open_crop_features
from ipmot_mm.models.track_book import TrackBookHead


@pytest.fixture
def make_data(tmp_path, write_sequence):
    """``make_data(*steps, **kwargs)``: data sets of the same files."""
    write_files(tmp_path, write_sequence)
    return functools.partial(make_dataset, tmp_path)


def test_encoded_once_in_full_batches(tmp_path, make_data, monkeypatch):
    sizes = record_encoding(monkeypatch)
    dataset = make_data()
    head = make_head(dataset)
    first = open_crop_features(head, dataset, str(tmp_path / 'f'))
    # 13 boxes, 2 of which outside: 3 at a time, each also mirrored
    assert sizes == [6, 4, 6, 4, 2]
    again = open_crop_features(
        make_head(dataset), make_data(), str(tmp_path / 'f'))
    assert len(sizes) == 5
    assert isinstance(again.features.base, np.memmap)
    assert np.array_equal(first.features, again.features, equal_nan=True)


def test_interrupted_encoding_goes_on(tmp_path, make_data, monkeypatch):
    dataset = make_data()
    head = make_head(dataset)
    whole = open_crop_features(head, dataset, str(tmp_path / 'whole'))
    sizes = record_encoding(monkeypatch)
    encode = TrackBookHead.encode

    def interrupt(self, crops):
        if len(sizes) == 2:
            raise KeyboardInterrupt
        return encode(self, crops)

    with monkeypatch.context() as patch:
        patch.setattr(TrackBookHead, 'encode', interrupt)
        with pytest.raises(KeyboardInterrupt):
            open_crop_features(head, dataset, str(tmp_path / 'f'))
    cache = open_crop_features(head, dataset, str(tmp_path / 'f'))
    assert sizes == [6, 4] + [6, 4, 2]
    np.testing.assert_allclose(cache.features, whole.features, atol=2e-3)


CHANGES = {
    'weights': lambda data, folder: make_head(data, seed=5),
    'dtype': lambda data, folder: make_head(data, image_dtype='bfloat16'),
    'pixel_mean': lambda data, folder: make_head(data, pixel_mean=(0, 0, 0)),
    'box': lambda data, folder: (folder / 'A-02/gt/gt.txt').write_text(
        ROWS.replace('1,7,5,4', '1,7,6,4')),
    'image': lambda data, folder:
    (folder / 'A-02/img1/000004.jpg').write_bytes(
        (folder / 'A-02/img1/000004.jpg').read_bytes() + b'0'),
}


@pytest.mark.parametrize('change', CHANGES)
def test_other_contents_are_not_taken(tmp_path, make_data, change,
                                      monkeypatch):
    dataset = make_data()
    open_crop_features(make_head(dataset), dataset, str(tmp_path / 'f'))
    changed = CHANGES[change](dataset, tmp_path / 'mot')
    dataset = make_data()
    head = changed if isinstance(changed, TrackBookHead) else make_head(
        dataset)
    lines = []
    monkeypatch.setattr(crop_features, 'print_log',
                        lambda text, **kwargs: lines.append(text))
    open_crop_features(head, dataset, str(tmp_path / 'f'))
    assert any('are of other data, another CLIP' in line for line in lines)
    assert len(list((tmp_path / 'f').iterdir())) == 2
    # what there was is not lost: the two may take turns
    lines.clear()
    open_crop_features(head, dataset, str(tmp_path / 'f'))
    assert len(lines) == 1 and 'read from' in lines[0]


def test_moved_data_keeps_its_features(tmp_path, make_data, monkeypatch):
    """Where the files are does not matter, only what they are."""
    dataset = make_data()
    open_crop_features(make_head(dataset), dataset, str(tmp_path / 'f'))
    (tmp_path / 'mot').rename(tmp_path / 'moved')
    dataset = make_data(videos='moved')
    sizes = record_encoding(monkeypatch)
    head = make_head(dataset)
    head.feature_cache = open_crop_features(head, dataset, str(tmp_path / 'f'))
    images, targets, flips = clip_of(dataset, 0)
    assert 'moved' in targets[0][0].name and not sizes
    assert len(head.read_features(targets, flips)[0]) == 3


def test_unreadable_image_is_named_and_gives_nothing(tmp_path, make_data,
                                                     monkeypatch):
    dataset = make_data()
    (tmp_path / 'mot/A-01/img1/000002.jpg').write_bytes(b'no image')
    lines = []
    monkeypatch.setattr(
        crop_features, 'print_log',
        lambda text, level=logging.INFO, **kwargs: lines.append(text)
        if level == logging.ERROR else None)
    head = make_head(dataset)
    head.feature_cache = open_crop_features(head, dataset, str(tmp_path / 'f'))
    assert len(lines) == 1 and 'A-01/img1/000002.jpg' in lines[0]
    _, targets, _ = clip_of(dataset, 5)
    name = targets[0][0].name.replace('A-02', 'A-01')
    rows = head.feature_cache.find(
        [name], np.array([dataset.identity_map.row('a', 'A-01', 7)]), [False])
    assert head.feature_cache.read(rows)[1].tolist() == [False]


def test_features_that_are_no_numbers_are_refused(tmp_path, make_data):
    dataset = make_data()
    head = make_head(dataset)
    with torch.no_grad():
        head.frozen_clip.image_encoder.visual.proj.fill_(float('inf'))
    with pytest.raises(ValueError, match='not finite as float16. Check its'):
        open_crop_features(head, dataset, str(tmp_path / 'f'))
