"""mmtrack's data sets under the clips and identities of this package."""
import json
import shutil

import numpy as np
import pytest
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.runner import Runner

from ipmot_mm.compat.mmtrack import MMTrackClipDataset
from ipmot_mm.datasets import ClipSampler, ConcatClipDataset, MOTClipDataset
from ipmot_mm.structures import NO_IDENTITY

pytestmark = pytest.mark.usefixtures('mmtrack_scope')


@pytest.fixture
def dataset(make_source_cfg):
    return MMTrackClipDataset(dataset=make_source_cfg(), dataset_name='toy')


def frames_of(sample):
    return sample['data_samples'].video_data_samples


def test_scope_and_prefix(make_source_cfg):
    cfg = dict(
        type='ipmot_mm.MMTrackClipDataset',
        dataset=make_source_cfg(),
        dataset_name='toy')
    built = ROOT_DATASETS.build(cfg)
    assert type(built) is MMTrackClipDataset
    assert type(built.source).__module__.startswith('mmtrack.')
    kinds = [type(step).__module__.split('.')[0]
             for step in built.source.pipeline.transforms]
    assert kinds == ['mmcv', 'mmtrack', 'ipmot_mm']


def test_frames_are_those_of_our_own_data_set(dataset, cocovid):
    """Also the empty one, which mmtrack would leave out."""
    own = MOTClipDataset(data_root=str(cocovid / 'train'), dataset_name='toy')
    assert len(dataset) == len(own) == 11
    assert sorted(np.diff(dataset.video_offsets)) == [5, 6]
    assert len(dataset.identity_map) == len(own.identity_map) == 4
    mine = {info['img_path'][0]: info
            for info in map(own.get_data_info, range(11))}
    for index in range(11):
        found = dataset.get_data_info(index)
        wanted = mine[found['img_path'][0]]
        for key in ('frame_id', 'mot_frame_id', 'video_name', 'gt_path',
                    'ori_video_length', 'gt_bboxes', 'gt_visibilities'):
            np.testing.assert_array_equal(found[key][0], wanted[key][0])


def test_a_source_may_keep_its_list(dataset, make_source_cfg):
    plain = MMTrackClipDataset(
        dataset=make_source_cfg(serialize_data=False), dataset_name='toy')
    assert len(plain) == len(dataset) == 11
    for _ in range(2):  # the first clip has left the list as it was
        one, other = plain[3, 2, 1, 5], dataset[3, 2, 1, 5]
        assert one['inputs'].equal(other['inputs'])
        for ours, theirs in zip(frames_of(one), frames_of(other)):
            assert ours.gt_instances.bboxes.equal(theirs.gt_instances.bboxes)


@pytest.mark.parametrize('index, frame_ids', [((0, 3, 2), [0, 2, 4]),
                                              ((1, 4, 1), [1, 2, 3, 4]),
                                              ((3, 4, 1), None)])
def test_clips_follow_the_sampler(dataset, index, frame_ids):
    sample = dataset[index]
    assert sample['inputs'].shape == (index[1], 3, 48, 64)
    found = [frame.frame_id for frame in frames_of(sample)]
    last = int(dataset.video_offsets[1]) - 1
    assert found == (frame_ids or [3, 4, last, last][:4])
    assert len({frame.flip for frame in frames_of(sample)}) == 1


def test_persons_have_the_rows_of_the_map(dataset):
    seen = {}
    for index in range(len(dataset)):
        frame, = frames_of(dataset[index, 1, 1])
        objects = frame.gt_instances
        for row, number in zip(objects.identities.tolist(),
                               objects.instances_ids.tolist()):
            key = ('toy', frame.video_name, number)
            assert dataset.identity_map.keys[row] == key
            seen.setdefault(key, set()).add(row)
    assert sorted(sum(map(list, seen.values()), [])) == [0, 1, 2, 3]


def test_the_seed_decides_the_augmentation(dataset):
    first = dataset[0, 2, 1, 11]
    flips = {frames_of(dataset[0, 2, 1, seed])[0].flip for seed in range(8)}
    again = dataset[0, 2, 1, 11]
    assert again['inputs'].equal(first['inputs']) and flips == {True, False}


def test_a_number_asks_the_sampler_of_mmtrack(dataset):
    found = [frame.frame_id for frame in frames_of(dataset[2])]
    assert len(found) == 3 and found == sorted(set(found)) and 2 in found


@pytest.mark.parametrize('sampler', [
    dict(type='ipmot_mm.ClipSampler', num_frames=2, max_interval=2),
    dict(type='DefaultSampler', shuffle=True)
])
def test_batches_have_clips_of_one_length(make_source_cfg, sampler):
    loader = Runner.build_dataloader(
        dict(
            batch_size=4,
            num_workers=0,
            sampler=sampler,
            dataset=dict(
                type='ipmot_mm.MMTrackClipDataset',
                dataset=make_source_cfg(),
                dataset_name='toy')))
    lengths = {len(sample) for batch in loader
               for sample in batch['data_samples']}
    assert lengths == {2 if 'num_frames' in sampler else 3}


def test_longer_clips_by_the_schedule(dataset):
    sampler = ClipSampler(dataset, num_frames=2, seed=0)
    sampler.set_num_frames(4)
    assert {len(dataset[index]['data_samples']) for index in sampler} == {4}


def test_joined_with_another(make_source_cfg, cocovid):
    joint = ConcatClipDataset(datasets=[
        dict(
            type='ipmot_mm.MMTrackClipDataset',
            dataset=make_source_cfg('half-train'),
            dataset_name='half'),
        MMTrackClipDataset(dataset=make_source_cfg(), dataset_name='toy')
    ])
    assert len(joint) == 7 + 11 and len(joint.identity_map) == 8
    frame, = frames_of(joint[7, 1, 1])
    assert frame.dataset_name == 'toy'
    assert min(frame.gt_instances.identities.tolist()) >= 4


def test_in_a_test_nobody_has_a_row(make_source_cfg):
    dataset = MMTrackClipDataset(
        dataset=make_source_cfg('half-val', test_mode=True),
        dataset_name='toy')
    frame, = frames_of(dataset[0])
    assert set(frame.gt_instances.identities.tolist()) == {NO_IDENTITY}
    # of the whole video and of its half
    assert frame.mot_frame_id - frame.frame_id > 1
    with pytest.raises(ValueError, match='A clip of 2 frames is wanted of a '
                       'data set with ref_img_sampler=None'):
        dataset[0, 2, 1]


def test_ids_survive_a_crop_of_mmdet(make_source_cfg):
    """As docs/mmtrack.md writes it: mmdet's name of the ids is another."""
    cfg = make_source_cfg()
    names = ('img', 'img_shape', 'gt_bboxes', 'gt_bboxes_labels',
             'gt_ignore_flags')
    cfg['pipeline'][0]['transforms'].append(
        dict(
            type='KeyMapper',
            mapping={**{name: name for name in names},
                     'gt_instances_ids': 'gt_instances_id'},
            auto_remap=True,
            transforms=[
                dict(
                    type='mmdet.RandomCrop',
                    crop_size=(16, 40),  # w, h
                    allow_negative_crop=True)
            ]))
    dataset = MMTrackClipDataset(dataset=cfg, dataset_name='toy')
    counts = set()
    for seed in range(12):
        frame, = frames_of(dataset[0, 1, 1, seed])
        objects = frame.gt_instances
        counts.add(len(objects))
        assert frame.img_shape[:2] == (40, 16)
        assert len(objects.instances_ids) == len(objects.bboxes)
    assert counts >= {0, 1}


@pytest.fixture
def still_images(cocovid, make_source_cfg):
    """Config of a json without videos, as of CrowdHuman, and its images."""
    folder = cocovid / 'annotations'
    content = json.loads((folder / 'train_cocoformat.json').read_text())
    (cocovid / 'stills').mkdir(exist_ok=True)
    for image in content['images']:
        for key in ('video_id', 'frame_id', 'mot_frame_id'):
            del image[key]
        name = f'../stills/{image["file_name"].replace("/", "_")}'
        shutil.copy(cocovid / 'train' / image['file_name'],
                    cocovid / 'train' / name)
        image['file_name'] = name
    content['annotations'][0]['iscrowd'] = True
    del content['videos']
    (folder / 'stills_cocoformat.json').write_text(json.dumps(content))
    return make_source_cfg('stills', load_as_video=False)


def test_still_images_are_videos_of_one_frame(still_images):
    dataset = MMTrackClipDataset(dataset=still_images, dataset_name='still')
    assert np.diff(dataset.video_offsets).tolist() == [1] * 11
    assert len(dataset.identity_map) == 19  # one of 20 is to be ignored
    first, second = frames_of(dataset[1, 2, 1])
    assert first.video_name == second.video_name
    assert first.video_name.split('_')[1:] == ['img1', '000002']
    assert first.gt_instances.identities.equal(
        second.gt_instances.identities)
    assert min(first.gt_instances.identities.tolist()) >= 0


def test_two_videos_of_one_name_are_refused(make_source_cfg, cocovid):
    folder = cocovid / 'annotations'
    content = json.loads((folder / 'train_cocoformat.json').read_text())
    for image in content['images']:
        image['file_name'] = 'A' + image['file_name'][1:]
    (folder / 'double_cocoformat.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='double_cocoformat.json" has several '
                       'videos named A: the name is the folder above'):
        MMTrackClipDataset(
            dataset=make_source_cfg('double'), dataset_name='toy')


def test_pipeline_must_end_with_the_conversion(make_source_cfg):
    cfg = make_source_cfg()
    del cfg['pipeline'][-1]
    with pytest.raises(ValueError, match='ends with PackTrackInputs; add '
                       r'dict\(type="ipmot_mm.FromMMTrackSample"\)'):
        MMTrackClipDataset(dataset=cfg, dataset_name='toy')


def test_a_clip_that_is_dropped_is_told(dataset):
    dataset.source.pipeline = lambda results: None
    with pytest.raises(ValueError, match='"toy" returned None in place of a '
                       'clip; set allow_negative_crop=True'):
        dataset[0, 1, 1]
