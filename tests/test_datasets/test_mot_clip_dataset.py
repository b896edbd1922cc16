import numpy as np
import pytest

from ipmot_mm.datasets import ClipIndex, MOTClipDataset
from ipmot_mm.registry import DATASETS
from ipmot_mm.structures import NO_IDENTITY

ROWS = (
    '1,5,1,1,9,9,1,1,1\n'
    '1,6,2,2,9,9,0,1,1\n'  # ignored
    '1,8,3,3,9,9,1,7,1\n'  # another class
    '3,5,-4,4,9,9,1,1,0\n'  # no frame 2, and fully occluded
    '3,9,5,5,9,9,1,1,.5\n')


def make(root, **kwargs):
    return MOTClipDataset(data_root=str(root), dataset_name='toy', **kwargs)


def test_targets_are_counted_pedestrians(make_sequence, tmp_path):
    make_sequence('A', 4, ROWS)
    clip = make(tmp_path).get_data_info((0, 4, 1))
    assert [ids.tolist() for ids in clip['gt_instances_ids']] == [[5], [],
                                                                  [5, 9], []]
    assert clip['gt_bboxes'][2].tolist() == [[-4, 4, 5, 13], [5, 5, 14, 14]]
    assert clip['gt_visibilities'][2].tolist() == [0, .5]
    assert clip['gt_bboxes'][1].shape == (0, 4)
    assert clip['frame_id'] == [0, 1, 2, 3]
    assert clip['mot_frame_id'] == [1, 2, 3, 4]
    assert clip['video_length'] == clip['ori_video_length'] == [4] * 4
    assert clip['img_path'][3].endswith('A/img1/000004.jpg')
    assert clip['gt_path'][0].endswith('A/gt/gt.txt')


def test_labels_follow_class_ids(make_sequence, tmp_path):
    make_sequence('A', 4, ROWS)
    dataset = make(
        tmp_path, class_ids=(7, 1), metainfo=dict(classes=('car', 'person')))
    assert dataset.get_data_info(0)['gt_bboxes_labels'][0].tolist() == [1, 0]
    assert dataset.metainfo['classes'] == ('car', 'person')
    assert dataset.metainfo['class_ids'] == (7, 1)
    assert make(tmp_path).metainfo['class_ids'] == (1, )
    with pytest.raises(ValueError, match='one class number for each of'):
        make(tmp_path, class_ids=(1, 2))
    with pytest.raises(ValueError, match='none of them twice'):
        make(tmp_path, class_ids=(1, 1), metainfo=dict(classes=('car', 'man')))


def test_conf_counts_as_trackeval_counts(make_sequence, tmp_path):
    confs = (-1, -0.9, 0, 0.3, 0.99, 1, 1.5)
    make_sequence('A', 1, ''.join(
        f'1,{k},1,1,9,9,{conf}\n' for k, conf in enumerate(confs)))
    clip = make(tmp_path).get_data_info(0)
    assert clip['gt_instances_ids'][0].tolist() == [0, 5, 6]


@pytest.fixture
def messages(monkeypatch):
    found = []
    monkeypatch.setattr('ipmot_mm.datasets.mot_clip_dataset.print_log',
                        lambda message, **kwargs: found.append(message))
    return found


def test_missing_seqinfo_is_logged_once(make_sequence, tmp_path, messages):
    for name in 'ABC':
        folder = make_sequence(name, 2)
        if name != 'B':
            (folder / 'seqinfo.ini').unlink()
    assert len(make(tmp_path)) == 6
    assert messages == [
        f'2 sequences of "{tmp_path}" have no seqinfo.ini, such as A: all '
        'their frames are taken.'
    ]


def test_training_on_no_object_at_all_is_refused(make_sequence, tmp_path):
    make_sequence('A', 2, '1,1,1,1,9,9,1,-1,-1\n2,1,1,1,9,9,0,1,1\n')
    with pytest.raises(ValueError, match=r'None of the 2 boxes .* one of '
                       r'class_ids=\(1,\): correct one'):
        make(tmp_path)
    assert len(make(tmp_path, test_mode=True)) == 2  # a test needs none
    make_sequence('B', 2)  # frames without objects are legal
    assert len(make(tmp_path)) == 4


def test_what_is_left_out_is_logged(make_sequence, tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr('ipmot_mm.datasets.contents_log.print_log',
                        lambda message, **kwargs: found.append(message))
    make_sequence('A', 4, f'{ROWS}4,8,3,3,9,9,0,7,1\n')
    make_sequence('B', 3)
    make(tmp_path)
    make(tmp_path, half='val')  # frame 4 of A, and 3 of B
    (tmp_path / 'A' / 'gt' / 'gt.txt').unlink()
    make(tmp_path, sequences=['A'], test_mode=True)
    assert found == [
        f'"{tmp_path}": {rest}.' for rest in (
            '2 sequences, 7 frames, 6 objects of 3 identities; left out: 2 '
            'rows of other classes, 1 rows with conf 0 as a whole number',
            '2 images, 1 objects of 1 identities; left out: 1 rows of other '
            'classes', '1 sequences, 4 frames')
    ]


def test_seqmap_names_the_sequences(make_sequence, tmp_path):
    for name in 'ABC':
        make_sequence(name, 2)
    (tmp_path / 'val.txt').write_text('C\nA\n')
    dataset = make(tmp_path, seqmap=str(tmp_path / 'val.txt'))
    assert [dataset.get_data_info(k)['video_name']
            for k in range(4)] == [['A'], ['A'], ['C'], ['C']]


def test_clip_keeps_its_interval_and_its_video(make_sequence, tmp_path):
    make_sequence('A', 5)
    make_sequence('B', 3)
    dataset = make(tmp_path)
    assert len(dataset) == 8
    assert dataset.video_offsets.tolist() == [0, 5, 8]
    clip = dataset.get_data_info(ClipIndex(0, 3, 2))
    assert clip['frame_id'] == [0, 2, 4]
    clip = dataset.get_data_info(ClipIndex(4, 3, 2))
    assert clip['frame_id'] == [4, 4, 4] and clip['video_name'] == ['A'] * 3
    assert dataset.get_data_info(5)['video_id'] == [1]
    with pytest.raises(IndexError, match='Frame 8 of dataset "toy"'):
        dataset[8]


def test_identities_are_rows_of_the_map(make_sequence, tmp_path):
    make_sequence('A', 4, ROWS)
    make_sequence('B', 2, '2,5,1,1,9,9\n')
    dataset = make(tmp_path)
    assert dataset.identity_map.keys == (('toy', 'A', 5), ('toy', 'A', 9),
                                         ('toy', 'B', 5))
    found = dataset.get_data_info((2, 1, 1))['gt_identities'][0]
    assert found.tolist() == [0, 1] and found.dtype == np.int64
    assert dataset.get_data_info(5)['gt_identities'][0].tolist() == [2]
    for kwargs in (dict(test_mode=True), dict(with_identities=False)):
        dataset = make(tmp_path, **kwargs)
        assert len(dataset.identity_map) == 0
        found = dataset.get_data_info(5)['gt_identities'][0]
        assert found.tolist() == [NO_IDENTITY]


def test_val_half_restarts_its_frame_ids(make_sequence, tmp_path):
    make_sequence('A', 5)
    make_sequence('B', 1)  # has no second half
    dataset = make(tmp_path, half='val', test_mode=True)
    clip = dataset.get_data_info((0, 2, 1))
    assert len(dataset) == 2
    assert clip['frame_id'] == [0, 1] and clip['mot_frame_id'] == [4, 5]
    assert clip['video_length'] == [2, 2]
    assert clip['gt_bboxes'][0][0, 0] == 4  # x of frame 4 is 4
    assert clip['img_path'][0].endswith('000004.jpg')
    with pytest.raises(ValueError, match="has a frame in half='val'"):
        make(tmp_path, half='val', sequences=['B'])
    with pytest.raises(ValueError, match="must be one of .*, got 'test'"):
        make(tmp_path, half='test')


def test_test_set_without_annotations(make_sequence, tmp_path):
    (make_sequence('A', 2) / 'gt' / 'gt.txt').unlink()
    clip = make(tmp_path, test_mode=True).get_data_info(1)
    assert clip['gt_path'] == [''] and len(clip['gt_bboxes'][0]) == 0
    with pytest.raises(FileNotFoundError, match='is used for training'):
        make(tmp_path)


def test_lazy_init_and_registry(tmp_path, make_sequence):
    dataset = DATASETS.build(
        dict(
            type='MOTClipDataset',
            data_root=str(tmp_path),
            dataset_name='toy',
            lazy_init=True))
    make_sequence('A', 2)
    assert len(dataset) == 2 and len(dataset.identity_map) == 1


def test_seed_of_the_index_fixes_the_augmentation(make_sequence, tmp_path):
    make_sequence('A', 2)
    dataset = make(tmp_path, pipeline=[lambda info: np.random.rand()])
    np.random.seed(3)
    first = np.random.rand()
    np.random.seed(3)
    assert dataset[ClipIndex(0, 1, 1, 5)] == dataset[ClipIndex(1, 1, 1, 5)]
    assert dataset[ClipIndex(0, 1, 1, 5)] != dataset[ClipIndex(0, 1, 1, 6)]
    assert dataset[0] == first  # the state is as it was


@pytest.mark.parametrize('folder, frames, boxes, persons', [
    ('MOT17-mini/train', 28, 662, 106),
    ('MOT20-mini/train', 215, 9060, 55),
    ('PETS09/train', 240, 1474, 10),
    ('PETS09/val', 240, 1158, 9),
])
def test_real_data_has_the_counts_of_its_readme(shared_data, folder, frames,
                                                boxes, persons):
    dataset = make(shared_data / folder)
    found = [
        len(dataset.get_data_info(index)['gt_bboxes'][0])
        for index in range(len(dataset))
    ]
    assert len(found) == frames
    assert sum(found) == boxes
    assert len(dataset.identity_map) == persons
