"""Sampling of deformable attention against a loop over single points."""
import math

import pytest
import torch
from mmcv.ops.multi_scale_deform_attn import \
    multi_scale_deformable_attn_pytorch

from ipmot_mm.ops.deformable_attention import multi_scale_deformable_attn

BATCH, HEADS, DIMS, QUERIES, POINTS = 2, 3, 5, 7, 11
SHAPES = ((13, 17), (2, 5), (1, 1))


def make_inputs(shapes=SHAPES, spread=0.3, dtype=torch.float64):
    """Locations reach out of the frame by ``spread``."""
    num_values = sum(h * w for h, w in shapes)
    shape = (BATCH, QUERIES, HEADS, len(shapes), POINTS)
    value = torch.randn(BATCH, num_values, HEADS, DIMS, dtype=dtype)
    locations = torch.rand(*shape, 2, dtype=dtype) * (1 + 2 * spread) - spread
    weights = torch.randn(shape, dtype=dtype)
    return value, locations, weights


def bilinear(grid, x, y):
    """Value at pixel (x, y) of a (h, w, D) grid, zero outside."""
    height, width, _ = grid.shape
    result = 0
    top, left = math.floor(y.item()), math.floor(x.item())
    for row in (top, top + 1):
        for col in (left, left + 1):
            if 0 <= row < height and 0 <= col < width:
                share = (1 - (x - col).abs()) * (1 - (y - row).abs())
                result = result + share * grid[row, col]
    return result


def attend_by_loop(value, shapes, locations, weights):
    output = []
    for b in range(BATCH):
        for q in range(QUERIES):
            for m in range(HEADS):
                start, total = 0, value.new_zeros(DIMS)
                for level, (h, w) in enumerate(shapes):
                    grid = value[b, start:start + h * w, m].view(h, w, DIMS)
                    start += h * w
                    for p in range(POINTS):
                        x, y = locations[b, q, m, level, p]
                        sample = bilinear(grid, x * w - 0.5, y * h - 0.5)
                        total = total + weights[b, q, m, level, p] * sample
                output.append(total)
    return torch.stack(output).view(BATCH, QUERIES, HEADS * DIMS)


def test_values_and_gradients_equal_the_loop():
    inputs = [x.requires_grad_() for x in make_inputs()]
    value, locations, weights = inputs
    output = multi_scale_deformable_attn(value, SHAPES, locations, weights)
    expected = attend_by_loop(value, SHAPES, locations, weights)
    torch.testing.assert_close(output, expected)
    upstream = torch.randn_like(output)
    for got, wanted in zip(
            torch.autograd.grad(output, inputs, upstream),
            torch.autograd.grad(expected, inputs, upstream)):
        assert wanted.abs().max() > 0
        torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize(
    'shapes',
    [SHAPES, ((7, 3), ), ((1, 5), (19, 2)), ((5, 3), (3, 2), (2, 2), (1, 1))])
@pytest.mark.parametrize('spread', [0.0, 2.0])
def test_equals_mmcv(shapes, spread):
    inputs = [
        x.requires_grad_() for x in make_inputs(shapes, spread, torch.float32)
    ]
    value, locations, weights = inputs
    output = multi_scale_deformable_attn(value, shapes, locations, weights)
    expected = multi_scale_deformable_attn_pytorch(value, torch.tensor(shapes),
                                                   locations, weights)
    torch.testing.assert_close(output, expected)
    upstream = torch.randn_like(output)
    for got, wanted in zip(
            torch.autograd.grad(output, inputs, upstream),
            torch.autograd.grad(expected, inputs, upstream)):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_pixel_centres_give_their_values():
    height, width = SHAPES[0]
    value = torch.randn(1, height * width, 1, DIMS)
    rows, cols = torch.meshgrid(
        torch.arange(height), torch.arange(width), indexing='ij')
    locations = torch.stack([(cols + 0.5) / width, (rows + 0.5) / height], -1)
    locations = locations.view(1, -1, 1, 1, 1, 2)
    output = multi_scale_deformable_attn(value, SHAPES[:1], locations,
                                         torch.ones(locations.shape[:-1]))
    torch.testing.assert_close(output, value[:, :, 0], atol=1e-4, rtol=1e-4)


def test_far_outside_is_zero():
    value, locations, weights = make_inputs()
    output = multi_scale_deformable_attn(value, SHAPES, locations + 9, weights)
    assert torch.equal(output, torch.zeros_like(output))


def test_no_query():
    value, locations, weights = make_inputs()
    output = multi_scale_deformable_attn(value, SHAPES, locations[:, :0],
                                         weights[:, :0])
    assert output.shape == (BATCH, 0, HEADS * DIMS)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_types_are_sampled_in_float32(dtype):
    """A wide level, where a half location would miss by half a pixel."""
    shapes = ((3, 331), )
    value, locations, weights = make_inputs(shapes, 0.0, torch.float32)
    rounded = value.to(dtype), locations, weights.to(dtype)
    with torch.autocast('cpu', dtype=dtype):
        output = multi_scale_deformable_attn(rounded[0], shapes, *rounded[1:])
    expected = multi_scale_deformable_attn(rounded[0].float(), shapes,
                                           locations, rounded[2].float())
    assert output.dtype == dtype
    assert torch.equal(output, expected.to(dtype))
    coarse = multi_scale_deformable_attn(
        rounded[0].float(), shapes, locations.to(dtype).float(),
        rounded[2].float())
    assert (coarse - expected).abs().max() > 0.05
