"""A sequence is read in spite of what is wrong with it."""
import numpy as np
import pytest

from ipmot_mm.checks import read_video, videos_of_dataset
from ipmot_mm.datasets import CrowdHumanClipDataset, MOTClipDataset
from ipmot_mm.datasets.sequence import read_sequence


def kinds(video):
    return {problem.kind: problem for problem in video.problems.kept}


def test_a_good_sequence_has_no_problem(make_sequence):
    folder = make_sequence('a', 5)
    video = read_video(str(folder))
    assert video.problems.kept == []
    assert (video.name, video.size) == ('a', (64, 48))
    assert list(video.frame_numbers) == [1, 2, 3, 4, 5]
    assert [path[-10:] for path in video.image_paths
            ] == [f'{n:06d}.jpg' for n in range(1, 6)]
    assert video.annotations.frame_numbers.tolist() == [1, 2, 3, 4, 5]


def test_frames_that_are_missing_or_too_many(make_sequence):
    folder = make_sequence('a', 5)
    (folder / 'img1/000002.jpg').unlink()
    (folder / 'img1/000004.jpg').rename(folder / 'img1/000008.jpg')
    (folder / 'img1/Thumbs.db').write_bytes(b'x')
    video = read_video(str(folder))
    found = kinds(video)
    assert 'no .jpg file for 2, 4 of the 5 frames' in found[
        'missing frames'].message
    assert 'boxes in 2 frames that have no file: 2, 4' in found[
        'frames without files'].message
    assert found['extra frames'].message.endswith('not used: 8')
    assert 'Thumbs.db' in found['strange files'].message
    assert len(video.image_paths) == 3 and len(video.annotations) == 5


def test_without_frames_no_row_is_to_blame(make_sequence):
    folder = make_sequence('a', 3)
    (folder / 'seqinfo.ini').unlink()
    for file in list((folder / 'img1').iterdir()):
        file.rename(file.with_name(f'frame_{file.name}'))
    video = read_video(str(folder))
    assert set(kinds(video)) == {
        'missing frames', 'no seqinfo.ini', 'strange files'}
    assert not len(video.annotations)


@pytest.mark.parametrize('text, kind, num_frames', [
    ('[Sequence]\nseqLength=0\n', 'seqinfo.ini', 5),
    ('seqLength=5', 'seqinfo.ini', 5),
    ('[Other]\nseqLength=5', 'seqinfo.ini', 5),
    ('[Sequence]\nseqLength=7\n', 'missing frames', 7),
])
def test_broken_seqinfo(make_sequence, text, kind, num_frames):
    folder = make_sequence('a', 5)
    (folder / 'seqinfo.ini').write_text(text)
    with pytest.raises((ValueError, OSError)):
        read_sequence(str(folder), with_gt=True)
    video = read_video(str(folder))
    assert kinds(video)[kind].is_error
    assert len(video.frame_numbers) == num_frames
    assert len(video.annotations) == 5


def test_no_seqinfo_is_a_warning_and_holes_are_found(make_sequence):
    folder = make_sequence('a', 5)
    (folder / 'seqinfo.ini').unlink()
    video = read_video(str(folder))
    assert [*kinds(video)] == ['no seqinfo.ini']
    assert video.problems.num_errors == 0 and len(video.image_paths) == 5
    (folder / 'img1/000003.jpg').unlink()
    problem = kinds(read_video(str(folder)))['frame numbers']
    assert problem.is_error and 'no frame 3, but' in problem.message


@pytest.mark.parametrize('name, text, message', [
    ('img1/1637412345678.jpg', None, 'a video of 1637412345678 frames is not'),
    ('seqinfo.ini', f'[Sequence]\nseqLength={10**30}', '000 frames is not'),
    ('seqinfo.ini', f'[Sequence]\nseqLength={"9" * 5000}', 'must have a sec'),
])
def test_absurd_numbers_are_reported_at_once(make_sequence, name, text,
                                             message):
    folder = make_sequence('a', 3)
    (folder / 'seqinfo.ini').unlink()
    (folder / name).write_text(text or '')
    video = read_video(str(folder))
    assert any(message in each.message for each in video.problems.kept)
    assert video.problems.num_errors and len(video.image_paths) == 3
    assert len(video.frame_numbers) < 5 and len(video.annotations) == 3


def test_absurd_sizes_in_seqinfo_are_not_used(make_sequence):
    folder = make_sequence('a', 2)
    (folder / 'seqinfo.ini').write_text(
        f'[Sequence]\nseqLength=2\nimWidth={"9" * 5000}\nimHeight=48\n')
    video = read_video(str(folder))
    assert [*kinds(video)] == ['no image size'] and video.size is None


def test_the_size_in_seqinfo_is_optional(make_sequence):
    folder = make_sequence('a', 2)
    (folder / 'seqinfo.ini').write_text('[Sequence]\nseqLength=2\n')
    video = read_video(str(folder))
    assert [*kinds(video)] == ['no image size'] and video.size is None
    assert video.problems.num_errors == 0


def test_what_training_refuses_is_never_passed_over(make_sequence):
    folder = make_sequence('a', 3)
    (folder / 'img1/2.jpg').write_bytes(b'x')
    with pytest.raises(ValueError):
        read_sequence(str(folder), with_gt=True)
    problem = kinds(read_video(str(folder)))['frame numbers']
    assert problem.is_error and 'two files for frame 2' in problem.message


def test_annotations_may_be_missing_in_a_test_set(make_sequence):
    folder = make_sequence('a', 3)
    (folder / 'gt/gt.txt').unlink()
    assert kinds(read_video(str(folder)))['missing annotations'].is_error
    video = read_video(str(folder), with_gt=False)
    assert video.problems.kept == [] and len(video.annotations) == 0


@pytest.mark.parametrize('length', [1, 2, 5, 6])
@pytest.mark.parametrize('half', [None, 'train', 'val'])
def test_halves_are_those_of_the_dataset(make_sequence, tmp_path, length,
                                         half):
    folder = make_sequence('a', length)
    try:
        dataset = MOTClipDataset(
            data_root=str(tmp_path), dataset_name='mot', half=half)
        expected = [
            dataset.get_data_info(i)['mot_frame_id'][0]
            for i in range(len(dataset))
        ]
    except ValueError:  # no frame in this half
        expected = []
    video = read_video(str(folder), half=half)
    assert list(video.frame_numbers) == expected
    assert video.annotations.frame_numbers.tolist() == expected


def test_any_dataset_gives_its_videos(make_sequence, tmp_path):
    make_sequence('a', 3)
    make_sequence('b', 2, '1,3,4,5,6,7,1,1,0.25\n2,3,5,5,6,7,1,1,1\n')
    dataset = MOTClipDataset(data_root=str(tmp_path), dataset_name='mot')
    first, second = videos_of_dataset(dataset)
    assert (first.name, second.name) == ('a', 'b')
    assert len(first.image_paths) == 3 and not second.is_stills
    rows = second.annotations
    assert rows.bboxes.tolist() == [[4, 5, 10, 12], [5, 5, 11, 12]]
    assert rows.visibilities.tolist() == [0.25, 1]
    assert rows.instance_ids.tolist() == [3, 3]


def test_stills_become_one_video(make_crowdhuman):
    dataset = CrowdHumanClipDataset(**make_crowdhuman(3))
    video, = videos_of_dataset(dataset)
    assert video.name == 'crowdhuman (3 images)' and video.is_stills
    assert video.annotations.frame_numbers.tolist() == [1, 1, 2, 2, 3, 3]
    assert len(np.unique(video.annotations.instance_ids)) == 6
