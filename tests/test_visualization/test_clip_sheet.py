"""A clip in one picture: places, colours, and boxes beyond the frame."""
import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import ClipIndex, MOTClipDataset
from ipmot_mm.visualization import clip_sheet, track_color
from ipmot_mm.visualization.clip_sheet import (GREY, MARGIN, PAPER, TILE_SIDE,
                                               ClipView, draw_clip, draw_row,
                                               draw_tile, stack_rows,
                                               view_packed)

HEIGHT, WIDTH = 60, 100
LOAD = dict(type='LoadClipImages')
PACK = dict(type='PackClipInputs')


def color_box(tile, color):
    """x1, y1, x2, y2 of all pixels of a colour."""
    ys, xs = np.nonzero((tile == color).all(2))
    return xs.min(), ys.min(), xs.max(), ys.max()


@pytest.fixture
def make_dataset(tmp_path):
    """Black frames in which object 3 walks to the right."""
    folder = tmp_path / 'a'
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    for number in range(1, 6):
        cv2.imwrite(
            str(folder / f'img1/{number:06d}.jpg'),
            np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    (folder / 'gt/gt.txt').write_text(''.join(
        f'{number},3,{5 * number},10,20,40,1,1,1\n' for number in range(1, 6)))

    def make(*steps):
        return MOTClipDataset(
            data_root=str(tmp_path),
            dataset_name='mot',
            pipeline=[LOAD, *steps, PACK])

    return make


def test_tile_has_a_margin_and_boxes_where_they_are():
    image = np.full((HEIGHT, WIDTH, 3), 7, np.uint8)
    boxes = np.array([[-4, 20, 30, 50]], np.float32)
    tile = draw_tile(image, boxes, np.array([5]))
    scale = TILE_SIDE / (WIDTH * (1 + 2 * MARGIN))
    border = WIDTH * MARGIN * scale
    assert tile.shape[1] == pytest.approx(TILE_SIDE, abs=2)
    assert tile.shape[0] == pytest.approx(HEIGHT * scale + 2 * border, abs=2)
    assert (tile[:30] == GREY).all() and (tile[-30:] == GREY).all()
    x1, _y1, x2, y2 = color_box(tile, track_color(5))
    found = (np.array([x1, x2, y2]) - border) / scale
    np.testing.assert_allclose(found, [-4, 30, 50], atol=1)
    assert (image == 7).all()


def test_tall_images_fit_too():
    tile = draw_tile(
        np.zeros((300, 50, 3), np.uint8), np.zeros((0, 4)), np.zeros(0))
    assert tile.shape[0] == pytest.approx(TILE_SIDE, abs=2)
    assert tile.shape[1] < TILE_SIDE / 2


def test_rows_are_frames_side_by_side():
    images = tuple(
        np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in (10, 250))
    nothing = (np.zeros((0, 4)), ) * 2
    row = draw_row(
        ClipView(images, nothing, (np.zeros(0, int), ) * 2, ('a', 'b'),
                 'a long caption ' * 20))
    middle = row.shape[0] // 2 + 20
    assert tuple(row[middle, row.shape[1] // 4]) == (10, 10, 10)
    assert tuple(row[middle, row.shape[1] * 3 // 4]) == (250, 250, 250)
    sheet = stack_rows([row, row[:, :400]])
    assert sheet.shape[1] == row.shape[1]
    assert (sheet[-middle:, 500:] == PAPER).all()


def test_both_rows_show_the_same_frames(make_dataset, monkeypatch):
    views = []
    monkeypatch.setattr(
        clip_sheet, 'draw_row', lambda view: views.append(view) or np.zeros(
            (9, 9, 3), np.uint8))
    dataset = make_dataset(dict(type='ClipRandomFlip', prob=1.0))
    draw_clip(dataset, ClipIndex(1, 2, 2, seed=5))
    before, after = views
    assert before.titles == after.titles == ('frame 2: 1 objects',
                                             'frame 4: 1 objects')
    assert 'mot / a, interval 2' in before.caption
    assert '100x60' in before.caption
    assert after.caption == 'after the pipeline: 100x60, flipped'
    for t, left in enumerate((10, 20)):
        assert before.bboxes[t].tolist() == [[left, 10, left + 20, 50]]
        assert after.bboxes[t].tolist() == [[80 - left, 10, 100 - left, 50]]
        assert before.ids[t].tolist() == after.ids[t].tolist() == [3]


def test_the_second_row_is_what_training_gets(make_dataset):
    dataset = make_dataset(
        dict(type='ClipRandomResize', short_sizes=[30, 40, 50, 70]),
        dict(type='ClipRandomCrop', min_size=20, max_size=60))
    index = ClipIndex(0, 3, 1, seed=11)
    sample = dataset[index]
    view = view_packed(sample)
    height, width = sample['inputs'].shape[2:]
    assert f'{width}x{height}' in view.caption
    for t, image in enumerate(view.images):
        assert image.shape == (height, width, 3)
        assert (image.transpose(2, 0, 1) == sample['inputs'][t].numpy()).all()
    picture = draw_clip(dataset, index)
    assert (picture == draw_clip(dataset, index)).all()
    other = draw_clip(dataset, index._replace(seed=12))
    assert picture.shape != other.shape or (picture != other).any()


def test_pipelines_must_pack(make_dataset):
    dataset = make_dataset()
    dataset.pipeline.transforms.pop()
    with pytest.raises(ValueError, match='"mot" returns a dict .*PackClipInp'):
        draw_clip(dataset, ClipIndex(0, 1, 1))
