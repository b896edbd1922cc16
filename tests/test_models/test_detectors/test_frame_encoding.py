"""Sine encoding of all levels is mmdet's, kept where nothing is padded."""
import torch
from mmdet.models.layers import SinePositionalEncoding

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.detectors.frame_encoding import FrameEncoding

CFG = dict(num_feats=6, normalize=True, offset=-0.5)
SHAPES = ((5, 7), (3, 4))
CPU = torch.device('cpu')


def expected(masks):
    theirs = SinePositionalEncoding(**CFG)
    return torch.cat([
        theirs(mask).flatten(2).transpose(1, 2) for mask in masks
    ], 1)


def test_with_padding_equals_mmdet():
    masks = [torch.zeros(2, *shape, dtype=torch.bool) for shape in SHAPES]
    for mask in masks:
        mask[1, 2:] = mask[1, :, 3:] = True
    found = FrameEncoding(**CFG).eval().encode_levels(SHAPES, masks, CPU)
    torch.testing.assert_close(found, expected(masks))


def test_without_padding_equals_mmdet_and_is_kept():
    encoding = FrameEncoding(**CFG).eval()
    assert not encoding.state_dict()
    masks = [torch.zeros(1, *shape, dtype=torch.bool) for shape in SHAPES]
    found = encoding.encode_levels(SHAPES, None, CPU)
    torch.testing.assert_close(found, expected(masks))
    assert encoding.encode_levels(SHAPES, None, CPU) is found
    ops = count_ops(encoding.encode_levels, SHAPES, None, CPU)
    assert ops.kernels == ops.syncs == ops.uploads == 0
    encoding.train()  # sizes are random, and would only take memory
    again = encoding.encode_levels(SHAPES, None, CPU)
    assert again is not found and torch.equal(again, found)
