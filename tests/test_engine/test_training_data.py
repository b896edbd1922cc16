"""A description of the training data, and how two differ."""
from types import SimpleNamespace

import pytest

from ipmot_mm.datasets import ConcatClipDataset, MOTClipDataset
from ipmot_mm.engine.training_data import data_difference, describe_data


@pytest.fixture
def dataset(write_sequence, tmp_path):
    write_sequence(tmp_path / 'one', 'A', 3)
    write_sequence(tmp_path / 'two', 'B', 2,
                   '1,4,1,1,9,9,1,1,1\n1,6,20,1,9,9,1,1,1\n')
    return ConcatClipDataset(datasets=[
        MOTClipDataset(data_root=str(tmp_path / name), dataset_name=name)
        for name in ('two', 'one')
    ])


def test_numbers_of_real_data(dataset):
    expected = dict(
        classes=['pedestrian'],
        videos=dict(one=dict(A=[3, 3, 1]), two=dict(B=[2, 2, 2])))
    assert describe_data(dataset) == expected
    assert describe_data(SimpleNamespace(dataset=dataset)) == expected
    alone = describe_data(dataset.datasets[1])
    assert alone['videos'] == dict(one=dict(A=[3, 3, 1]))
    assert describe_data([1, 2, 3]) is None


def description(classes=('a', ), **videos):
    return dict(classes=list(classes), videos=videos)


@pytest.mark.parametrize('before, now, difference', [
    (description(d=dict(v=[3, 2, 1])), description(d=dict(v=[3, 2, 1])), ''),
    (description(d=dict(v=[3, 2, 1])), description(d=dict(v=[5, 2, 4])),
     'in "d" videos changed: v (3 frames before, 5 now, 1 ids before, 4 now)'),
    (description(d=dict(v=[1, 1, 1], w=[1, 1, 1])),
     description(d=dict(w=[1, 1, 1], x=[1, 1, 1])),
     'in "d" videos missing: v, videos new: x'),
    (description(d={}, e={}), description(
        e={}, f={}), 'data set "d" is missing; data set "f" is new'),
    (description('a'), description('ab'),
     "its classes were ['a'], now ['a', 'b']"),
])
def test_differences(before, now, difference):
    assert data_difference(before, now) == difference


def test_many_videos_are_counted():
    many = description(d={f'v{n:02}': [1, 1, 1] for n in range(20)})
    difference = data_difference(many, description(d={}))
    assert difference.endswith('v06, v07 and 12 more')
