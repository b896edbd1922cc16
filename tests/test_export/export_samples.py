"""Small trackers, videos in which tracks come and go, and exported files."""
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from ipmot_mm.apis import init_tracker
from ipmot_mm.datasets.synthmot import render_sequence
from ipmot_mm.export.export import describe
from ipmot_mm.export.frame_graph import FrameGraph
from ipmot_mm.export.onnx_tracker import SlotTracker
from ipmot_mm.testing import tiny_model_cfg

ROOT = Path(__file__).resolve().parents[2]
NUM_FRAMES = 50
SIZE = (48, 60)  # height and width; padded to 64 x 64
PIPELINE = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]
FORMS = dict(
    qim=dict(base='ipmot_dab_r50', updater='QueryUpdater', seed=4),
    memory=dict(base='ipmot_dab_r50', updater='MemoryQueryUpdater',
                dedup=None, seed=5),
    plain=dict(base='ipmot_deformable_r50',
               updater='PositionalQueryUpdater', seed=6))
"""Both detectors, all updaters, with and without deduplication."""


def small_tracker(base='ipmot_dab_r50', updater='QueryUpdater', dedup=True,
                  pipeline=PIPELINE, seed=4, **tracker):
    """Random weights with scores around 0.5."""
    torch.manual_seed(seed)
    cfg = tiny_model_cfg(base, num_levels=1, num_queries=6)
    cfg.updater.type = updater
    if dedup is None:
        cfg.dedup = cfg.clip_loss.dedup = None
    cfg.tracker.update(**dict(miss_tolerance=3, min_area=0.0), **tracker)
    model = init_tracker(Config(dict(model=cfg, test_pipeline=pipeline)))
    for branch in model.detector.bbox_head.cls_branches:
        torch.nn.init.normal_(branch.weight, std=1.0)
        torch.nn.init.constant_(branch.bias, 0.5)
    return model


def shipped_tracker(**options):
    return init_tracker(
        ROOT / 'configs' / 'synthmot' /
        'ipmot_dab-small_2xb2-4e_synthmot-street.py',
        ROOT / 'checkpoints' / 'ipmot_small_street.pth',
        cfg_options=options)


def noise(num_frames=NUM_FRAMES, size=SIZE, seed=0):
    random = np.random.default_rng(seed)
    return [
        random.integers(0, random.integers(2, 255), (*size, 3), dtype=np.uint8)
        for _ in range(num_frames)
    ]


def synthmot(num_frames=NUM_FRAMES, seed=1):
    return list(render_sequence('crowd', seed, num_frames).frames)


class GraphTracker(SlotTracker):
    """Runs the graph before it is exported."""

    def __init__(self, model, num_slots):
        graph = FrameGraph(model, SIZE, num_slots)
        state = graph.empty_state()
        report, _ = graph(torch.zeros(*SIZE, 3, dtype=torch.uint8),
                          torch.tensor(SIZE), state)
        super().__init__(
            describe(graph, model, SIZE, report, state),
            {name: value.numpy() for name, value in state.items()})
        self.graph = graph

    def _run(self, image, frame_size, state):
        tensors = {name: torch.from_numpy(state[name]) for name in state}
        with torch.no_grad():
            parts = self.graph(
                torch.from_numpy(image), torch.from_numpy(frame_size),
                tensors)
        return ({name: value.numpy() for name, value in part.items()}
                for part in parts)


def life_of(tracker, frames):
    """Numbers of births after frame 0, of ends before the last frame, and of
    returns after frames without a report."""
    seen = {}
    for number, frame in enumerate(frames):
        for track in tracker.update(frame).instances_id.tolist():
            seen.setdefault(track, []).append(number)
    births = sum(when[0] > 0 for when in seen.values())
    ends = sum(when[-1] < len(frames) - 1 for when in seen.values())
    returns = sum(
        later - earlier > 1 for when in seen.values()
        for earlier, later in zip(when, when[1:]))
    return births, ends, returns
