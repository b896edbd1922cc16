"""Which clips are drawn, and what happens to broken ones."""
import cv2
import numpy as np
import pytest
from mmengine.config import Config

from ipmot_mm.checks import ModelNeeds, check_parts, part_of_folder
from ipmot_mm.checks.clip_pictures import (draw_config_clips, max_interval_of,
                                           write_clip_pictures, write_picture)

PIPELINE = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]


def write(tmp_path, root, **kwargs):
    parts = [part_of_folder(str(root), pipeline=PIPELINE)]
    report = check_parts(parts, ModelNeeds())
    return write_clip_pictures(
        tmp_path / 'clips',
        parts,
        report,
        **dict(
            dict(num_clips=4, num_frames=2, max_interval=3, seed=0),
            **kwargs))


def test_every_video_gets_its_turn_and_broken_ones_are_named(
        make_sequence, tmp_path):
    (tmp_path / 'root').mkdir()
    for name in 'abc':
        folder = make_sequence(f'root/{name}', 4)
    (folder / 'img1/000002.jpg').unlink()
    names, notes = write(tmp_path, tmp_path / 'root')
    assert names == [f'clip_{i:02d}.jpg' for i in range(4)]
    assert sorted(p.name for p in (tmp_path / 'clips').iterdir()) == names
    assert len({(tmp_path / 'clips' / n).read_bytes() for n in names}) == 4
    note, = notes
    assert note.startswith('c is not drawn') and '2' in note


def test_no_more_clips_than_there_are(make_sequence, tmp_path):
    (tmp_path / 'root').mkdir()
    make_sequence('root/a', 3)
    names, notes = write(tmp_path, tmp_path / 'root', num_clips=9)
    assert (len(names), notes) == (3, [])


def test_clips_of_a_concatenation_are_named_by_their_video(
        make_sequence, tmp_path):
    for name in ('a1', 'b1'):
        make_sequence(name, 5)
    datasets = [
        dict(
            type='MOTClipDataset', data_root=str(tmp_path), dataset_name=name,
            sequences=[f'{name}*'], pipeline=PIPELINE) for name in 'ab'
    ]
    cfg = Config(
        dict(
            train_dataloader=dict(
                sampler=dict(max_interval=2),
                dataset=dict(type='ConcatClipDataset', datasets=datasets))))
    assert max_interval_of(cfg, 'train') == 2
    assert max_interval_of(cfg, 'val') == 10
    found = list(
        draw_config_clips(cfg, 'train', num_clips=20, num_frames=2, seed=1))
    assert len(found) == 10
    names = sorted(name[4:] for name, _picture in found)
    assert names[0] == 'a1_000001.jpg' and names[-1].startswith('b1_')
    again = list(
        draw_config_clips(cfg, 'train', num_clips=2, num_frames=2, seed=1))
    for (name, picture), (name2, picture2) in zip(again, found):
        assert name == name2
        assert cv2.norm(picture, picture2) == 0


def test_pipelines_must_pack(make_sequence, tmp_path):
    make_sequence('a', 3)
    cfg = Config(
        dict(
            val_dataloader=dict(
                dataset=dict(
                    type='MOTClipDataset', data_root=str(tmp_path),
                    dataset_name='a', pipeline=PIPELINE[:1]))))
    with pytest.raises(ValueError, match='end with PackClipInputs'):
        next(draw_config_clips(cfg, 'val', num_clips=1, num_frames=1, seed=0))


def test_pictures_too_large_for_their_format(tmp_path):
    picture = np.zeros((4, 70000, 3), np.uint8)
    with pytest.raises(
            ValueError,
            match='"a.jpg" would have 70000 x 4 pixels.*with --num-frames'):
        write_picture(tmp_path / 'a.jpg', picture)
    assert not (tmp_path / 'a.jpg').exists()
    write_picture(tmp_path / 'clips/a.jpg', picture[:, :9])
    assert cv2.imread(str(tmp_path / 'clips/a.jpg')).shape == (4, 9, 3)
