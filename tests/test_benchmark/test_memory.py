"""The memory benchmark counts what the allocator gives out."""
import importlib.util
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark.memory import (LEVELS, MemoryProbe, count_bytes,
                                       noise_clip, sharding_savings, trace_cpu)

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'
KIB = 2**10


@pytest.fixture(scope='module')
def cfg():
    cfg = Config.fromfile(CONFIG)
    cfg.model.detector.encoder.num_layers = 3  # else it keeps too little
    return cfg


@pytest.fixture(scope='module')
def probe(cfg):
    return MemoryProbe(cfg, num_objects=3, num_identities=50)


def test_peak_is_the_most_at_any_moment():

    def run():
        first = torch.empty(4 * KIB, dtype=torch.uint8)
        second = torch.empty(8 * KIB, dtype=torch.uint8)
        del first
        third = torch.empty(2 * KIB, dtype=torch.uint8)
        del second, third

    assert trace_cpu(run).peak == 12 * KIB
    assert trace_cpu(run).kept == 0
    assert trace_cpu(lambda: None) == (0, 0)
    there = []
    trace = trace_cpu(lambda: there.append(torch.empty(3 * KIB).byte()))
    assert trace == (15 * KIB, 3 * KIB)
    assert trace_cpu(there.clear).kept == -3 * KIB


def test_views_of_a_storage_count_once():
    base = torch.zeros(100)
    assert count_bytes([base, base[10:], torch.zeros(5)]) == 420


def test_standing_parts_are_those_of_the_model(probe):
    standing = probe.standing()
    model = probe.model
    trained = sum(4 * p.numel() for name, p in model.named_parameters()
                  if p.requires_grad and not name.startswith('track_book'))
    assert standing['trained'] == trained
    # two moments, and a step of four bytes for each parameter that had a
    # gradient; a few had none on noise
    assert 0.8 * 2 * trained < standing['moments'] < 2 * trained + 4 * 500
    row = model.track_book.tokens.size(1)
    assert standing['track_book'] == 50 * (3 * row + 1) * 4
    assert standing['clip'] > 4 * 49408 * 64  # its words alone
    assert standing['total'] == sum(
        standing[part] for part in ('weights', 'moments', 'track_book',
                                    'clip'))


def test_peak_grows_with_the_clip_and_falls_with_the_level(probe):
    size = (96, 64)
    total = probe.standing()['total']
    activations = {
        level: [probe.peak(level, length, size) - total for length in (2, 4)]
        for level in ('nothing', 'encoder', 'encoder, decoder, backbone')
    }
    for short, long in activations.values():
        assert 0 < short < long
    long = [values[1] for values in activations.values()]
    assert long[0] > long[1] > long[2]
    assert long[2] < 0.7 * long[0]


def test_levels_switch_exactly_their_parts(probe):
    for parts in LEVELS.values():
        probe.recompute(parts)
        detector = probe.model.detector
        assert detector.encoder.with_cp == ('encoder' in parts)
        assert detector.decoder.with_cp == ('decoder' in parts)
        assert detector.backbone.layer1[0].with_cp == ('backbone' in parts)


def test_noise_is_a_clip_of_the_contract():
    batch = noise_clip(3, (96, 64), 5)
    assert batch['inputs'][0].shape == (3, 3, 64, 96)
    clip, = batch['data_samples']
    assert len(clip) == 3
    bboxes = clip[2].gt_instances.bboxes
    assert (bboxes[:, 2:] > bboxes[:, :2]).all() and len(bboxes) == 5


def test_sharding_saves_a_share_of_what_ranks_hold_alike():
    standing = dict(weights=800, moments=1600, trained=640, clip=80)
    assert sharding_savings(standing, 8) == {
        'moments': 1400, '+ gradients': 1960, '+ weights and CLIP': 2730}


def test_a_config_of_data_is_refused():
    with pytest.raises(ValueError, match='no model to train.*experiment'):
        MemoryProbe(Config(dict(train_dataloader=dict())))


def test_command_prints_the_table(tmp_path, capfd, monkeypatch):
    spec = importlib.util.spec_from_file_location(
        'benchmark', ROOT / 'tools/analysis_tools/benchmark.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr('ipmot_mm.benchmark.commands.memory.LEVELS',
                        dict(nothing=(), encoder=('encoder',)))
    report = tmp_path / 'memory.json'
    assert tool.main([
        'memory', str(CONFIG), '--size', '64x64', '--frames', '2', '--amp',
        '--num-objects', '2', '--json', str(report)]) == 0
    out = capfd.readouterr().out
    found = json.loads(report.read_text())['memory']
    assert found['allocator'] in out and 'T=2' in out and 'bfloat16' in out
    for level in ('nothing', 'encoder'):
        row = next(line for line in out.splitlines()
                   if line.split() and line.split()[0] == level)
        assert row.split()[1] == f'{found["peaks"][level]["2"] / 2**20:.0f}'
    assert 'Sharded over 8 ranks would save' in out
    with pytest.raises(SystemExit):
        tool.main(['memory', str(CONFIG), '--size', '64'])
    assert 'expected WIDTHxHEIGHT' in capfd.readouterr().err
