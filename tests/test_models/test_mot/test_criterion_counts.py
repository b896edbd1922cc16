"""What the criterion of a clip asks of the device, however many objects."""
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.models.losses import ClipAverageLoss, ClipFrame, IdentityTexts
from ipmot_mm.models.task_modules import ClipAssigner, clip_assigner
from ipmot_mm.structures import QueryOutputs, TargetBatch, TrackQueries
from ipmot_mm.testing import make_targets

LAYERS, QD, D = 6, 60, 16
NUM_FRAMES = 5
ALL_PARTS = dict(
    dedup=dict(type='DeduplicationLoss'),
    triplet=dict(type='BatchHardTripletLoss'),
    image_to_text=dict(type='ImageToTextLoss'))


def make_outputs(tracks, device):
    """Outputs of all queries, on a device that may hold no values."""
    batch_size, num_tracks = tracks.valid.shape
    shape = (LAYERS, batch_size, QD + num_tracks)

    def draw(*size):
        return torch.rand(size, device=device, requires_grad=True)

    return QueryOutputs(
        num_detect_queries=QD,
        num_detect_only_layers=1,
        valid=torch.cat([
            torch.ones(batch_size, QD, dtype=torch.bool, device=device),
            tracks.valid
        ], 1),
        cls_logits=draw(*shape, 1),
        bboxes=draw(*shape, 4),
        hidden_states=draw(*shape, 1),
        last_content=draw(*shape[1:], 1),
        last_anchors=draw(*shape[1:], 4),
        dedup_logits=draw(*shape[1:]),
        embeddings=draw(*shape, D))


def make_clips(num_clips, num_objects):
    """Ground truth on the host; clip n has n objects less."""
    return [[
        make_targets((torch.rand(num_objects - n, 4) * 0.3 + 0.3).tolist())
        for _ in range(NUM_FRAMES)
    ] for n in range(num_clips)]


def next_tracks(selection):
    numbers = torch.zeros_like(selection.scores)
    return TrackQueries(
        content=numbers[..., None],
        anchors=numbers[..., None].expand(-1, -1, 4),
        ids=selection.ids,
        labels=selection.labels,
        scores=selection.scores,
        ious=selection.ious,
        num_frames_missed=selection.num_frames_missed,
        valid=selection.valid)


def run_clip(clips, device, take=lambda frame: frame()):
    """The loop of :meth:`IPMOT.loss`; ``take`` runs the criterion."""
    assigner = ClipAssigner(
        iou_thr=0.0, false_positives=dict(type='FalsePositiveSpawner'))
    loss = ClipAverageLoss(**ALL_PARTS)
    truth = take(lambda: TargetBatch.of_clips(clips, device))
    texts = IdentityTexts(
        torch.arange(3, 9), torch.zeros(6, D, device=device))
    tracks = TrackQueries.empty(len(clips), 1, device)
    frames = []
    for batch in truth:
        outputs = make_outputs(tracks, device)
        assignment, selection = take(
            partial(assigner, outputs, tracks, batch))
        frames.append(ClipFrame(outputs, assignment, batch))
        tracks = next_tracks(selection)
    return take(lambda: loss.reduce(frames, texts))


def count(num_clips, num_objects):
    """(kernels, syncs, uploads): of packing, of each frame, of the loss."""
    counts = []
    clips = make_clips(num_clips, num_objects)
    with OpCounter() as counter:
        for clip in clips:  # they are known on the host
            for target in clip:
                for value in vars(target).values():
                    if isinstance(value, torch.Tensor):
                        counter.to_host(value)

        def take(step):
            before = counter.kernels, counter.syncs, counter.uploads
            result = step()
            after = counter.kernels, counter.syncs, counter.uploads
            counts.append([b - a for a, b in zip(before, after)])
            return result

        run_clip(clips, torch.device('cpu'), take)
    return np.array(counts)


def test_one_sync_and_one_upload_per_frame():
    counts = count(num_clips=2, num_objects=20)
    frames = counts[1:-1]
    assert len(frames) == NUM_FRAMES
    assert (frames[:, 1] == 1).all() and (frames[:, 2] == 1).all()
    # and per clip one upload of boxes, one of what the queries learn
    assert counts[[0, -1], 1:].tolist() == [[0, 1], [0, 1]]


def test_at_most_150_kernels_per_frame():
    """Goal G13; matching alone has fewer than 60."""
    counts = count(num_clips=1, num_objects=20)
    assert counts[:, 0].sum() / NUM_FRAMES <= 90
    assert (counts[1:-1, 0] <= 60).all()


@pytest.mark.parametrize('num_clips, num_objects', [(1, 10), (1, 50), (3, 20)])
def test_counts_know_neither_clips_nor_objects(num_clips, num_objects):
    assert (count(num_clips, num_objects) == count(1, 20)).all()


def test_runs_where_no_value_can_be_read(monkeypatch):
    """Tensors of the meta device have none, so nothing else may wait."""
    reads = []

    def read(tensors):
        reads.append(len(tensors))
        assert all(tensor.is_meta for tensor in tensors)
        rng = np.random.default_rng(0)
        return [
            rng.uniform(0.2, 0.8, tuple(tensor.shape)).astype(
                torch.empty(0, dtype=tensor.dtype).numpy().dtype)
            for tensor in tensors
        ]

    monkeypatch.setattr(clip_assigner, 'to_host', read)
    # which does not know this device
    monkeypatch.setattr(torch, 'autocast', lambda *a, **kw: nullcontext())
    losses = run_clip(make_clips(2, 5), torch.device('meta'))
    assert len(reads) == NUM_FRAMES
    assert len(losses) == 3 * LAYERS + 1 + 2 * 5
    sum(losses.values()).backward()
