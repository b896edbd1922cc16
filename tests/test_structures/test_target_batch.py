"""Ground truth of a frame of several clips, padded."""
import pytest
import torch

from ipmot_mm.structures import TargetBatch
from ipmot_mm.testing import make_targets


def make_clips(counts):
    """Clip n has ``counts[n][t]`` objects in frame t."""
    return [[
        make_targets(
            (torch.rand(count, 4) * 0.3 + 0.3).tolist(),
            labels=torch.randint(9, (count, )).tolist()) for count in clip
    ] for clip in counts]


@pytest.mark.parametrize('counts', [[[3, 0], [1, 4]], [[0, 0]], [[2]]])
def test_objects_of_each_clip_come_first(counts):
    clips = make_clips(counts)
    batches = TargetBatch.of_clips(clips, 'cpu')
    most = max(1, max(map(max, counts)))
    assert len(batches) == len(counts[0])
    for t, batch in enumerate(batches):
        assert batch.bboxes.shape == (len(clips), most, 4)
        assert batch.bboxes.isfinite().all()
        for n, target in enumerate(batch):
            assert target is clips[n][t]
            count = len(target)
            assert torch.equal(batch.bboxes[n, :count], target.bboxes_cxcywh)
            assert torch.equal(batch.labels[n, :count], target.labels)
            assert batch.labels[n, count:].eq(0).all()


def test_a_batch_is_packed_once():
    batch = TargetBatch.of(make_clips([[3]])[0], 'cpu')
    assert TargetBatch.of(batch, 'cpu') is batch
    assert len(batch) == 1 and len(batch[0]) == 3
