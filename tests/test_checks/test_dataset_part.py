"""Which data sets a config or a folder means."""
import json
from pathlib import Path

import pytest
from mmengine.config import Config

from ipmot_mm.checks import part_of_folder, parts_of_config


def mot(root, **kwargs):
    return dict(
        type='MOTClipDataset', data_root=str(root), dataset_name='mot',
        **kwargs)


def parts(dataset, split='train'):
    return parts_of_config(
        Config({f'{split}_dataloader': dict(dataset=dataset)}), split)


def test_every_data_set_is_a_part(make_sequence, make_crowdhuman, tmp_path):
    root = tmp_path / 'mot'
    root.mkdir()
    make_sequence('mot/a', 3)
    make_sequence('mot/b', 3, '1,7,1,5,20,30,1,7,1\n')
    first, second = parts(
        dict(
            type='ConcatClipDataset',
            datasets=[
                mot(root, sequences=['b'], half='train', class_ids=(7, )),
                dict(type='CrowdHumanClipDataset', **make_crowdhuman(2),
                     with_identities=False)
            ]))
    video, = first.videos()
    assert (first.name, first.class_ids) == ('mot', (7, ))
    assert video.name == 'b' and list(video.frame_numbers) == [1, 2]
    assert first.with_identities and not second.with_identities
    assert [v.is_stills for v in second.videos()] == [True]
    assert len(first.clips_of('b')) == 2


def test_a_part_that_cannot_be_read_does_not_stop_the_next(
        make_sequence, make_crowdhuman, tmp_path):
    paths = make_crowdhuman(2)
    (Path(paths['image_dir']) / 'im1.jpg').unlink()
    for dataset, kinds in ((mot(tmp_path / 'none'), ['cannot be read']),
                           (dict(type='CrowdHumanClipDataset', **paths),
                            ['cannot be read', 'missing images'])):
        part, = parts(dataset)
        video, = part.videos()
        assert [p.kind for p in video.problems.kept] == kinds
        assert not video.image_paths


def test_test_sets_need_no_annotations(make_sequence, tmp_path):
    folder = make_sequence('a', 3)
    (folder / 'gt/gt.txt').unlink()
    part, = parts(mot(tmp_path, test_mode=True), 'test')
    video, = part.videos()
    assert not video.problems.kept and not part.with_identities
    with pytest.raises(ValueError, match='has no val_dataloader'):
        parts_of_config(Config(dict(test_dataloader=1)), 'val')


def test_folders_of_every_depth(make_sequence, tmp_path):
    (tmp_path / 'data/train').mkdir(parents=True)
    for name in ('a[1]', 'b'):
        make_sequence(f'data/train/{name}', 3)
    names = ['a[1]', 'b']
    for folder, expected in (('data', names), ('data/train', names),
                             ('data/train/a[1]', names[:1])):
        part = part_of_folder(str(tmp_path / folder))
        assert [video.name for video in part.videos()] == expected
        assert part.with_gt
    assert len(part.clips_of('a[1]')) == 3
    with pytest.raises(FileNotFoundError, match='No sequence in'):
        part_of_folder(str(tmp_path / 'data/train/b/gt'))


def test_only_a_test_set_may_be_without_annotations(make_sequence, tmp_path):
    for name in 'ab':
        folder = make_sequence(name, 2)
    (folder / 'gt/gt.txt').unlink()
    root = str(tmp_path)
    assert part_of_folder(root, split='test').with_gt  # one lacks them
    (tmp_path / 'a/gt/gt.txt').unlink()
    assert not part_of_folder(root, split='test').with_gt
    for split in ('train', 'val'):
        for video in part_of_folder(root, split=split).videos():
            problem, = video.problems.kept
            assert problem.is_error and 'need gt/gt.txt' in problem.message
            assert '--split test' in problem.message


def test_a_split_that_is_absent(make_sequence, tmp_path):
    (tmp_path / 'MOT').mkdir()
    for name in ('annotations', 'test', 'train'):
        (tmp_path / 'MOT' / name).mkdir()
    make_sequence('MOT/train/a', 2)
    with pytest.raises(
            FileNotFoundError,
            match='no folder "val" in ".*MOT"; there are test, train: choose '
            'one with --split'):
        part_of_folder(str(tmp_path / 'MOT'), split='val')
    # A sequence may have such a name.
    make_sequence('other/train', 2)
    part = part_of_folder(str(tmp_path / 'other'), split='val')
    assert [video.name for video in part.videos()] == ['train']


def test_sequences_that_differ_by_their_detector_are_one_video(
        make_sequence, tmp_path):
    for name in ('02-DPM', '02-FRCNN', '02-SDP', '04-SDP', '04-X'):
        make_sequence(name, 2)
    videos = list(part_of_folder(str(tmp_path)).videos())
    assert [video.problems.num_warnings for video in videos] == [0, 1, 1, 0, 0]
    problem, = videos[2].problems.kept
    assert problem.message.startswith('02-SDP has the frames and the boxes of '
                                      '02-DPM') and not problem.is_error
    part = part_of_folder(str(tmp_path), sequences=['*-SDP', '04-X'])
    assert [(video.name, video.problems.num_warnings)
            for video in part.videos()] == [('02-SDP', 0), ('04-SDP', 0),
                                            ('04-X', 0)]


def coco(folder, num_videos, num_frames):
    """A json file of videos v0, v1, ..., or of images without a video."""
    images = [
        dict(
            id=i,
            file_name=f'{i % 3 + 1:06d}.jpg',
            height=48,
            width=64) for i in range(num_videos * num_frames)
    ]
    found = dict(
        categories=[dict(id=1, name='person')], annotations=[], images=images)
    if num_frames > 1:
        found['videos'] = [
            dict(id=i, name=f'v{i}') for i in range(num_videos)
        ]
        for i, image in enumerate(images):
            image.update(
                video_id=i // num_frames, frame_id=i % num_frames)
    (folder / 'coco.json').write_text(json.dumps(found))
    return dict(
        type='CocoVideoClipDataset', data_root=str(folder),
        ann_file='coco.json', dataset_name='coco',
        metainfo=dict(classes=('person', )))


def test_clips_of_a_video_in_a_json_file(make_sequence):
    folder = make_sequence('a', 3) / 'img1'
    part, = parts(coco(folder, 2, 3))
    assert [video.name for video in part.videos()] == ['v0', 'v1']
    clips = part.clips_of('v1')
    assert [clips.get_data_info(i)['video_name'][0] for i in range(len(clips))
            ] == ['v1'] * 3
    part, = parts(coco(folder, 3, 1))
    video, = part.videos()
    assert video.is_stills and len(part.clips_of(video.name)) == 3


def test_other_splits_are_named(make_sequence, tmp_path, capsys):
    for name in ('test', 'train', 'val'):
        (tmp_path / name).mkdir()
        make_sequence(f'{name}/a', 2)
    part_of_folder(str(tmp_path), split='val')
    assert capsys.readouterr().out == (
        f'checking "val" of "{tmp_path}"; there are also test, train, see '
        '--split\n')
    part_of_folder(str(tmp_path / 'val'))
    assert not capsys.readouterr().out
