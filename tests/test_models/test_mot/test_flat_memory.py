"""Memory does not grow while clips do."""
import gc

import pytest
import torch

from ipmot_mm.benchmark.memory import trace_cpu
from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

NUM_ITERS = 500
CLIP_LENGTHS = (2, 3, 4, 5)
OBJECTS = (0, 1, 3, 6)


class Training:
    """A tiny model with both optimisers, on clips made beforehand.

    Args:
        leak (str): What to keep of an iteration, on purpose: ``'nothing'``,
            ``'logs'`` or ``'graphs'``.
    """

    def __init__(self, leak='nothing'):
        cfg = tiny_model_cfg(
            with_track_book=True, embed_dims=16, num_queries=8, num_levels=1)
        cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
        cfg.updater.update_score_thr = 0.0
        torch.manual_seed(0)
        self.model = MODELS.build(cfg).train()
        self.model.init_weights()
        self.optimizers = AlternatingOptimWrapperConstructor(
            dict(
                tracker=dict(optimizer=dict(type='AdamW', lr=1e-4)),
                track_book=dict(optimizer=dict(type='RowwiseAdamW'))))(
                    self.model)
        self.model.track_book.set_identity_map(
            IdentityMap.from_keys(('a', 'b', i) for i in range(1, 9)))
        self.clips = {
            (length, count): make_clip(
                count, num_frames=length, size=(32, 32), seed=count)
            for length in CLIP_LENGTHS for count in OBJECTS
        }
        self.leak = leak
        self.kept = []

    def step(self, length, count):
        """One iteration on a clip of that many frames and objects."""
        clip = self.clips[length, count]
        logs = self.model.train_step(clip, self.optimizers)
        if self.leak == 'logs':
            self.kept.append(logs)
        if self.leak == 'graphs':
            data = self.model.data_preprocessor(clip, True)
            self.model.clip_loss.image_to_text = None
            self.kept.append(self.model(**data, mode='loss')['loss_cls'])

    def kept_bytes(self, length, count):
        """What one iteration leaves behind, graphs included."""

        def run():
            self.step(length, count)
            gc.collect()

        return trace_cpu(run).kept


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_500_iterations_of_growing_clips():
    training, kept = Training(), []
    for i in range(NUM_ITERS):
        kind = (CLIP_LENGTHS[i * len(CLIP_LENGTHS) // NUM_ITERS],
                OBJECTS[i % len(OBJECTS)])
        if i % 50 in (46, 47, 48, 49):  # every number of objects
            kept.append(training.kept_bytes(*kind))
        else:
            training.step(*kind)
    assert kept == [0] * 40


@pytest.mark.parametrize('leak', ['logs', 'graphs'])
def test_a_leak_would_be_seen(leak):
    training = Training(leak)
    training.step(CLIP_LENGTHS[-1], OBJECTS[-1])  # makes the moments
    assert training.kept_bytes(CLIP_LENGTHS[-1], OBJECTS[-1]) > 0


def count_tracks(cap, monkeypatch):
    """Track queries that enter each frame under a spawner gone wild."""
    cfg = tiny_model_cfg()
    cfg.assigner.update(
        track_score_thr=0.0,
        max_track_queries=cap,
        false_positives=dict(score_thr=0.0, min_cap=10**6))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    counts, step = [], model.step
    monkeypatch.setattr(
        model, 'step',
        lambda memory, tracks: counts.append(len(tracks)) or step(
            memory, tracks))
    data = model.data_preprocessor(make_clip(4, 0, num_frames=5), True)
    losses = model.train()(**data, mode='loss')
    assert all(loss.isfinite() for loss in losses.values())
    return counts


def test_track_queries_are_capped(monkeypatch):
    assert count_tracks(500, monkeypatch) == [0, 12, 24, 36, 48]
    assert count_tracks(7, monkeypatch) == [0, 7, 7, 7, 7]
