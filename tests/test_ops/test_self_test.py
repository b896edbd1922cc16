"""Kernels are tried before they are taken."""
import pytest
import torch

from ipmot_mm.ops.deformable_attention import self_test
from ipmot_mm.ops.deformable_attention.backends import (attend_mmcv,
                                                        attend_torch,
                                                        attend_triton)

CPU = torch.device('cpu')


@pytest.fixture
def printed(monkeypatch):
    texts = []
    monkeypatch.setattr(self_test, 'print_log',
                        lambda text, **kwargs: texts.append(text))
    return texts


class WrongGradient(torch.autograd.Function):

    @staticmethod
    def forward(ctx, tensor):
        return tensor.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * 1.1


def raises(*args):
    raise RuntimeError('ptxas failed\nwith a long story')


@pytest.mark.parametrize('attend, reason', [
    (lambda *args: attend_torch(*args) * 1.01, 'differ from PyTorch by 1.0e'),
    (lambda *args: attend_torch(*args) * torch.nan, 'differ from PyTorch by'),
    (lambda value, *args: attend_torch(WrongGradient.apply(value), *args),
     'differ from PyTorch by 1.0e-01'),
    (lambda value, shapes, references, *args: attend_torch(
        value, shapes, references.detach(), *args), 'RuntimeError: '),
    (raises, 'RuntimeError: ptxas failed'),
])  # yapf: disable
def test_what_is_wrong_is_refused_and_named(attend, reason, printed):
    assert not self_test.agrees_with_torch('mine', attend, CPU, torch.float32,
                                           (2, 8), (1, 2))
    assert printed[0].startswith("Backend 'mine' of deformable attention is")
    assert reason in printed[0] and 'story' not in printed[0]


def test_a_digit_of_a_half_type_is_allowed(printed):

    def attend(*args):
        return attend_torch(*args) * 1.01

    key = (torch.bfloat16, (2, 8), (1, 2))
    assert self_test.agrees_with_torch('mine', attend, CPU, *key)
    assert not printed


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_our_kernels_agree(triton_op, kernel_device, dtype):
    assert self_test.agrees_with_torch('triton', attend_triton, kernel_device,
                                       dtype, (1, 8), (1, 2))


def test_the_op_of_mmcv_agrees():
    """Where it is not compiled, its stand-in."""
    assert self_test.agrees_with_torch('mmcv', attend_mmcv, CPU,
                                       torch.float32, (2, 8), (2, 3))


def test_runs_in_inference_mode_and_draws_nothing():
    state = torch.get_rng_state()
    with torch.inference_mode():
        assert self_test.greatest_difference(
            attend_torch, CPU, torch.float32, (2, 8), (2, 3)) == 0
    assert torch.equal(torch.get_rng_state(), state)


def test_the_reference_needs_no_gpu(monkeypatch):
    """Where gradients of its sampling would be refused: deterministic."""
    devices = []

    def reference(value, *args):
        devices.append(value.device.type)
        return attend_torch(value, *args)

    monkeypatch.setattr(self_test, 'attend_torch', reference)
    with pytest.raises(NotImplementedError):  # meta tensors have no values
        self_test.greatest_difference(attend_torch, torch.device('meta'),
                                      torch.float32, (2, 8), (1, 2))
    assert devices == ['cpu']
