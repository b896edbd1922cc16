"""Categories, and frames in order with and without holes."""
import json

import pytest

from ipmot_mm.datasets.coco_frames import (read_coco_categories,
                                           read_coco_frames)
from ipmot_mm.datasets.coco_records import CocoRecords


@pytest.fixture
def records(tmp_path):

    def write(**data):
        (tmp_path / 'a.json').write_text(json.dumps(data))
        return CocoRecords(str(tmp_path / 'a.json'))

    return write


def video(*frames, names=None):
    """One video after an empty one; images in the order of the file."""
    names = names or [f'{frame + 1:06d}' for frame in frames]
    return dict(
        videos=[dict(id='x', name='X'), dict(id='a', name='A')],
        images=[
            dict(id=k, video_id='a', frame_id=frame, file_name=f'A/{name}.jpg')
            for k, (frame, name) in enumerate(zip(frames, names))
        ])


def test_holes_are_allowed_on_request(records):
    data = records(**video(7, 2, 4))
    found, = read_coco_frames(data, may_have_holes=True)
    assert (found.name, found.video_index, len(found)) == ('A', 1, 3)
    assert found.image_indices == (1, 2, 0) and found.first_frame is None
    assert found.file_names[2] == 'A/000008.jpg'
    with pytest.raises(ValueError, match=r'images\[2\]: .* "A" must be 3'):
        read_coco_frames(data)
    for holes in (True, False):
        with pytest.raises(ValueError, match=r'images\[2\]: .* that of anot'):
            read_coco_frames(records(**video(1, 0, 1)), may_have_holes=holes)


@pytest.mark.parametrize('names, first', [
    (['000001', '000002', '000003'], 0),
    (['5', '6', '7'], 4),
    (['5', '6', '8'], None),
    (['0', '1', '2'], None),
    (['1', '2', 'x'], None),
])
def test_first_frame_is_that_of_the_file_names(names, first, records):
    found, = read_coco_frames(records(**video(0, 1, 2, names=names)))
    assert found.first_frame == first and found.image_indices == (0, 1, 2)


def test_stills_are_named_by_their_files(records):
    images = [dict(id=k, file_name=f'{name}.jpg')
              for k, name in enumerate(('p/1', 'p/2', 'q/1'))]
    for count, names in ((2, ['1', '2']), (3, ['p/1', 'p/2', 'q/1'])):
        found = read_coco_frames(records(images=images[:count]))
        assert [still.name for still in found] == names
        assert [still.video_index for still in found] == [None] * count


def test_categories_have_different_names_and_ids(records):
    man = dict(id=3, name='man')
    data = records(categories=[man, dict(id=1, name='car')])
    assert read_coco_categories(data) == dict(man=3, car=1)
    for other in (dict(man, id=4), dict(man, name='dog')):
        with pytest.raises(ValueError, match=r'categories\[1\]: another cat'):
            read_coco_categories(records(categories=[man, other]))
