"""Images that cannot be read: who stands in, who is told, when it ends."""
import copy
import logging

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from ipmot_mm.datasets import (ClipIndex, ClipSampler, ConcatClipDataset,
                               MOTClipDataset)
from ipmot_mm.datasets.unreadable_images import (MAX_DRAWS,
                                                 UnreadableImageError,
                                                 stand_ins)

PIPELINE = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip'),
    dict(type='ClipRandomCrop', min_size=20, max_size=40),
    dict(type='ClipHSV'),
    dict(type='PackClipInputs'),
]
LENGTHS = dict(A=12, B=9, C=2)


@pytest.fixture
def root(make_sequence):
    for name, length in LENGTHS.items():
        folder = make_sequence(name, length).parent
    return folder


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Text of the current log, also of what workers wrote."""
    monkeypatch.setattr(MMLogger, '_instance_dict',
                        MMLogger._instance_dict.copy())
    logger = MMLogger.get_instance(
        f'unreadable-{id(tmp_path)}', log_file=str(tmp_path / 'run.log'))
    logger.setLevel(logging.ERROR)  # as on further ranks
    return (tmp_path / 'run.log').read_text


def make(root, pipeline=PIPELINE, **kwargs):
    return MOTClipDataset(
        data_root=str(root), dataset_name='toy', pipeline=pipeline, **kwargs)


def fresh(dataset):
    """As a new process has it, but for files that are gone: they would be
    noticed at its start."""
    dataset = copy.deepcopy(dataset)
    dataset._unreadable._named.clear()
    return dataset


def spoil(root, name, number, how='cut'):
    path = root / name / 'img1' / f'{number:06d}.jpg'
    data = path.read_bytes()
    path.unlink()
    if how == 'cut':
        path.write_bytes(data[:len(data) // 2])
    elif how == 'folder':
        path.mkdir()
    return str(path)


def clips_of(dataset, num_frames=3):
    return list(
        ClipSampler(dataset, num_frames=num_frames, max_interval=3, seed=1))


def epoch(dataset, indices, num_workers=0):
    batches = iter(
        DataLoader(
            dataset,
            sampler=indices,
            num_workers=num_workers,
            collate_fn=lambda samples: samples[0]['inputs']))
    try:
        return list(batches)
    finally:
        if num_workers:  # in a later collection they cost 5 s each
            batches._shutdown_workers()


@pytest.mark.parametrize('num_frames, interval', [(1, 4), (3, 4), (5, 1)])
def test_stand_ins_keep_the_rules_of_the_sampler(num_frames, interval):
    offsets = np.array([0, 2, 14, 17])
    clip = ClipIndex(3, num_frames, interval, seed=7)
    state = np.random.get_state()[1].copy()
    found = list(stand_ins(clip, offsets))
    assert (np.random.get_state()[1] == state).all()
    assert found == list(stand_ins(clip, offsets))
    assert found != list(stand_ins(clip._replace(seed=8), offsets))
    assert len(found) == MAX_DRAWS
    videos = set()
    for start, length, step, seed in found:
        video, = (v for v in range(3) if offsets[v] <= start < offsets[v + 1])
        first, last = offsets[video], offsets[video + 1] - 1
        assert (length, seed) == (num_frames, 7) and 1 <= step <= interval
        if last - first >= num_frames - 1:  # else its last frame repeats
            assert start + (num_frames - 1) * step <= last
            longer = start + max(num_frames - 1, 1) * (step + 1)
            assert step == interval or longer > last
        else:
            assert start == first and step == 1
        videos.add(video)
    assert videos == {0, 1, 2}


@pytest.mark.parametrize('how', ['cut', 'gone', 'folder'])
def test_only_the_clips_that_show_it_are_others(root, how, log):
    """In as many workers as one likes, and after a resume."""
    dataset = make(root)
    indices = clips_of(dataset)
    whole = epoch(dataset, indices)
    bad = spoil(root, 'A', 5, how)
    shows = [
        bad in dataset.get_data_info(index)['img_path'] for index in indices
    ]
    assert 1 < sum(shows) < len(indices) / 2
    alone = epoch(dataset, indices)
    for index, old, new, is_other in zip(indices, whole, alone, shows):
        if is_other:
            first = next(
                each for each in stand_ins(index, dataset.video_offsets)
                if bad not in dataset.get_data_info(each)['img_path'])
            assert torch.equal(new, dataset[first]['inputs'])
            assert len(new) == 3 and not torch.equal(new, old)
        else:
            assert torch.equal(new, old)
    assert log().count('ERROR') == log().count(bad) == 1
    assert 'Training goes on, other clips stand in' in log()
    resumed = epoch(fresh(dataset), indices[9:])
    assert all(map(torch.equal, alone[9:], resumed))
    shared = epoch(fresh(dataset), indices, num_workers=2)
    assert all(map(torch.equal, alone, shared))
    # once more by the resumed run, and once by each worker that met it
    assert 3 <= log().count(bad) <= 4


def test_it_ends_at_the_limit_of_files(root, log):
    names = [spoil(root, 'A', number) for number in range(3, 11)]
    dataset = make(root, max_unreadable=2)
    clips = [ClipIndex(frame, 1, 1, seed=0) for frame in (2, 2, 3, 2, 4)]
    assert [len(dataset[clip]['inputs']) for clip in clips[:4]] == [1] * 4
    assert [log().count(name) for name in names[:3]] == [1, 1, 0]
    with pytest.raises(UnreadableImageError, match=(
            '000005.jpg.* is cut short.* unreadable image 3 of one process, '
            'max_unreadable of the dataset is 2')):
        dataset[clips[4]]
    with pytest.raises(UnreadableImageError, match='unreadable image 1 of'):
        make(root, max_unreadable=0)[clips[0]]
    with pytest.raises(ValueError, match='must be 0 or more, got -1'):
        make(root, max_unreadable=-1)


def test_workers_hand_on_the_error(root):
    dataset = make(root, max_unreadable=1)
    tested = make(root, test_mode=True)
    for number in range(1, LENGTHS['A'] + 1):
        spoil(root, 'A', number, 'gone')
    with pytest.raises(FileNotFoundError, match='jpg" is missing'):
        tested[0]
    with pytest.raises(UnreadableImageError, match='unreadable image 2 of'):
        epoch(dataset, [ClipIndex(0, 3, 1, 5), ClipIndex(4, 3, 1, 6)] * 4, 2)


def test_a_test_never_leaves_out_a_frame(root):
    bad = spoil(root, 'B', 2)
    dataset = make(root, test_mode=True)
    for index in (LENGTHS['A'] + 1, ClipIndex(LENGTHS['A'] + 1, 1, 1, 0)):
        with pytest.raises(UnreadableImageError, match=bad):
            dataset[index]
    assert len(dataset[0]['inputs']) == 1


@pytest.mark.parametrize('error', [
    ValueError('gt.txt is wrong'), FileNotFoundError('gt.txt is gone')])
def test_other_errors_are_not_swallowed(root, error):
    def fail(results):
        raise error

    dataset = make(root, pipeline=[PIPELINE[0], fail])
    with pytest.raises(type(error), match='gt.txt is'):
        dataset[ClipIndex(0, 2, 1, 0)]


def test_data_without_any_whole_clip(make_sequence, log):
    root = make_sequence('Short', 2).parent
    bad = spoil(root, 'Short', 2)
    dataset = make(root)
    assert len(dataset[ClipIndex(1, 1, 1, 3)]['inputs']) == 1
    assert len(dataset[1]['inputs']) == 1  # an index of another sampler
    with pytest.raises(UnreadableImageError,
                       match=f'"toy" and {MAX_DRAWS} drawn instead all show'):
        dataset[ClipIndex(0, 2, 1, 3)]
    assert log().count(bad) == 1


def test_stand_ins_come_from_the_same_dataset(root, log):
    first, second = (
        MOTClipDataset(
            data_root=str(root),
            dataset_name=name,
            sequences=[name],
            pipeline=PIPELINE) for name in ('A', 'B'))
    both = ConcatClipDataset(datasets=[first, second])
    bad = spoil(root, 'B', 1)
    for seed in range(9):
        sample = both[ClipIndex(LENGTHS['A'], 2, 1, seed)]['data_samples']
        assert [frame.dataset_name for frame in sample] == ['B', 'B']
        assert [frame.video_id for frame in sample] == [1, 1]
    assert log().count(bad) == 1
