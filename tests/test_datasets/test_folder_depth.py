"""Folders above and beside those of sequences."""
import pytest

from ipmot_mm.datasets.folder_depth import (is_sequence, list_splits,
                                            refuse_other_depth)
from ipmot_mm.datasets.sequence import find_sequences


def test_one_folder_too_high(make_sequence, tmp_path):
    (tmp_path / 'PETS09/train').mkdir(parents=True)
    (tmp_path / 'PETS09/annotations').mkdir()
    make_sequence('PETS09/train/S2', 2)
    root = tmp_path / 'PETS09'
    for patterns in (['*'], ['*-SDP']):
        with pytest.raises(FileNotFoundError) as caught:
            find_sequences(str(root), patterns)
        assert str(caught.value) == (
            f'"{root}" looks one folder too high: there are sequences in '
            f'"{root}/train". Set data_root to that.')
    (root / 'test').mkdir()
    make_sequence('PETS09/test/S3', 2)
    with pytest.raises(
            FileNotFoundError, match='/test", ".*/train". Set data_root to '
            'one of them'):
        refuse_other_depth(str(root), ['test', 'train'])


def test_one_folder_too_low(make_sequence, tmp_path):
    make_sequence('S2', 2)
    with pytest.raises(FileNotFoundError) as caught:
        find_sequences(f'{tmp_path}/S2/', ['*'])
    assert str(caught.value) == (
        f'"{tmp_path}/S2/" looks one folder too low: it is a sequence. Set '
        f'data_root to "{tmp_path}", and choose with the key sequences.')


def test_folders_of_sequences_are_right(make_sequence, tmp_path):
    make_sequence('root/a', 2)
    (tmp_path / 'root/old').mkdir()
    make_sequence('root/old/b', 2)
    root = tmp_path / 'root'
    assert find_sequences(str(root), ['a']) == [str(root / 'a')]
    # Frames in the sequence itself, and another name for img1.
    (tmp_path / 'plain/a').mkdir(parents=True)
    (tmp_path / 'plain/a/000001.jpg').touch()
    refuse_other_depth(str(tmp_path / 'plain'), ['a'])
    (root / 'a/img1').rename(root / 'a/frames')
    assert is_sequence(str(root / 'a')) and not is_sequence(str(root))


def test_splits_are_no_sequences(make_sequence, tmp_path):
    for name in ('val', 'other'):
        (tmp_path / name).mkdir()
    make_sequence('test', 2)
    assert list_splits(str(tmp_path), ['test', 'train', 'val']) == ['val']
