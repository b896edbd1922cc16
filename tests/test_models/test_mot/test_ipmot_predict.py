"""Tracking: chunks, videos, batches, checkpoints without a TrackBook."""
import pytest
import torch
from frame_samples import assert_same, build, frames, part, predict

from ipmot_mm.testing import make_clip


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
def test_chunks_equal_frame_by_frame(base):
    model = build(base=base)
    data = make_clip(2, num_frames=6)
    single = [
        frames(predict(model, part(data, t, t + 1)))[0] for t in range(6)
    ]
    for size in (2, 3, 6):
        chunks = []
        for begin in range(0, 6, size):
            chunks += frames(predict(model, part(data, begin, begin + size)))
        assert_same(single, chunks)
    ids = [set(frame.instances_id.tolist()) for frame in single]
    assert ids[0] and ids[0] & ids[-1]  # some tracks last
    assert len(set.union(*ids)) > len(ids[0])  # some are born later


def test_frame_zero_starts_a_new_video():
    model = build()
    data = make_clip(2)
    first = frames(predict(model, data))
    assert min(first[0].instances_id.tolist()) == 1
    assert_same(first, frames(predict(model, make_clip(2))))


def test_a_chunk_may_hold_the_end_of_one_video_and_the_next():
    model = build()
    whole = make_clip(2, num_frames=4)
    for t, sample in enumerate(whole['data_samples'][0].video_data_samples):
        sample.set_metainfo(dict(frame_id=t % 2))
    joined = frames(predict(model, whole))
    alone = frames(predict(model, part(whole, 2, 4)))
    assert_same(joined[2:], alone)


def test_a_stream_may_start_anywhere_and_be_reset_by_hand():
    model = build()
    data = make_clip(2, num_frames=3)
    first = frames(predict(model, part(data, 1, 3)))
    model.reset()
    assert model.track_state.tracks is None
    assert_same(first, frames(predict(model, part(data, 1, 3))))


def test_batches_are_refused():
    with pytest.raises(ValueError, match=r'test_dataloader.batch_size = 1 .*'
                       'got a batch of 2'):
        predict(build(), make_clip(1, 1))


def test_boxes_are_in_pixels_of_the_original_frame():
    model = build()
    data = make_clip(2, num_frames=1)
    small = frames(predict(model, data))[0]
    sample = data['data_samples'][0].video_data_samples[0]
    sample.set_metainfo(dict(ori_shape=(192, 192)))
    large = frames(predict(model, data))[0]
    scale = torch.tensor([2.0, 3.0, 2.0, 3.0])  # from 96 x 64
    assert len(small.bboxes) > 0
    torch.testing.assert_close(large.bboxes, small.bboxes * scale)


def test_padding_does_not_change_the_boxes():
    """96 x 64 needs none; the same frame declared smaller is padded."""
    model = build()
    data = make_clip(2, num_frames=1, size=(80, 56))
    tracks = frames(predict(model, data))[0]
    assert tracks.bboxes.isfinite().all() and len(tracks.bboxes) > 0
    assert (tracks.bboxes[:, 2] - tracks.bboxes[:, 0]).max() < 80


def test_tracks_carry_no_graph():
    model = build()
    predict(model, make_clip(2))
    assert not model.track_state.tracks.content.requires_grad


def test_no_embeddings_at_test_time(monkeypatch):
    model = build()
    head = model.detector.bbox_head
    monkeypatch.setattr(head, 'embed', lambda *args: pytest.fail('embedded'))
    predict(model, make_clip(1))
