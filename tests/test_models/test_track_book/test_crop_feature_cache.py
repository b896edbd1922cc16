"""Features are found by image, identity and flip."""
import copy

import numpy as np
import pytest

from ipmot_mm.models.track_book.crop_feature_cache import (CropFeatureCache,
                                                           PersonTable)

PATHS = ('a/1.jpg', 'b/1.jpg', 'a/2.jpg', 'a/1.jpg')
IDENTITIES = ([4, 0, 2], [4], [2, 7], [5])  # the last frame shows a/1 again


def make_cache():
    counts = [len(ids) for ids in IDENTITIES]
    table = PersonTable(
        PATHS, np.cumsum([0] + counts), np.zeros((7, 4), np.float32),
        np.concatenate(IDENTITIES).astype(np.int64))
    features = np.arange(7 * 2 * 3, dtype=np.float16).reshape(7, 2, 3)
    return CropFeatureCache(table, features), features


def test_every_person_is_found():
    cache, features = make_cache()
    row = 0
    for path, identities in zip(PATHS, IDENTITIES):
        for identity in identities:
            for flip in (False, True):
                places = cache.find([path], np.array([identity]), [flip])
                found, there = cache.read(places)
                assert np.array_equal(found, features[row, int(flip)][None])
                assert there.tolist() == [True]
            row += 1


def test_many_at_once_in_any_order():
    cache, features = make_cache()
    places = cache.find(['a/2.jpg', 'a/1.jpg', 'b/1.jpg', 'a/1.jpg'],
                        np.array([7, 5, 4, 2]), [True, False, False, True])
    found, _ = cache.read(places)
    expected = [features[5, 1], features[6, 0], features[3, 0], features[2, 1]]
    assert np.array_equal(found, expected)


def test_persons_without_a_crop_are_left_out():
    cache, features = make_cache()
    features[2] = np.nan
    found, there = cache.read(
        cache.find(['a/1.jpg'] * 3, np.array([0, 2, 4]), [False] * 3))
    assert there.tolist() == [True, False, True]
    assert np.array_equal(found, features[[1, 0], 0])


def test_nobody():
    cache, _ = make_cache()
    found, there = cache.read(cache.find([], np.zeros(0, np.int64), []))
    assert found.shape == (0, 3) and there.shape == (0, )


@pytest.mark.parametrize('path, identity', (
    ('c/1.jpg', 4), ('a/1.jpg', 7), ('a/2.jpg', 8), ('a/2.jpg', 99),
    ('b/1.jpg', 5)))
def test_who_is_not_there_is_named(path, identity):
    cache, _ = make_cache()
    with pytest.raises(ValueError, match=f'Person {identity} of image '
                       f'"{path}" has no crop feature.*feature_dir=None'):
        cache.find(['a/1.jpg', path], np.array([4, identity]), [False] * 2)


def test_copies_of_a_model_share_it():
    cache, _ = make_cache()
    assert copy.deepcopy(cache) is cache
