import numpy as np
import pytest

from ipmot_mm.datasets.frame_table import FrameTable, VideoAnnotations
from ipmot_mm.structures import NO_IDENTITY, IdentityMap


def random_video(random, name, num_frames, num_objects):
    frame_ids = np.sort(random.integers(0, num_frames, num_objects))
    return VideoAnnotations(
        name=name,
        image_dir=f'/{name}',
        image_names=[f'{name}{k}.jpg' for k in range(num_frames)],
        first_frame=0,
        gt_path='',
        frame_ids=frame_ids,
        bboxes=random.uniform(size=(num_objects, 4)),
        labels=random.integers(0, 3, num_objects),
        instance_ids=random.integers(0, 5, num_objects),
        visibilities=random.uniform(size=num_objects))


@pytest.fixture
def videos():
    random = np.random.default_rng(1)
    return [
        random_video(random, name, num_frames, num_objects)
        for name, num_frames, num_objects in (('a', 7, 23), ('b', 1, 0),
                                              ('c', 3, 2))
    ]


def test_every_frame_has_its_objects(videos):
    table = FrameTable.from_videos(videos)
    frames = [(video, frame) for video, annotations in enumerate(videos)
              for frame in range(len(annotations.image_names))]
    for index, (video, frame) in enumerate(frames):
        mine = videos[video].frame_ids == frame
        objects = table.objects_of(index)
        assert table.video_of(index) == video
        assert table.image_names[index] == videos[video].image_names[frame]
        for name in ('bboxes', 'labels', 'instance_ids', 'visibilities'):
            np.testing.assert_allclose(
                objects[name], getattr(videos[video], name)[mine], rtol=1e-6)
    assert table.video_offsets[-1] == len(frames)


def test_identities_are_looked_up_by_video(videos):
    table = FrameTable.from_videos(videos)
    assert (table.identities == NO_IDENTITY).all()
    book = IdentityMap.from_keys([('set', 'a', k)
                                  for k in range(5)] + [('other', 'c', k)
                                                        for k in range(5)])
    table = table.with_identities(book, 'set')
    expected = [book.row('set', 'a', k) for k in videos[0].instance_ids]
    assert table.identities.tolist() == expected + [NO_IDENTITY] * 2
    ids = table.ids_by_video()
    assert ids['a'].tolist() == sorted(set(videos[0].instance_ids.tolist()))
    assert ids['b'].tolist() == []


def test_a_sample_cannot_change_the_table(videos):
    table = FrameTable.from_videos(videos)
    table.objects_of(0)['bboxes'][:] = -1
    assert (table.bboxes >= 0).all()
    with pytest.raises(ValueError, match='read-only'):
        table.bboxes[0] = 0
