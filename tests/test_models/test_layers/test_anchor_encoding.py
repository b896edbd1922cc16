"""The sine embedding of anchors is that of mmdet."""
import pytest
import torch
from mmdet.models.layers import coordinate_to_encoding

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.layers.anchor_encoding import AnchorEncoding


@pytest.mark.parametrize('num_feats', [8, 32, 128])
@pytest.mark.parametrize('shape', [(1, 0, 4), (2, 5, 4)])
def test_equals_mmdet(num_feats, shape):
    anchors = torch.rand(shape)
    torch.testing.assert_close(
        AnchorEncoding(num_feats)(anchors),
        coordinate_to_encoding(anchors, num_feats),
        atol=1e-6,
        rtol=0)


def test_few_kernels_and_no_state():
    encoding, anchors = AnchorEncoding(16), torch.rand(1, 3, 4)
    counter = count_ops(encoding, anchors)
    assert counter.kernels <= 6 and counter.uploads == counter.syncs == 0
    assert not encoding.state_dict() and not list(encoding.parameters())
