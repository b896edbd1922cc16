"""Padding of every level, seen from the pixels."""
import pytest
import torch
import torch.nn.functional as F

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.detectors.padding_masks import padding_masks, valid_ratios

SHAPES = ((8, 12), (4, 6), (3, 5), (1, 1))


def test_unpadded_frames_have_no_mask():
    images = torch.zeros(2, 3, 64, 96)
    assert padding_masks(SHAPES, images, [(64, 96)] * 2) is None
    assert padding_masks(SHAPES, images, [[64, 96], (64, 95)]) is not None


@pytest.mark.parametrize('size', [(64, 96), (65, 97)])
@pytest.mark.parametrize('is_mixed', [True, False])
def test_a_position_is_what_its_nearest_pixel_is(size, is_mixed):
    limits = [size, (37, 53), (8, 90), (64, 1)]
    if not is_mixed:
        limits = [(37, 53)] * 4
    masks = padding_masks(SHAPES, torch.zeros(4, 3, *size), limits)
    outside = torch.ones(4, 1, *size)
    for n, (height, width) in enumerate(limits):
        outside[n, :, :height, :width] = 0
    for shape, mask in zip(SHAPES, masks):
        expected = F.interpolate(outside, size=shape)[:, 0].bool()
        assert mask.dtype == torch.bool
        assert torch.equal(mask, expected)


def test_ratios_are_shares_of_width_and_height():
    limits = [(64, 96), (32, 24)]
    masks = padding_masks(SHAPES[:2], torch.zeros(2, 3, 64, 96), limits)
    ratios = valid_ratios(masks)
    # 24 of 96 columns are 3 of 12, and of 6 those whose pixel is 0 or 16
    torch.testing.assert_close(
        ratios,
        torch.tensor([[[1, 1], [1, 1]], [[3 / 12, 4 / 8], [2 / 6, 2 / 4]]]))


@pytest.mark.parametrize('limits, uploads', [
    ([(64, 96), (37, 53)], 1), ([(37, 53), [37, 53]], 0)])
def test_asks_the_device_nothing(limits, uploads):
    images = torch.zeros(2, 3, 64, 96)
    ops = count_ops(
        lambda: valid_ratios(padding_masks(SHAPES, images, limits)))
    assert ops.syncs == 0 and ops.uploads == uploads
    meta = padding_masks(SHAPES, images.to('meta'), limits)
    assert [mask.shape for mask in meta] == [(2, *shape) for shape in SHAPES]
