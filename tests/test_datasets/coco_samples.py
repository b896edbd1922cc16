"""A small COCO-VID file, its edits, and the data set made of it."""
import json

from ipmot_mm.datasets import CocoVideoClipDataset


def small():
    """Two videos of three and one frame, shuffled, and a still image."""
    return dict(
        categories=[dict(id=1, name='pedestrian'), dict(id=4, name='dog')],
        videos=[dict(id=7, name='A'), dict(id=9, name='B')],
        images=[
            dict(id=1, video_id=7, file_name='A/img1/000003.jpg', frame_id=1),
            dict(id=2, video_id=9, file_name='B/img1/000001.jpg', frame_id=0),
            dict(id=3, video_id=7, file_name='A/img1/000002.jpg', frame_id=0),
            dict(id=4, video_id=7, file_name='A/img1/000004.jpg', frame_id=2),
            dict(id=5, file_name='still.jpg')
        ],
        annotations=[
            dict(id=1, image_id=1, category_id=1, bbox=[1, 2, 3, 4],
                 instance_id=0),
            dict(id=2, image_id=4, category_id=1, bbox=[5, 6, 7, 8.5],
                 instance_id=3, visibility=.25),
            dict(id=3, image_id=4, category_id=1, bbox=[-1, 6, 7, 8],
                 instance_id=0),
            dict(id=4, image_id=4, category_id=4, bbox=[5, 6, 7, 8],
                 instance_id=4),
            dict(id=5, image_id=4, category_id=1, bbox=[5, 6, 7, 8],
                 instance_id=5, mot_conf=0),
            dict(id=6, image_id=4, category_id=1, bbox=[5, 6, 7, 8],
                 instance_id=6, ignore=1),
            dict(id=7, image_id=5, category_id=1, bbox=[5, 6, 7, 8],
                 instance_id=9)
        ])  # yapf: disable


def make(folder, data, **kwargs):
    """Write a file and empty images, and read them."""
    for image in data.get('images', ()):
        path = folder / 'data' / str(image.get('file_name', 'x'))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / 'a.json').write_text(json.dumps(data))
    return CocoVideoClipDataset(
        data_root=str(folder),
        ann_file='a.json',
        data_prefix=dict(img_path='data/'),
        dataset_name='toy',
        **kwargs)


def entry(name, index, /, **changes):
    """An edit of a file; a value of None takes the key out."""

    def edit(data):
        for key, value in changes.items():
            data[name][index][key] = value
            if value is None:
                del data[name][index][key]

    return edit
