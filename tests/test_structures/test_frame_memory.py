"""Frames of a batch of clips, clip by clip."""
import pytest
import torch

from ipmot_mm.structures import FrameMemory


@pytest.mark.parametrize('with_mask', [True, False])
def test_frame_takes_one_frame_of_each_clip(with_mask):
    num_clips, num_frames = 2, 3
    number = torch.arange(num_clips * num_frames)
    memory = FrameMemory(
        features=number[:, None, None].expand(-1, 5, 7).double(),
        padding_mask=(number[:, None] %
                      2 == 0).expand(-1, 5) if with_mask else None,
        spatial_shapes=((1, 3), (1, 2)),
        valid_ratios=number[:, None, None].expand(-1, 2, 2))
    for t in range(num_frames):
        frame = memory.frame(t, num_frames)
        expected = torch.tensor([n * num_frames + t for n in range(num_clips)])
        assert torch.equal(frame.features[:, 0, 0], expected.double())
        assert torch.equal(frame.valid_ratios[:, 1, 1], expected)
        assert frame.spatial_shapes == memory.spatial_shapes
        if with_mask:
            assert torch.equal(frame.padding_mask[:, 0], expected % 2 == 0)
        else:
            assert frame.padding_mask is None
