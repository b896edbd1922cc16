"""Tensors without data take what real ones take."""
import importlib.util
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark.attention_memory import FORMS
from ipmot_mm.benchmark.memory import MemoryProbe
from ipmot_mm.benchmark.simulated_memory import (LiveBytes, MemorySimulation,
                                                 cuda_autocast)
from ipmot_mm.cli import enable_amp

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs/synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'
SIZE = (256, 192)


def read_config(with_book=False):
    cfg = Config.fromfile(CONFIG)
    cfg.model.detector.encoder.num_layers = 3  # else it keeps too little
    if not with_book:  # its own step is not simulated
        cfg.model.track_book = None
        cfg.model.clip_loss.image_to_text = None
    return cfg


def test_live_bytes_follow_storages():
    there = torch.zeros(100)
    with LiveBytes([there]) as live:
        first = there + 1
        view = first[:10]
        view += 1
        assert live.live == live.peak == 400
        del first
        assert live.live == 400  # by its view
        second = there[:50] * 2
        assert live.live == 600
        del view, second
        assert (live.live, live.peak) == (0, 600)
        del there
    assert live.live == 0


@pytest.mark.parametrize('dtype, levels', [
    (None, ('nothing', )),
    (torch.bfloat16, ('nothing', 'encoder, decoder, backbone'))])
def test_peaks_are_those_of_the_allocator(dtype, levels):
    cfg = read_config()
    simulation = MemorySimulation(
        cfg, num_objects=3, dtype=dtype, like_cuda=False)
    if dtype is not None:
        enable_amp(cfg, 'bfloat16')
    probe = MemoryProbe(cfg, num_objects=3)
    standing, expected = simulation.standing(), probe.standing()
    for part in ('weights', 'trained', 'track_book', 'clip'):
        assert standing[part] == expected[part]
    # the real one counts steps, and makes no moments without a gradient
    assert standing['moments'] == pytest.approx(expected['moments'], rel=0.05)
    for level in levels:
        found = simulation.peak(level, 2, SIZE) - standing['total']
        wanted = probe.peak(level, 2, SIZE) - expected['total']
        assert found == pytest.approx(wanted, rel=0.02), level


def test_standing_with_a_track_book():
    simulation = MemorySimulation(read_config(True), num_identities=50)
    expected = MemoryProbe(
        read_config(True), num_objects=3, num_identities=50).standing()
    for part in ('track_book', 'clip'):
        assert simulation.standing()[part] == expected[part] > 0


def test_forms_of_attention():
    peaks = {
        form: MemorySimulation(
            read_config(), dtype=torch.bfloat16,
            attention=form).peak('nothing', 1, SIZE)
        for form in FORMS
    }
    assert peaks['compiled'] < 0.8 * peaks['pytorch']
    assert peaks['fused'] < 0.97 * peaks['compiled']


def test_batch_grows_like_length():
    cfg = read_config()
    cfg.model.detector.encoder.num_layers = 1
    simulation = MemorySimulation(cfg, num_objects=5)
    total = simulation.standing()['total']
    one, two, long = (
        simulation.peak('nothing', *sizes) - total
        for sizes in ((1, SIZE, 1), (1, SIZE, 2), (2, SIZE, 1)))
    assert two == pytest.approx(2 * one, rel=0.1)
    assert two == pytest.approx(long, rel=0.1)


def test_autocast_of_cuda():
    norm, inputs = torch.nn.LayerNorm(4), torch.ones(2, 4).bfloat16()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert inputs.softmax(-1).dtype == torch.bfloat16
        with cuda_autocast():
            assert inputs.softmax(-1).dtype == torch.float32
            assert norm(inputs).dtype == torch.float32
            assert torch.relu(inputs).dtype == torch.bfloat16
    with cuda_autocast():
        assert inputs.softmax(-1).dtype == torch.bfloat16


def run_benchmark(*args):
    """Exit code of the tool."""
    spec = importlib.util.spec_from_file_location(
        'benchmark', ROOT / 'tools/analysis_tools/benchmark.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main([str(arg) for arg in args])


def test_command(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr('ipmot_mm.benchmark.commands.memory.LEVELS',
                        dict(nothing=()))
    report = tmp_path / 'memory.json'
    assert run_benchmark(
        'memory', CONFIG, '--simulate', '--size', '1536x800', '--frames', 1,
        '--batch-size', 1, 128, '--amp', '--attention', 'fused',
        '--num-objects', 2, '--json', report) == 0
    out = capfd.readouterr().out
    found = json.loads(report.read_text())['simulated_memory']
    rows = [line.split() for line in out.splitlines()]
    for peak in found['peaks']:
        assert any(row[-1:] == [f'{peak["size"] / 2**20:.0f}'] for row in rows)
    fitting = [row for row in rows if row[0] == 'nothing'][-1]
    assert fitting[1:4] == ['1', 'x', 'T=1']  # 8 GB
    assert 'bfloat16, fused attention' in out and '(assumed)' in out


def test_command_refuses_what_only_a_simulation_can(capfd):
    assert run_benchmark('memory', CONFIG, '--batch-size', 2) == 2
    assert '--batch-size and --attention need --simulate' in (
        capfd.readouterr().err)
