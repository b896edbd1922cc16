"""Which number a class name gets in gt.txt."""
import argparse

import pytest

from ipmot_mm.datasets.conversion import number_classes, save_classes


def arguments(folder, *flags):
    return argparse.Namespace(out=str(folder), class_numbers=list(flags))


@pytest.mark.parametrize('names, flags, expected', [
    (['dog'], [], dict(dog=1)),
    (['dog', 'dog'], [], dict(dog=1)),
    (['car'], [], dict(car=1)),
    (['dog', 'Person'], [], dict(dog=14, Person=1)),
    (['dog', 'cat'], [], dict(dog=14, cat=15)),
    (['Person on vehicle', 'car'], [], {'Person on vehicle': 2, 'car': 3}),
    (['dog', 'cat'], ['dog=1'], dict(dog=1, cat=14)),
    (['dog', 'cat'], ['dog=20'], dict(dog=20, cat=21)),
    (['dog'], ['cat=2'], dict(cat=2, dog=14)),
    (['a=b', 'c'], ['a=b=5'], {'a=b': 5, 'c': 14}),
])
def test_numbers(names, flags, expected, tmp_path):
    assert number_classes(names, arguments(tmp_path, *flags)) == expected


def test_numbers_of_the_folder_are_kept(tmp_path):
    args = arguments(tmp_path / 'new' / 'train')
    save_classes(dict(dog=1), args)
    assert number_classes(['cat'], args) == dict(dog=1, cat=14)
    assert number_classes(['dog'], args) == dict(dog=1)
    with pytest.raises(ValueError, match=r"\['dog', 'person'\] have the same"):
        number_classes(['person'], args)


def test_names_of_one_number_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'person', 'pedestrian'.* number 1"):
        number_classes(['person', 'dog', 'pedestrian'], arguments(tmp_path))


@pytest.mark.parametrize('flag', ['car', 'car=', '=3', 'car=x', 'car=0',
                                  'car=-1', 'car=1.5'])
def test_bad_flags_are_named(flag, tmp_path):
    with pytest.raises(ValueError, match=f"got '{flag}', expected NAME="):
        number_classes(['car'], arguments(tmp_path, flag))


@pytest.mark.parametrize('text', ['{', '', '[1]', '3', '{"a": "1"}',
                                  '{"a": 1, "b": null}'])
def test_spoilt_file_is_named(text, tmp_path):
    (tmp_path / 'classes.json').write_text(text)
    with pytest.raises(ValueError, match='classes.json" must be a json obj'):
        number_classes(['car'], arguments(tmp_path))
