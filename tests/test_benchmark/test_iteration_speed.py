"""The benchmark of training compares equal work."""
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark.iteration_speed import IterationBench
from ipmot_mm.testing import tiny_model_cfg

ROOT = Path(__file__).parents[2]
SCHEDULE = ROOT / 'configs/_base_/schedules/schedule_8e_tiny.py'


@pytest.fixture
def bench():
    cfg = Config.fromfile(SCHEDULE)
    cfg.model = tiny_model_cfg(with_track_book=True)
    return IterationBench(cfg, (96, 64), 3, 4)


def test_both_loops_give_one_loss_and_follow_all_objects(bench):
    assert bench.difference() < 1e-4
    losses = bench.losses()['ours']()
    assert not any('triplet' in name or 'i2tce' in name for name in losses)


def test_both_iterations_train(bench):
    name, weight = next(
        (name, weight) for name, weight in bench.model.named_parameters()
        if 'cls_branches' in name)
    for run in bench.iterations().values():
        before = weight.detach().clone()
        run()
        assert not torch.equal(before, weight), name


def test_other_losses_are_not_timed(bench, monkeypatch):
    ours = bench.losses()['ours']()
    monkeypatch.setattr(bench, 'losses', lambda: dict(
        ours=lambda: ours, memotr=lambda: {**ours, 'loss_cls': ours[
            'loss_cls'] + 0.1 * (1 + ours['loss_cls'])}))
    with pytest.raises(RuntimeError, match='differ by 0.1'):
        bench.difference()


def test_counts_are_those_of_the_criterion(bench):
    found = bench.criterion_counts()
    assert found['memotr']['kernels'] > 3 * found['ours']['kernels'] > 0
    assert found['memotr']['syncs'] > found['ours']['syncs']


def test_a_config_without_optimisers_is_refused():
    with pytest.raises(ValueError, match='no optim_wrapper to train with'):
        IterationBench(Config(dict(model=tiny_model_cfg())), (96, 64), 2, 2)


def test_a_frame_is_matched_with_one_wait_for_all_six_layers():
    cfg = Config.fromfile(SCHEDULE)
    cfg.model = tiny_model_cfg(num_layers=6)
    ours = [
        IterationBench(cfg, (96, 64), 3, count).criterion_counts()['ours']
        for count in (2, 8)
    ]
    for found in ours:
        assert found['syncs'] <= 1 and found['kernels'] <= 150
    assert ours[0]['kernels'] == ours[1]['kernels']
