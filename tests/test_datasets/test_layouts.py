"""Every data set straight from the layout in which its site gives it."""
import numpy as np
import pytest

from ipmot_mm.datasets import MOTClipDataset

NINE = '{frame},{id},{frame}.5,5,20,30,1,1,0.25\n'
TEN = '{frame},{id},{frame}.5,5,20,30,1,4.4852,-5.5016,0\n'
SPORTS = '{frame}, {id}, {frame}, 5, 20, 30, 1, 1, 1\n'
DISTRACTOR = '{frame},9,1,1,5,5,0,7,1\n'


def rows(pattern, num_frames, ids=(1, 2)):
    return ''.join(
        pattern.format(frame=frame, id=instance_id)
        for frame in range(1, num_frames + 1) for instance_id in ids)


def load(root, **kwargs):
    return MOTClipDataset(data_root=str(root), dataset_name='toy', **kwargs)


def video_names(dataset):
    return [
        dataset.get_data_info(int(first))['video_name'][0]
        for first in dataset.video_offsets[:-1]
    ]


def test_2dmot2015(write_sequence, tmp_path):
    root = tmp_path / '2DMOT2015'
    for split, name in (('train', 'TUD-Campus'), ('train', 'ETH-Bahnhof'),
                        ('test', 'TUD-Crossing')):
        folder = write_sequence(root / split, name, 3, rows(TEN, 3))
        (folder / 'seqinfo.ini').unlink()
        (folder / 'det').mkdir()
        (folder / 'det' / 'det.txt').write_text('1,-1,1,1,5,5,9,-1,-1,-1\n')
        if split == 'test':
            (folder / 'gt' / 'gt.txt').unlink()
            (folder / 'gt').rmdir()
    dataset = load(root / 'train')
    assert video_names(dataset) == ['ETH-Bahnhof', 'TUD-Campus']
    info = dataset.get_data_info(5)
    assert info['gt_bboxes'][0].tolist() == [[3.5, 5, 23.5, 35]] * 2
    assert info['gt_visibilities'][0].tolist() == [1, 1]
    test = load(root / 'test', test_mode=True)
    assert len(test) == 3 and test.get_data_info(0)['gt_path'] == ['']


@pytest.mark.parametrize('name, detectors', [
    ('MOT16', ('', )),
    ('MOT17', ('-DPM', '-FRCNN', '-SDP')),
    ('MOT20', ('', )),
])
def test_mot16_to_mot20(write_sequence, tmp_path, name, detectors):
    root = tmp_path / name
    text = rows(NINE, 4) + rows(DISTRACTOR, 4, (9, ))
    for detector in detectors:
        for number in ('05', '02'):
            write_sequence(root / 'train', f'{name}-{number}{detector}', 4,
                           text)
        folder = write_sequence(root / 'test', f'{name}-01{detector}', 2)
        (folder / 'gt' / 'gt.txt').unlink()
    names = [f'{name}-{number}{detectors[-1]}' for number in ('02', '05')]
    dataset = load(root / 'train', sequences=[f'*{detectors[-1]}'])
    assert video_names(dataset) == names
    assert dataset.get_data_info(7)['gt_instances_ids'][0].tolist() == [1, 2]
    assert len(load(root / 'test', test_mode=True)) == 2 * len(detectors)

    seqmap = tmp_path / f'{name}-train.txt'
    seqmap.write_text('name\n' + ''.join(f'{name}-05{detector}\n'
                                         for detector in detectors))
    dataset = load(
        root / 'train', seqmap=str(seqmap), sequences=[f'*{detectors[-1]}'])
    assert video_names(dataset) == [names[1]]


def test_dancetrack(write_sequence, tmp_path):
    root = tmp_path / 'dancetrack'
    splits = dict(train=(1, 2), val=(4, ), test=(3, ))
    for split, numbers in splits.items():
        for number in numbers:
            folder = write_sequence(
                root / split, f'dancetrack{number:04d}', 2, digits=8)
            if split == 'test':
                (folder / 'gt' / 'gt.txt').unlink()
        (root / f'{split}_seqmap.txt').write_text('\n'.join(
            ['name', *(f'dancetrack{number:04d}' for number in numbers)]))
    for split, numbers in splits.items():
        dataset = load(
            root / split,
            seqmap=str(root / f'{split}_seqmap.txt'),
            test_mode=split != 'train')
        assert video_names(dataset) == [
            f'dancetrack{number:04d}' for number in numbers
        ]
        assert dataset.get_data_info(1)['img_path'][0].endswith(
            'img1/00000002.jpg')
    with pytest.raises(
            FileNotFoundError, match="line 2: .* no folder 'dancetrack0004'"):
        load(root / 'train', seqmap=str(root / 'val_seqmap.txt'))


def test_sportsmot(write_sequence, tmp_path):
    root = tmp_path / 'sportsmot'
    names = ['v_-6Os86HzwCs_c001', 'v_-6Os86HzwCs_c003', 'v_1LwtoLPw2TU_c006']
    for name in names:
        write_sequence(root / 'dataset' / 'train', name, 2,
                       rows(SPORTS, 2, (7, 0)))
    test = write_sequence(root / 'dataset' / 'test', 'v_test_c001', 2)
    (test / 'gt' / 'gt.txt').unlink()
    (root / 'splits_txt').mkdir()
    (root / 'splits_txt' / 'train.txt').write_text('\n'.join(names[1:]))
    dataset = load(
        root / 'dataset' / 'train',
        seqmap=str(root / 'splits_txt' / 'train.txt'))
    assert video_names(dataset) == names[1:]
    assert dataset.get_data_info(1)['gt_instances_ids'][0].tolist() == [0, 7]
    assert len(dataset.identity_map) == 4
    assert len(load(root / 'dataset' / 'test', test_mode=True)) == 2


def test_custom_frames_and_text_only(write_sequence, tmp_path):
    folder = write_sequence(tmp_path, 'shop', 3, '1 1 5 5 9 9\n3 1 6 5 9 9\n')
    (folder / 'seqinfo.ini').unlink()
    for path in sorted((folder / 'img1').iterdir()):
        path.rename(folder / path.name.lstrip('0'))
    (folder / 'img1').rmdir()
    dataset = load(tmp_path)
    counts = [
        len(dataset.get_data_info(index)['gt_bboxes'][0]) for index in range(3)
    ]
    assert counts == [1, 0, 1]


def test_ground_truth_is_checked_against_the_frames_found(
        write_sequence, tmp_path):
    folder = write_sequence(tmp_path, 'shop', 3, rows(NINE, 4))
    (folder / 'seqinfo.ini').unlink()
    with pytest.raises(
            ValueError,
            match=r'gt.txt", line 7 \(and 1 more\): the frame must be in '
            r'\[1, 3\].* else the number of images'):
        load(tmp_path)


def test_real_sequence_without_its_seqinfo(shared_data, tmp_path):
    source = shared_data / 'PETS09' / 'val' / 'PETS09-S2L1-B'
    copy = tmp_path / source.name
    copy.mkdir()
    for name in ('img1', 'gt'):
        (copy / name).symlink_to(source / name)
    expected, found = load(source.parent), load(tmp_path)
    assert len(found) == len(expected) == 240
    for index in range(0, 240, 17):
        one, other = (each.get_data_info(index) for each in (expected, found))
        assert one['frame_id'] == other['frame_id']
        np.testing.assert_array_equal(one['gt_bboxes'][0],
                                      other['gt_bboxes'][0])
