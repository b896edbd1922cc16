"""10,000 frames of one video in constant memory, ids never used twice."""
import gc
import os
from pathlib import Path

import pytest
import torch

from ipmot_mm.models.layers import IdentityUpdater
from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.structures import QueryOutputs, TrackQueries, TrackState

NUM_FRAMES, WARM_UP = 10_000, 1_000
QD, DIMS = 8, 64
STATM = Path('/proc/self/statm')


def outputs_of(num_tracks, generator):
    """A frame of a scripted scene: one newborn in three frames, a track is
    lost for good after about 20."""
    num_queries = QD + num_tracks
    draws = torch.rand(num_queries, generator=generator)
    scores = torch.where(
        torch.arange(num_queries) < QD, draws < 1 / (3 * QD), draws < 0.9)
    boxes = torch.full((1, 1, num_queries, 4), 0.5)
    hidden = torch.rand(1, 1, num_queries, DIMS, generator=generator)
    return QueryOutputs(
        num_detect_queries=QD,
        num_detect_only_layers=0,
        valid=torch.ones(1, num_queries, dtype=torch.bool),
        cls_logits=(scores.float() * 8 - 4)[None, None, :, None],
        bboxes=boxes,
        hidden_states=hidden,
        last_content=hidden[0],
        last_anchors=boxes[0])


def play(num_frames, state, keep=None):
    """Yields the reported and the living ids of each frame."""
    tracker, updater = QueryTracker(miss_tolerance=2), IdentityUpdater()
    generator = torch.Generator().manual_seed(1)
    state.reset(TrackQueries.empty(1, DIMS, num_slots=64))
    for _ in range(num_frames):
        with torch.no_grad():
            outputs = outputs_of(len(state.tracks), generator)
            outputs = outputs.replace(
                valid=torch.cat([outputs.valid[:, :QD], state.tracks.valid],
                                1))
            selection, num_ids, report = tracker(outputs, state.tracks,
                                                 state.num_ids, 64)
            state.update(
                updater(state.tracks, outputs, selection), num_ids)
        if keep is not None:
            keep.append(outputs)
        results = tracker.results(report, 0, (200, 100))
        yield (results.instances_id.tolist(),
               selection.ids[selection.valid].tolist())


def memory():
    """Number and bytes of all tensors, and resident bytes of the process."""
    gc.collect()
    tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor]
    size = sum(each.untyped_storage().nbytes() for each in tensors)
    pages = int(STATM.read_text().split()[1]) if STATM.exists() else 0
    return len(tensors), size, pages * os.sysconf('SC_PAGE_SIZE')


def test_memory_is_flat_and_ids_are_new():
    """A frame's outputs are more than 2 x 8 x 64 floats, 4 KiB: kept in each
    of 9,000 frames they would be 35 MiB, above the 16 MiB allowed. The
    tensors are counted exactly."""
    state, born, alive = TrackState(), 0, set()
    deaths, most = 0, 0
    for t, (reported, living) in enumerate(play(NUM_FRAMES, state)):
        new = sorted(set(living) - alive)
        assert new == list(range(born + 1, born + 1 + len(new))), t
        assert set(reported) <= set(living)
        deaths += len(alive - set(living))
        born += len(new)
        alive, most = set(living), max(most, len(living))
        if t == WARM_UP:
            before = memory()
    after = memory()
    assert state.num_ids == born > 2_000 and deaths > 2_000 and 5 < most < 60
    assert state.tracks.content.grad_fn is None
    assert after[0] <= before[0]
    assert after[1] - before[1] < 64 * (DIMS + 16) * 8
    assert after[2] - before[2] < 2**24


def test_a_leak_would_be_seen():
    state, kept = TrackState(), []
    for t, _ in enumerate(play(60, state, kept)):
        if t == 9:
            before = memory()
    after = memory()
    assert after[0] - before[0] >= 50 * 5
    assert (after[1] - before[1]) / 50 > 4096


@pytest.mark.parametrize('num_ids', [2**31 - 2, 2**32 - 1, 2**53])
def test_ids_beyond_any_integer_of_32_bits(num_ids):
    state = TrackState()
    frames = play(30, state)
    _, first = next(frames)
    state.update(state.tracks, state.num_ids + num_ids)
    ids = {each for reported, _ in frames for each in reported} - set(first)
    first_new = len(first) + num_ids + 1
    assert sorted(ids) == list(range(first_new, first_new + len(ids)))
    assert len(ids) > 3
    assert state.tracks.ids.dtype == torch.int64
