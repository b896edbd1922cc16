"""Rows of the comparison, what it compares and what it refuses."""
import argparse
import json
import os
import subprocess
import sys

import pytest
import torch

from ipmot_mm.benchmark import attention_speed, kernel_report
from ipmot_mm.benchmark.commands import attention
from ipmot_mm.ops.deformable_attention import deformable_attention

SIZE = attention_speed.Size(2, ((5, 7), (3, 2)), 0, 2, 8)
CPU = torch.device('cpu')


def measure():
    return attention_speed.measure_attention(
        SIZE, CPU, num_rounds=1, num_calls=1, clock='cpu')


def test_rows_and_numbers():
    rows = measure()
    assert list(rows) == ["mmcv's function float32", 'torch float32']
    for row in rows.values():
        assert row['error'] < 1e-5 and 0 < row['forward'] < row['both']


def test_a_wrong_rival_is_not_timed(monkeypatch):
    wrong = attention_speed.Rival(
        lambda *args: 1.001 * deformable_attention(*args), torch.float32)
    monkeypatch.setattr(attention_speed, 'find_rivals',
                        lambda *args: dict(wrong=wrong))
    with pytest.raises(RuntimeError, match='wrong differs from float64 by'):
        measure()


def test_encoder_samples_near_the_own_position():
    value, shapes, references, offsets, _ = attention_speed.make_inputs(
        SIZE, CPU, 0)
    assert value.shape == (2, 41, 2, 8) and offsets.shape == (2, 41, 2, 2, 4,
                                                              2)
    assert references[0, 0, 1].tolist() == pytest.approx([0.5 / 7, 0.5 / 5])
    assert offsets.std().item() == pytest.approx(2.0, rel=0.1)


def test_unknown_sizes_are_refused():
    args = attention_arguments('--sizes', 'huge', '--device', 'cpu')
    with pytest.raises(ValueError, match='--sizes must be of encoder, .*huge'):
        attention.run(args)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_a_missing_gpu_is_said():
    with pytest.raises(ValueError, match='--device cuda needs a GPU'):
        attention.run(attention_arguments('--device', 'cuda'))


def test_command_prints_a_table(monkeypatch):
    printed = []
    monkeypatch.setattr(attention, 'print_log', printed.append)
    monkeypatch.setitem(attention_speed.SIZES['cpu'], 'encoder', SIZE)
    result = attention.run(
        attention_arguments('--sizes', 'encoder', '--num-rounds', '1',
                            '--device', 'cpu'))
    assert 'torch float32' in printed[0] and '1.00x' in printed[0]
    json.dumps(result)
    assert result['attention']['encoder']['size']['num_frames'] == 2


def attention_arguments(*argv):
    parser = argparse.ArgumentParser()
    attention.add_arguments(parser)
    return parser.parse_args(argv)


def test_kernels_compile_without_spills():
    """For sm_90, in a process that does not interpret; one level of 4."""
    pytest.importorskip('triton', reason='triton is not installed')
    code = ('import json; from ipmot_mm.benchmark.kernel_report import *; '
            'print(json.dumps(report_kernels(shapes=FULL[:1])))')
    env = {k: v for k, v in os.environ.items() if k != 'TRITON_INTERPRET'}
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                          env=env,
                          capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 4
    for name, row in found.items():
        assert row['spills'] == 0 and row['stack'] == 0, name
        assert 'floor_us' not in row  # is one of all four levels
        assert row['wide_atomics'] == row['atomics'], name
        # 4 samples x 4 corners, at 16 bytes: one load of bfloat16, two else
        assert row['wide_loads'] >= 16 * (1 if 'bf16' in name else 2), name
    # a quarter of the same count of deformops 3.0.1 with float32 sums
    assert found['forward bf16']['issue_us'] < 103 / 4
    assert found['backward bf16']['issue_us'] < 264 / 4


def test_interpreted_kernels_have_no_report(monkeypatch):
    pytest.importorskip('triton', reason='triton is not installed')
    from ipmot_mm.ops.deformable_attention import triton_op
    monkeypatch.setattr(triton_op, 'runs_on_cpu', lambda: True)
    with pytest.raises(ValueError, match='TRITON_INTERPRET=1 forbids'):
        kernel_report.report_kernels()


def test_unknown_architectures_are_refused(monkeypatch):
    triton = pytest.importorskip('triton', reason='triton is not installed')
    from triton.runtime.errors import PTXASError

    from ipmot_mm.ops.deformable_attention import triton_op
    monkeypatch.setattr(triton_op, 'runs_on_cpu', lambda: False)
    monkeypatch.setattr('triton.compiler.ASTSource', lambda **kwargs: None)

    def fail(*args, **kwargs):
        raise PTXASError('sm_10 is not defined')

    monkeypatch.setattr(triton, 'compile', fail)
    with pytest.raises(ValueError, match='does not compile for compute '
                                         'capability 10; give'):
        kernel_report.report_kernels(10)
