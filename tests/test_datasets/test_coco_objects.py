"""Which objects need identities and which count."""
import pytest
from coco_samples import entry, make, small


def test_objects_of_videos_need_identities(tmp_path):
    data = small()
    for annotation in data['annotations']:
        del annotation['instance_id']
    with pytest.raises(ValueError, match=r'annotations\[0\]: an object of a'):
        make(tmp_path, data)
    for annotation in data['annotations']:
        annotation['image_id'] = 5
    info = make(tmp_path, data).get_data_info(4)
    assert info['gt_instances_ids'][0].tolist() == [1, 2, 3, 4]
    assert info['gt_bboxes'][0][:, 0].tolist() == [1, 5, -1, 5]


@pytest.mark.parametrize('value', [None, -1, 'none', 2**53])
def test_objects_that_are_not_used_need_no_identity(tmp_path, value):
    data = small()
    data['annotations'][1]['bbox'][2] = 0  # no area
    for index in (1, 3, 4, 5):  # the others: a dog, of conf 0, to be ignored
        entry('annotations', index, instance_id=value)(data)
    data['annotations'].insert(0, data['annotations'].pop(5))
    dataset = make(tmp_path, data)
    assert dataset.identity_map.keys == (('toy', 'A', 0), ('toy', 'still', 9))


def test_the_key_of_the_identity_may_come_late_and_the_best_counts(tmp_path):
    data = small()
    for index, annotation in enumerate(data['annotations']):
        annotation['track_id'] = annotation.pop('instance_id')
        if index in (1, 2, 6):
            annotation['mot_instance_id'] = 50 + index
    del data['annotations'][0]['track_id']
    message = r'annotations\[0\]: "mot_instance_id" is missing'
    with pytest.raises(ValueError, match=message):
        make(tmp_path, data)
    data['annotations'][0]['iscrowd'] = 1
    dataset = make(tmp_path, data)
    assert dataset.identity_map.keys == (('toy', 'A', 51), ('toy', 'A', 52),
                                         ('toy', 'still', 56))


def test_persons_of_a_still_image_need_no_identity_beside_videos(tmp_path):
    data = small()
    data['annotations'] += [{**data['annotations'][6], 'id': 8}]
    entry('annotations', 7, instance_id=None)(data)
    info = make(tmp_path, data).get_data_info(4)
    assert info['gt_instances_ids'][0].tolist() == [1, 2]


def test_mot_conf_is_cut_to_a_whole_number_as_in_gt_txt(tmp_path):
    for key, ids in (('mot_conf', [0, 3]), ('conf', [0, 3, 5])):
        data = small()
        del data['annotations'][4]['mot_conf']
        data['annotations'][4][key] = .9
        clip = make(tmp_path, data).get_data_info(2)
        assert clip['gt_instances_ids'][0].tolist() == ids
