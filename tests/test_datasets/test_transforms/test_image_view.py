"""A view shows what the chain of whole images shows."""
import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from ipmot_mm.datasets.transforms.image_view import (CropWindow, ImageView,
                                                     as_view, render,
                                                     whole_pixels)


def smooth_image(height=270, width=480):
    """Waves, so that a shift by a fraction of a pixel changes little."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    planes = [np.sin(x / 31), np.cos(y / 23), np.sin((x + y) / 37)]
    return (127.5 + 120 * np.stack(planes, -1)).astype(np.uint8)


def test_without_a_change_the_source_is_shown():
    img = smooth_image()
    assert render(as_view(img)) is img and render(img) is img
    assert render(as_view(img).mirror().mirror()) is img
    assert as_view(img).shape == img.shape


def test_resize_and_mirror_are_those_of_opencv():
    img = np.random.default_rng(0).integers(0, 256, (54, 96, 3), np.uint8)
    view = as_view(img).mirror().resize((31, 77))
    expected = cv2.flip(cv2.resize(img, (77, 31)), 1)
    np.testing.assert_array_equal(view.render(), expected)
    assert view.shape == (31, 77, 3)


@pytest.mark.parametrize('scale', [0.37, 0.74, 1.0, 1.11])
@pytest.mark.parametrize('mirrored', [False, True])
def test_crop_shows_what_pillow_shows(scale, mirrored):
    img = smooth_image()
    size = round(270 * scale), round(480 * scale)
    window = CropWindow(11, 7, 11 + round(150 * scale), 7 + round(90 * scale))
    view = as_view(img).mirror() if mirrored else as_view(img)
    view = view.resize(size).crop(window).resize((240, 400))
    image = Image.fromarray(img)
    image = ImageOps.mirror(image) if mirrored else image
    image = image.resize(size[::-1], Image.BILINEAR).crop(window)
    expected = np.asarray(image.resize((400, 240), Image.BILINEAR))
    error = np.abs(view.render().astype(int) - expected)
    # a wave climbs 5 a pixel: half a pixel of the source, and rounding
    assert error.max() <= 5
    shifted = np.abs(view.render()[:, 8:].astype(int) - expected[:, :-8])
    assert shifted.max() > 10  # the test would see three pixels


def test_box_edges_are_within_half_a_source_pixel():
    random = np.random.default_rng(0)
    for _draw in range(300):
        source_side, side = random.integers(200, 2000, 2)
        begin, end = np.sort(random.integers(0, side + 1, 2))
        if begin == end:
            continue
        span = whole_pixels(begin, end, side, source_side)
        scale = source_side / side
        assert 0 <= span.start < span.stop <= source_side
        assert abs(span.start - begin * scale) <= max(0.5, scale)
        if scale <= 0.5 * (end - begin):
            assert abs(span.start - begin * scale) <= 0.5
            assert abs(span.stop - end * scale) <= 0.5


def test_detail_lost_in_a_reduction_stays_lost():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    view = as_view(stripes).resize((16, 16)).resize((64, 64))
    np.testing.assert_array_equal(
        view.render(), cv2.resize(cv2.resize(stripes, (16, 16)), (64, 64)))
    # a reduction of a reduction or of an enlargement needs one step
    for first in (32, 128):
        view = as_view(stripes).resize((first, first)).resize((24, 24))
        assert view == ImageView(stripes, (24, 24))
