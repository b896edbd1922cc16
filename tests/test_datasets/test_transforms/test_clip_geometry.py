import numpy as np
import pytest

from ipmot_mm.datasets.transforms import render_clip
from ipmot_mm.datasets.transforms.clip_geometry import fit_short_side
from ipmot_mm.registry import TRANSFORMS

RESIZE = dict(type='ClipRandomResize', short_sizes=[90, 150, 240])
CROP = dict(type='ClipRandomCrop', min_size=60, max_size=110)
FLIP = dict(type='ClipRandomFlip', prob=0.5)


def apply(clip, *steps):
    for step in steps:
        clip = TRANSFORMS.build(step)(clip)
    return clip


@pytest.mark.parametrize('steps, atol', [((FLIP, ), 0), ((CROP, ), 0),
                                         ((RESIZE, ), 1),
                                         ((FLIP, RESIZE, CROP, RESIZE), 3)])
def test_boxes_stay_on_their_pixels(make_clip, check_rectangle, steps, atol):
    shapes = set()
    for seed in range(30):
        np.random.seed(seed)
        clip = apply(make_clip(), *steps)
        assert len({img.shape for img in clip['img']}) == 1
        assert clip['img_shape'] == [img.shape[:2] for img in clip['img']]
        check_rectangle(clip, atol)
        shapes.add(clip['img_shape'][0])
    assert len(shapes) > 1 or steps == (FLIP, )


def test_flip_is_all_or_nothing(make_clip):
    clip, rate = make_clip(), []
    for seed in range(200):
        np.random.seed(seed)
        flipped = apply(clip, FLIP)
        assert len(set(flipped['flip'])) == 1
        rate.append(flipped['flip'][0])
    assert 0.35 < np.mean(rate) < 0.65
    twice = apply(clip, *[dict(FLIP, prob=1)] * 2)
    np.testing.assert_array_equal(render_clip(twice)['img'], clip['img'])
    np.testing.assert_array_equal(twice['gt_bboxes'], clip['gt_bboxes'])
    assert twice['flip'] == [False] * 3 and twice['flip_direction'][0] is None


def test_scale_factor_leads_back_to_the_file(make_clip):
    clip = make_clip()
    resized = apply(clip, dict(type='ClipResize', short_size=80, max_long=100),
                    RESIZE)
    scale = np.array(resized['scale_factor'][0] * 2)
    np.testing.assert_allclose(
        resized['gt_bboxes'][1] / scale, clip['gt_bboxes'][1], rtol=1e-5)
    height, width = resized['img_shape'][0]
    assert scale[0] == pytest.approx(width / 160)
    assert scale[1] == pytest.approx(height / 120)


@pytest.mark.parametrize('shape, short, max_long, expected', [
    ((1080, 1920), 800, 1536, (800, 1422)),
    ((1080, 1920), 992, 1536, (864, 1536)),
    ((1920, 1080), 800, 1536, (1422, 800)),
    ((480, 640), 400, None, (400, 533)),
    ((100, 100), 40, 20, (20, 20)),
    ((1, 1000), 10, 50, (1, 50)),
    ((500, 1501), 800, 1536, (511, 1534)),  # rounded up, 1537 long
])
def test_size_after_resize(shape, short, max_long, expected):
    assert fit_short_side(shape, short, max_long) == expected


def test_crop_sizes_cover_their_range(make_clip):
    crop = TRANSFORMS.build(dict(CROP, max_size=130))
    clip = make_clip()
    sizes = np.array([crop(clip)['img_shape'][0] for _draw in range(2000)])
    assert sizes[:, 0].min() == 60 and sizes[:, 0].max() == 120  # the side
    assert sizes[:, 1].min() == 60 and sizes[:, 1].max() == 130
    small = TRANSFORMS.build(dict(CROP, min_size=400, max_size=500))
    assert small(clip)['img_shape'][0] == (120, 160)


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match='0 < min_size <= max_size, got'):
        TRANSFORMS.build(dict(CROP, min_size=200))
    with pytest.raises(ValueError, match='at least one positive length'):
        TRANSFORMS.build(dict(RESIZE, short_sizes=[]))
