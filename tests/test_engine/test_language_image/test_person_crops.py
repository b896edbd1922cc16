"""Crops of sequences on disk."""
import numpy as np
import pytest
import torch
from person_samples import make_crops, make_person, write_split

from ipmot_mm.datasets.mot_text import read_ground_truth
from ipmot_mm.datasets.synthmot import read_persons
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.engine.language_image.person_crops import load_person_crops

SIZE = (64, 32)


@pytest.fixture(scope='module')
def split(tmp_path_factory):
    root = tmp_path_factory.mktemp('street')
    write_split(root, 2, seed=5)
    return root


def load(split, **changes):
    return load_person_crops(
        str(split), **{**dict(size=SIZE, crops_per_person=9), **changes})


def test_persons_are_those_that_can_be_seen(split):
    data = load(split, min_visibility=0.6, min_box_size=(8, 20))
    expected = {}
    for folder in sorted(split.iterdir()):
        rows = read_ground_truth(str(folder / 'gt/gt.txt'))
        for ident, box, visibility in zip(
                rows.instance_ids, rows.bboxes, rows.visibilities):
            box = np.clip(box, 0, (224, 128) * 2)
            if (visibility >= 0.6 and box[2] - box[0] >= 8
                    and box[3] - box[1] >= 20):
                key = folder.name, int(ident)
                expected[key] = expected.get(key, 0) + 1
    keys = [(each['sequence'], each['id']) for each in data.persons]
    assert keys == sorted(expected)
    assert torch.bincount(data.person_inds).tolist() == [
        expected[key] for key in keys
    ]
    for (name, ident), person in zip(keys, data.persons):
        assert person['caption'] == read_persons(
            split / name)[ident]['caption']


def test_a_crop_is_the_resized_box(split):
    data = load(split, crops_per_person=1)
    assert data.crops.shape == (len(data.persons), 3, *SIZE)
    assert data.crops.dtype == torch.uint8
    person, crop = data.persons[0], data.crops[0].float() / 255
    folder = split / person['sequence']
    rows = read_ground_truth(str(folder / 'gt/gt.txt'))
    rows = rows[rows.instance_ids == person['id']]
    differences = []
    for number, box in zip(rows.frame_numbers, rows.bboxes):
        image = read_image(str(folder / f'img1/{number:06d}.jpg'))
        x1, y1 = np.floor(np.maximum(box[:2], 0)).astype(int)
        x2, y2 = np.ceil(np.minimum(box[2:], (224, 128))).astype(int)
        cut = torch.from_numpy(image[y1:y2, x1:x2, ::-1].copy())
        cut = torch.nn.functional.interpolate(
            cut.permute(2, 0, 1)[None].float() / 255, size=SIZE,
            mode='bilinear', antialias=True)[0]
        differences.append(float((cut - crop).abs().max()))
    assert min(differences) < 0.003


def test_the_draw_is_that_of_the_seed(split):
    first, same, other = (
        load(split, crops_per_person=1, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.crops, same.crops)
    assert not torch.equal(first.crops, other.crops)


def test_subset_keeps_crops_with_their_persons():
    data = make_crops([make_person(n) for n in range(5)], crops_each=3)
    part = data.subset([False, True, False, True, True])
    assert [each['id'] for each in part.persons] == [1, 3, 4]
    assert part.person_inds.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    assert torch.equal(part.crops[3:6], data.crops[9:12])


def test_nobody_to_be_seen_is_an_error(split):
    with pytest.raises(ValueError, match='no person of at least .*--size'):
        load(split, min_box_size=(500, 500))
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        load(split / 'no')
